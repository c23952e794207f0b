"""The light client's states as data: what leads from one to which, and the words each is told in."""

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from edge_node.base.errors import LocalError
from edge_node.base.ids import Hash256, shorten
from edge_node.chain_light.errors import ChainError
from edge_node.chain_light.source_errors import place_of, tamed
from edge_node.chain_light.status import ChainState, EndpointStatus

_S = ChainState
# Once it runs, these are the states that follow from what is found, in any order.
_RUNNING: Final = frozenset({_S.FOLLOWING, _S.STALLED, _S.DEGRADED, _S.NEEDS_CHECKPOINT})
# A clock that jumped, a hand-off that is due, a checkpoint that came, and a contradiction may meet each of them.
_ANY_TIME: Final = frozenset({_S.CLOCK_CHECK, _S.WARPING, _S.CROSS_CHECK, _S.HALTED})

LEADS_TO: Final[Mapping[ChainState, frozenset[ChainState]]] = {
    _S.LOADING: frozenset({_S.NO_ANCHOR, _S.CLOCK_CHECK, _S.HALTED}),
    _S.NO_ANCHOR: frozenset({_S.CLOCK_CHECK}),
    _S.CLOCK_CHECK: frozenset({_S.PROBING, _S.HALTED}),
    _S.PROBING: frozenset({_S.WARPING, _S.CROSS_CHECK, _S.CLOCK_CHECK, _S.STALLED, _S.HALTED}),
    _S.WARPING: _RUNNING | _ANY_TIME,
    _S.CROSS_CHECK: _RUNNING | _ANY_TIME,
    **dict.fromkeys(_RUNNING, _RUNNING | _ANY_TIME),
    _S.HALTED: frozenset({_S.CLOCK_CHECK}),
}
"""From each state to those that may follow it; a state may always be told anew with another reason."""

WRITES: Final = frozenset({_S.FOLLOWING})
"""Where extrinsics may be sent: everywhere else the client cannot say that it sees the chain as it is."""

_REASON_MAX: Final = 600


class NoSuchTurn(ChainError, LocalError):
    """The client was to go from one state to another that does not follow it."""

    slug = "no-such-turn"

    def __init__(self, before: ChainState, after: ChainState) -> None:
        self.before, self.after = before, after
        super().__init__(f"{after} does not follow {before}")


class Stage(NamedTuple):
    """A state and why it is this one; what a person can do about it, empty where there is nothing to do."""

    state: ChainState
    reason: str
    remedy: str = ""


def turned(before: Stage, after: Stage) -> Stage:
    """The next stage; NoSuchTurn unless it may follow, LocalError when it has no reason."""
    if not after.reason:
        raise LocalError(f"{after.state} without a reason")
    if after.state != before.state and after.state not in LEADS_TO[before.state]:
        raise NoSuchTurn(before.state, after.state)
    return after._replace(reason=after.reason[:_REASON_MAX], remedy=after.remedy[:_REASON_MAX])


def loading() -> Stage:
    """At the start."""
    return Stage(_S.LOADING, "what was proved before is read from the disk and proved once more")


def no_anchor(network: str, found: str) -> Stage:
    """Nothing to begin from; `found` is what else was wrong, such as rows that are damaged."""
    return Stage(
        _S.NO_ANCHOR,
        f"no checkpoint of {network} was given{f' ({found})' if found else ''}",
        "Import a checkpoint of this network, signed by the release keys or by your cold key: a file, a USB stick or "
        "its QR texts (docs/specs/checkpoint.md).",
    )


def clock_check(why: str) -> Stage:
    """Before the chain is asked, and again whenever the clock jumps."""
    return Stage(_S.CLOCK_CHECK, why)


def probing(endpoints: Iterable[EndpointStatus]) -> Stage:
    """No endpoint can be used yet."""
    return Stage(_S.PROBING, f"endpoints are tried: {told(endpoints)}", ENDPOINT_REMEDY)


def warping(at: int, goal: int, set_id: int) -> Stage:
    """Hand-offs are followed; how far."""
    return Stage(_S.WARPING, f"proved up to block {at} of {max(at, goal)}, in set {set_id}")


def cross_check(why: str) -> Stage:
    """The chain's own state and other endpoints are asked."""
    return Stage(_S.CROSS_CHECK, why)


def following(number: int, groups: int) -> Stage:
    """As it should be."""
    asked = "one group of endpoints is" if groups == 1 else f"{groups} groups of endpoints are"
    return Stage(_S.FOLLOWING, f"block {number} is proved final, {asked} asked")


def degraded(why: str, remedy: str) -> Stage:
    """What is read is proved, and something that would make it surer is lacking."""
    return Stage(_S.DEGRADED, why, remedy)


def forced(number: int, delay: int) -> Stage:
    """A forced change is on our chain."""
    return Stage(
        _S.NEEDS_CHECKPOINT,
        f"block {number - delay} forces another set of authorities from block {number} on, which no proof leads to",
        CHECKPOINT_REMEDY,
    )


def without_progress(groups: Iterable[str], minutes: int, last_fault: str) -> Stage:
    """Several groups say that there is more, and nothing they prove leads on from here."""
    named = ", ".join(sorted(groups))
    why = f"; the last proof: {tamed(last_fault)}" if last_fault else ""
    return Stage(
        _S.NEEDS_CHECKPOINT,
        f"for {minutes} minutes no proof has led on, though {named} say that later blocks are final{why}",
        CHECKPOINT_REMEDY,
    )


def halted(why: str) -> Stage:
    """Two truths that exclude each other."""
    return Stage(
        _S.HALTED,
        why,
        "Do not act on this chain. Ask its operators what happened; then import a newer signed checkpoint. The "
        "evidence is kept (`edge-node bundle`).",
    )


def told(endpoints: Iterable[EndpointStatus]) -> str:
    """Each endpoint with its verdict, in a line."""
    words = [f"{place_of(one.url)} {one.verdict}{f' ({tamed(one.reason)})' if one.reason else ''}" for one in endpoints]
    return "; ".join(words) or "there is none"


def conflict_words(number: int, ours: Hash256, other: Hash256) -> str:
    """What conflicting finality is told as."""
    return f"block {number} was finalized twice, as {shorten(ours)} and as {shorten(other)}"


ENDPOINT_REMEDY: Final = "Look at the network between and at who runs the endpoints; add one of another operator."
CHECKPOINT_REMEDY: Final = (
    "Import a newer signed checkpoint. The node keeps trying, and any proof that leads on ends this by itself."
)
