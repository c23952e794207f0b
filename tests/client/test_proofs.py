"""Offline verification: every lie a page can tell is found."""

import base64
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from edge_node.base.clock import ClockQuality
from edge_node.base.ids import StreamName, VaultId
from edge_node.client.errors import ProofBroken
from edge_node.client.models import Page
from edge_node.client.proofs import verify_body, verify_page, verify_proof
from edge_node.trust.keys import SigningKey
from edge_node.trust.signed_event import format_event_header, sign_event
from edge_node.wire.cid import format_cid, raw_piece_cid
from tests.client.rig import TinyNode

KEY, OTHER = SigningKey.from_seed(b"k" * 32), SigningKey.from_seed(b"o" * 32)
LINES = b'{"a":1}\n{"a":2}\n{"a":3}\n'


def signed(node: TinyNode, body: bytes, seq: int, content_type: str = "application/x-ndjson") -> tuple[str, str, bytes]:
    header = sign_event(
        KEY, audience=VaultId(node.key.public), stream=StreamName("s"), content_type=content_type, seq=seq, t_ms=7,
        quality=ClockQuality.MANUAL, body=body,
    )  # fmt: skip
    return format_event_header(header), content_type, body


@pytest.fixture
def page() -> dict[str, Any]:
    """A page of two whole bodies and a part of a third, as JSON values."""
    node = TinyNode()
    node.post(*signed(node, LINES, 2**60))
    node.post(*signed(node, b"\x00\x01", 2**60 + 1, "application/octet-stream"))
    node.post(*signed(node, LINES, 2**60 + 2))
    value: dict[str, Any] = msgspec.json.decode(node.page("s", 1, 5, proof=True))
    return value


def raw(page: dict[str, Any]) -> Page:
    return msgspec.json.decode(msgspec.json.encode(page), type=Page, strict=False)


def test_an_honest_page_holds(page: dict[str, Any]) -> None:
    """Every body is returned with its signed header and its events."""
    bodies = verify_page(raw(page))
    assert [len(body.items) for body in bodies] == [3, 1, 3]
    assert {body.header.key for body in bodies} == {KEY.public}
    assert bodies[0].items[1] == b'{"a":2}'


def _flip_body(page: dict[str, Any]) -> None:
    body = bytearray(base64.b64decode(page["proofs"][0]["body_base64"]))
    body[5] ^= 1
    page["proofs"][0]["body_base64"] = base64.b64encode(body).decode()


def _flip_body_and_cid(page: dict[str, Any]) -> None:
    _flip_body(page)
    body = base64.b64decode(page["proofs"][0]["body_base64"])
    page["proofs"][0]["cid"] = format_cid(raw_piece_cid(body))


def _other_key(page: dict[str, Any]) -> None:
    proof = page["proofs"][0]
    proof["signature"] = proof["signature"].replace(KEY.public.hex(), OTHER.public.hex())


LIES: dict[str, Callable[[dict[str, Any]], object]] = {
    "no proofs": lambda p: p.pop("proofs"),
    "flipped body": _flip_body,
    "flipped body under its own CID": _flip_body_and_cid,
    "another key": _other_key,
    "another time": lambda p: p["proofs"][0].update(signature=p["proofs"][0]["signature"].replace("t=7", "t=8")),
    "another content type": lambda p: p["proofs"][0].update(content_type="application/ndjson"),
    "broken header": lambda p: p["proofs"][0].update(signature="sig=1"),
    "broken base64": lambda p: p["proofs"][0].update(body_base64="*"),
    "broken CID": lambda p: p["proofs"][0].update(cid="b"),
    "wrong count": lambda p: p["proofs"][0].update(count=2),
    "a missing proof": lambda p: p["proofs"].pop(0),
    "another stream": lambda p: p.update(stream="other"),
    "another vault": lambda p: p.update(vault="00" * 32),
    "an event changed": lambda p: p["events"][0].update(event={"a": 9}),
    "an event swapped": lambda p: p["events"][0].update(event={"a": 3}),
    "an event left out": lambda p: p["events"].pop(1),
    "the last event left out": lambda p: p["events"].pop(),
    "an item moved": lambda p: p["events"][0].update(item=0),
    "an item far out": lambda p: p["events"][0].update(item=-1),
    "key": lambda p: p["events"][0].update(key=OTHER.public.hex()),
    "seq": lambda p: p["events"][0].update(seq=5),
    "time": lambda p: p["events"][0].update(t=8),
    "quality": lambda p: p["events"][0].update(q=3),
    "content type": lambda p: p["events"][0].update(content_type="text/plain"),
    "cid": lambda p: p["events"][0].update(cid="b"),
    "opaque bytes": lambda p: p["events"][2].update(data_base64="AAA="),
    "next": lambda p: p.update(next=3),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_is_found(page: dict[str, Any], lie: str) -> None:
    """Whatever is changed in a page, it no longer proves itself."""
    LIES[lie](page)
    with pytest.raises(ProofBroken):
        verify_page(raw(page))


def test_an_empty_page_holds() -> None:
    """Nothing is claimed, nothing is wrong."""
    assert verify_page(Page("s", "00" * 32, [], 4, 4, [])) == []


def test_a_body_is_checked_alone() -> None:
    """Header, content type, CID and bytes are all it takes, long after the node is gone."""
    node = TinyNode()
    header, content_type, body = signed(node, LINES, 1)
    cid = format_cid(raw_piece_cid(body))
    assert verify_body(body, header, content_type, cid).items == (b'{"a":1}', b'{"a":2}', b'{"a":3}')
    with pytest.raises(ProofBroken, match="does not hash"):
        verify_body(body + b"\n", header, content_type, cid)


def test_a_signed_body_that_is_not_what_its_type_says_proves_nothing(page: dict[str, Any]) -> None:
    """No node accepts such a body, so a page that shows one was not made by an honest node."""
    node = TinyNode()
    header, content_type, body = signed(node, b"{", 1)
    with pytest.raises(ProofBroken, match="malformed"):
        verify_body(body, header, content_type, format_cid(raw_piece_cid(body)))


def test_one_proof_is_checked_alone(page: dict[str, Any]) -> None:
    """A tool names each body that holds and each that does not."""
    proofs = raw(page).proofs
    assert proofs is not None
    assert verify_proof(proofs[1]).body == b"\x00\x01"
