"""What the operator should know of the chain: its state in a word and a tone, why it matters, what to do (pure)."""

from collections.abc import Iterator

from tui.alerts import Alert
from tui.lines import Tone
from tui.models_chain import Chain, Endpoint

STATE_TONES = {
    "off": Tone.IDLE, "loading": Tone.IDLE, "clock-check": Tone.IDLE, "probing": Tone.IDLE, "warping": Tone.IDLE,
    "cross-check": Tone.IDLE, "following": Tone.OK, "stalled": Tone.WARN, "degraded": Tone.WARN,
    "no-anchor": Tone.WARN, "needs-checkpoint": Tone.BAD, "halted": Tone.BAD,
}  # fmt: skip
VERDICT_TONES = {
    "usable": Tone.OK, "untried": Tone.IDLE, "behind": Tone.WARN, "silent": Tone.WARN, "unreachable": Tone.WARN,
    "banned": Tone.BAD,
}  # fmt: skip
# Where the node says no more: what is to be done in this state at all.
REMEDIES = {
    "no-anchor": "Give a checkpoint: 2, then i.",
    "stalled": "See which endpoints are silent: 2. It goes on by itself when one answers.",
    "degraded": "Name endpoints of another group in chain.endpoints.",
    "needs-checkpoint": "Give a newer checkpoint: 2, then i.",
    "halted": "Write nothing. Keep chain.db, send a bundle, ask those who sign the checkpoints.",
}
PROVISIONAL_REMEDY = "Give a checkpoint (2, i), or compare a hash with people you trust and confirm it (2, c)."


def state_tone(state: str) -> Tone:
    """How grave a state is; one of a newer node is worth a look."""
    return STATE_TONES.get(state, Tone.WARN)


def verdict_tone(endpoint: Endpoint) -> Tone:
    """How an endpoint is."""
    return VERDICT_TONES.get(endpoint.verdict, Tone.WARN)


def alerts_of_chain(chain: Chain) -> list[Alert]:
    """Everything about the chain that is not as it should be."""
    return [*_of_state(chain), *_of_provisional(chain), *_of_endpoints(chain)]


def _of_state(chain: Chain) -> Iterator[Alert]:
    tone = state_tone(chain.state)
    if chain.state and tone in {Tone.WARN, Tone.BAD}:
        todo = chain.remedy or REMEDIES.get(chain.state, "See the Chain screen: 2.")
        yield Alert(f"chain.{chain.state}", tone, f"chain is {chain.state.upper()}", chain.reason, todo)


def _of_provisional(chain: Chain) -> Iterator[Alert]:
    if chain.provisional:
        yield Alert(
            "chain.provisional", Tone.WARN, "chain is PROVISIONAL", f"{chain.provisional} Nothing is written to it.",
            PROVISIONAL_REMEDY,
        )  # fmt: skip


def _of_endpoints(chain: Chain) -> Iterator[Alert]:
    for one in chain.endpoints:
        if one.verdict == "banned":
            yield Alert(
                f"chain.endpoint.{one.url}", Tone.WARN, f"endpoint {one.group or one.url} is banned",
                one.reason, "It is asked again by itself. If it lies again, take it out of chain.endpoints.",
            )  # fmt: skip
