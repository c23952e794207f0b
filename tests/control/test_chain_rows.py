"""The chain's document: every field of the specification, of a node that follows one and of one that does not."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec

from edge_node.base.ids import Hash256
from edge_node.chain_light.checkpoint_payload import Checkpoint
from edge_node.chain_light.pending_changes import PendingChange, PendingChanges
from edge_node.chain_light.status import ChainState, ChainStatus, EndpointStatus, FinalBlock, RuntimeStatus, Verdict
from edge_node.control.chain_rows import OFF, anchor_document, chain_document, chain_pulse
from edge_node.control.payload import Standing, encode_for
from tests.chain_light.electorate import electorate, genesis

SPEC = (Path(__file__).parents[2] / "docs/specs/control.md").read_text()

BLOCK = FinalBlock(
    number=120, hash=Hash256(b"h" * 32), state_root=Hash256(b"r" * 32), set_id=3, voters=4, slot_ms=None, verified_ms=9
)
ENDPOINT = EndpointStatus(
    url="ws://127.0.0.1:9944", group="here", verdict=Verdict.USABLE, reason="", finalized=120, best=121,
    latency_ms=1.2345, asked=7, refused=1, leads=True, banned_until_ms=None,
)  # fmt: skip
STATUS = ChainStatus(
    network="dev", genesis=Hash256(b"g" * 32), state=ChainState.FOLLOWING, reason="it grows", remedy="", since_ms=1,
    finalized=BLOCK, age_ms=3, best=121, provisional="", writes=True,
    runtime=RuntimeStatus(73_006, Hash256(b"c" * 32), Hash256(b"m" * 32), ""), endpoints=(ENDPOINT,),
    history=((5, 119), (9, 120)), hand_offs=2, proofs=11, refused=1,
)  # fmt: skip


def promised() -> dict[str, Any]:
    """The example of the specification."""
    text = re.search(r"## GET /v1/chain\n.*?```json\n(.*?)```", SPEC, re.DOTALL)
    assert text is not None
    example: dict[str, Any] = msgspec.json.decode(text[1])
    return example


def test_the_document_has_the_fields_of_the_specification() -> None:
    """All of them, at every depth, and nothing else; in the same order."""
    document, example = chain_document(STATUS), promised()
    assert list(document) == list(example)
    assert list(document["finalized"]) == list(example["finalized"])
    assert list(document["runtime"]) == list(example["runtime"])
    assert list(document["endpoints"][0]) == list(example["endpoints"][0])


def test_the_values_are_those_of_the_status() -> None:
    """Hashes in hex, states in their words, history as pairs."""
    document = chain_document(STATUS)
    assert (document["genesis"], document["state"]) == ("67" * 32, "following")
    assert document["finalized"]["hash"] == "68" * 32
    assert document["finalized"]["slot_ms"] is None
    assert document["endpoints"][0]["latency_ms"] == 1.2
    assert (document["history"], document["verified"]) == ([[5, 119], [9, 120]], 11)
    bare = chain_document(replace(STATUS, genesis=None, finalized=None, age_ms=None, endpoints=()))
    assert (bare["genesis"], bare["finalized"], bare["age_ms"], bare["endpoints"]) == (None, None, None, [])


def test_a_node_without_a_network_says_so_with_the_same_fields() -> None:
    """And what to do about it."""
    document = chain_document(None)
    assert list(document) == list(chain_document(STATUS))
    assert (document["network"], document["state"], document["writes"]) == (None, OFF, False)
    assert "chain.network" in document["remedy"]
    assert document["reason"]


def test_viewers_see_all_of_it() -> None:
    """No field is called like one that is taken out for them."""
    for status in (STATUS, None):
        document = chain_document(status)
        assert encode_for(Standing.VIEWER, document) == encode_for(Standing.OPERATOR, document)


def test_age_alone_is_no_news() -> None:
    """A feed that told it four times a second would tell nothing."""
    first = chain_pulse(chain_document(STATUS))
    assert chain_pulse(chain_document(replace(STATUS, age_ms=4))) == first
    assert chain_pulse(chain_document(replace(STATUS, best=122))) != first


def test_every_state_is_named_in_the_specification() -> None:
    """Each is one word of the list."""
    for state in ChainState:
        assert re.search(rf"[ `]{state}[ `]", SPEC), state
    for verdict in Verdict:
        assert re.search(rf"[ `]{verdict}[ `]", SPEC), verdict


def test_an_anchor_is_a_checkpoints_payload_without_times() -> None:
    """So that what is signed elsewhere is what this node proved."""
    anchor = replace(genesis(), pending=PendingChanges((PendingChange(9, electorate(2)),)))
    draft = Checkpoint(genesis=anchor.hash, anchor=anchor, issued_ms=1, expires_ms=2, counter=3)
    times = {"issued": 1, "expires": 2, "counter": 3}
    assert {**anchor_document(anchor.hash, anchor), **times} == draft.to_payload()
