"""Anchors are believed for their signatures, their chain and the bodies they name, and for nothing else."""

import base64
import json
from pathlib import Path

import msgspec
import pytest

from edge_node.base.clock import ClockQuality
from edge_node.base.ids import StreamName, VaultId
from edge_node.client import AnchorEntry, AnchorList, Proof, ProofBroken, verify_anchor, verify_chain, verify_removed
from edge_node.trust.retention_anchor import RemovedBody, digest_bodies
from edge_node.trust.signed_event import format_event_header, sign_event
from edge_node.trust.signing_key import SigningKey
from edge_node.wire.cid import format_cid, raw_piece_cid

FILE = json.loads((Path(__file__).parents[1] / "vectors/trust/retention_anchor.json").read_text())
DEVICE = SigningKey.from_seed(b"\x02" * 32)


def entry_of(number: int, envelope: str | None = None, first: int | None = None) -> AnchorEntry:
    vector = FILE["vectors"][number - 1]
    first = json.loads(vector["payload"])["first"] if first is None else first
    raw = vector["envelope"] if envelope is None else envelope
    return AnchorEntry(number, first, msgspec.Raw(raw.encode()), msgspec.Raw(FILE["certificate"].encode()))


def answer_of(*entries: AnchorEntry, stream: str = "site/temperature") -> AnchorList:
    return AnchorList(stream, FILE["node_key_hex"], entries[-1].first, list(entries), 3, 3)


def test_anchors_of_one_stream_hold_and_say_who_vouched() -> None:
    """The node's key is told, for the reader to compare."""
    answer = answer_of(entry_of(1), entry_of(2))
    verified = [verify_anchor(entry) for entry in answer.anchors]
    verify_chain(answer, verified)
    assert {one.node.hex() for one in verified} == {FILE["node_key_hex"]}


@pytest.mark.parametrize("case", FILE["refused"], ids=lambda case: case["why"])
def test_what_is_no_anchor_is_not_believed(case) -> None:
    """Whatever the node sends beside its own number."""
    with pytest.raises(ProofBroken):
        verify_anchor(entry_of(2, case["envelope"]))


@pytest.mark.parametrize("broken", ["null", "{}", "[]"])
def test_a_damaged_copy_is_named(broken) -> None:
    """The node gives null where its record is lost; the reader says which."""
    with pytest.raises(ProofBroken, match="anchor 1"):
        verify_anchor(entry_of(1, broken))


def test_a_list_that_lies_about_its_anchors_is_not_believed() -> None:
    """Another number, another end, another order, another stream."""
    with pytest.raises(ProofBroken):
        verify_anchor(entry_of(1, first=5))
    verified = [verify_anchor(entry_of(number)) for number in (1, 2)]
    with pytest.raises(ProofBroken):
        verify_chain(answer_of(entry_of(1), entry_of(2)), verified[::-1])
    with pytest.raises(ProofBroken):
        verify_chain(answer_of(entry_of(1), stream="site/b"), verified[:1])


def proof(first_offset: int, seq: int, body: bytes = b'{"a":1}') -> Proof:
    header = sign_event(
        DEVICE, audience=VaultId(bytes(32)), stream=StreamName("s"), content_type="application/json", seq=seq, t_ms=7,
        quality=ClockQuality.NETWORK, body=body,
    )  # fmt: skip
    cid = format_cid(raw_piece_cid(body))
    text = base64.b64encode(body).decode()
    return Proof(cid, first_offset, 1, format_event_header(header), header.content_type, text)


def test_who_kept_the_bodies_can_show_that_they_were_there() -> None:
    """All of an anchor's bodies give its digest; fewer say nothing, others are not them."""
    anchor = verify_anchor(entry_of(1)).anchor
    bodies = [RemovedBody(n, 1, raw_piece_cid(b'{"a":1}'), DEVICE.public, n + 1, 7) for n in (0, 1)]
    anchor = msgspec.structs.replace(
        anchor, first=2, bodies=2, bodies_digest=digest_bodies(anchor.vault, anchor.stream, bodies)
    )
    held = [proof(1, 2), proof(0, 1), proof(2, 3)]
    assert verify_removed(anchor, held) is True
    assert verify_removed(anchor, held[1:]) is None
    assert verify_removed(anchor, [proof(0, 1), proof(1, 5)]) is False
