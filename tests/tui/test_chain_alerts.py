"""What the operator is told to do about the chain."""

import msgspec
import pytest

from edge_node.chain_light.status import ChainState, Verdict
from tests.tui import scene
from tui.chain_alerts import STATE_TONES, VERDICT_TONES, alerts_of_chain, state_tone
from tui.lines import Tone
from tui.models_chain import Chain, Endpoint


def chain(kind: str, **changes: object) -> Chain:
    return msgspec.convert({**scene.chain(kind), "endpoints": [], **changes}, Chain)


@pytest.mark.parametrize(
    ("kind", "tone"),
    [
        ("stalled", Tone.WARN),
        ("no-anchor", Tone.WARN),
        ("needs-checkpoint", Tone.BAD),
        ("degraded", Tone.WARN),
        ("halted", Tone.BAD),
    ],
)
def test_a_state_that_needs_somebody_is_an_alert(kind: str, tone: Tone) -> None:
    """With the node's reason, and what to do whether the node says so or not."""
    document = scene.CHAINS.get(kind, (kind, "one group of endpoints", ""))
    for remedy in (document[2], ""):
        base = chain("following", state=kind, reason=document[1], remedy=remedy)
        [alert] = alerts_of_chain(base)
        assert (alert.name, alert.tone, alert.what) == (f"chain.{kind}", tone, f"chain is {kind.upper()}")
        assert alert.why == document[1]
        assert alert.todo
        assert not remedy or alert.todo == remedy


@pytest.mark.parametrize("kind", ["following", "off", "warping"])
def test_a_chain_that_is_well_off_or_on_its_way_asks_for_nothing(kind: str) -> None:
    """No alert is ever part of the furniture."""
    assert alerts_of_chain(chain(kind)) == []
    assert alerts_of_chain(Chain()) == []


def test_what_is_provisional_says_how_to_end_it() -> None:
    """Beside the state, which may be well."""
    [alert] = alerts_of_chain(chain("following", provisional="asleep for 5 days.", writes=False))
    assert alert.what == "chain is PROVISIONAL"
    assert "Nothing is written" in alert.why
    assert "checkpoint" in alert.todo


def test_an_endpoint_that_lied_is_named() -> None:
    """By its group, which people know; one that is only silent is the network's matter."""
    rows = [{"url": "ws://a", "group": "own", "verdict": verdict, "reason": "why"} for verdict in ("banned", "silent")]
    [alert] = alerts_of_chain(chain("following", endpoints=rows))
    assert (alert.what, alert.why, alert.tone) == ("endpoint own is banned", "why", Tone.WARN)


def test_every_word_the_node_knows_has_its_tone() -> None:
    """And one that only a newer node knows is worth a look."""
    assert set(STATE_TONES) == {"off", *map(str, ChainState)}
    assert set(VERDICT_TONES) == set(map(str, Verdict))
    assert state_tone("of-tomorrow") is Tone.WARN
    assert alerts_of_chain(chain("following", state="of-tomorrow"))[0].todo
    assert Endpoint().behind is None
