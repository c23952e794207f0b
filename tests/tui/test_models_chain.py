"""The chain's document as the screens take it."""

import msgspec
import pytest

from edge_node.base.ids import Hash256
from edge_node.chain_light.status import ChainState, ChainStatus, EndpointStatus, FinalBlock, RuntimeStatus, Verdict
from edge_node.control.chain_rows import chain_document
from tests.tui import scene
from tui.models_chain import Chain

HASH = Hash256(bytes(range(32)))
STATUS = ChainStatus(
    network="dev", genesis=HASH, state=ChainState.FOLLOWING, reason="finality goes on", remedy="", since_ms=5,
    finalized=FinalBlock(
        number=7, hash=HASH, state_root=HASH, set_id=2, voters=4, slot_ms=1_000, verified_ms=1_400
    ),
    age_ms=900, best=8, provisional="", writes=True, runtime=RuntimeStatus(73_006, HASH, HASH, ""),
    endpoints=(
        EndpointStatus(
            url="ws://127.0.0.1:9944", group="here", verdict=Verdict.USABLE, reason="answers", finalized=7, best=8,
            latency_ms=1.2, asked=3, refused=1, leads=True, banned_until_ms=None,
        ),
    ),
    history=((1_400, 7),), hand_offs=1, proofs=2, refused=1,
)  # fmt: skip


def test_what_the_node_says_is_understood() -> None:
    """Every field of the node's own document has its place here, under its own name."""
    document = msgspec.json.decode(msgspec.json.encode(chain_document(STATUS)))
    chain = msgspec.convert(document, Chain)
    assert (chain.state, chain.finalized.number, chain.finalized.voters, chain.verified) == ("following", 7, 4, 2)
    assert (chain.endpoints[0].group, chain.endpoints[0].leads, chain.history) == ("here", True, [(1_400, 7)])
    known = set(chain.__struct_fields__)
    assert set(document) - {"age_ms"} == known
    assert set(document["endpoints"][0]) == set(chain.endpoints[0].__struct_fields__) - {"behind"}
    assert set(document["finalized"]) == set(chain.finalized.__struct_fields__)
    assert set(scene.chain()) == set(document)


def test_a_chain_that_is_off_is_understood() -> None:
    """With `null` where there is nothing to tell."""
    chain = msgspec.convert(chain_document(None), Chain)
    assert chain.off
    assert chain.age_ms(5) is None


def test_the_age_is_reckoned_from_the_times_beside_it() -> None:
    """By the slot's time; never below zero, and never below what went by since it was proved, whatever a slot says."""
    chain = msgspec.convert(chain_document(STATUS), Chain)
    assert (chain.age_ms(2_500), chain.age_ms(0)) == (1_500, 0)
    ahead = msgspec.structs.replace(chain, finalized=msgspec.structs.replace(chain.finalized, slot_ms=9_000))
    assert ahead.age_ms(2_500) == 1_100


@pytest.mark.parametrize("changes", [{"history": [[1]]}, {"endpoints": [5]}, {"finalized": {"number": "x"}}])
def test_a_shape_that_is_none_is_refused(changes: dict[str, object]) -> None:
    """As of every other document."""
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({**scene.chain(), **changes}, Chain)
