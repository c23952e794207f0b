"""The prepare stage: signature first, then shape, and one body's trouble is not its neighbour's."""

import msgspec
import pytest

from edge_node.base.errors import Refusal
from edge_node.store.errors import BadSignature, BodyFault
from edge_node.store.streams import prepare
from edge_node.store.streams.prepare import Prepared, prepare_bodies, prepare_body
from edge_node.wire.cid import raw_piece_cid
from edge_node.wire.event_body import BodyForm, MalformedEvent, TooManyEvents
from tests.store.rig import sign

NDJSON = "application/x-ndjson"


def test_a_sound_body_is_measured() -> None:
    """Form, number of events and the CID of the very bytes."""
    body = b'{"a":1}\n{"a":2}\n'
    assert prepare_body(sign(body, 1, content_type=NDJSON), body, 10) == Prepared(
        BodyForm.NDJSON, 2, raw_piece_cid(body)
    )
    assert prepare_body(sign(b"\0", 1, content_type="a/b"), b"\0", 10).form is BodyForm.OPAQUE


def test_nobody_without_a_key_makes_us_parse() -> None:
    """A body that is both unsigned and broken is refused for its signature."""
    header = msgspec.structs.replace(sign(b"{", 1), seq=2)
    with pytest.raises(BadSignature):
        prepare_body(header, b"{", 10)


def test_limit_and_limit_plus_one() -> None:
    """The number of events is held against the limit."""
    body = b"{}\n" * 3
    header = sign(body, 1, content_type=NDJSON)
    assert prepare_body(header, body, 3).count == 3
    with pytest.raises(TooManyEvents):
        prepare_body(header, body, 2)


def test_each_body_has_its_own_result(monkeypatch: pytest.MonkeyPatch) -> None:
    """A refusal, and even a fault of ours, takes the place of its body alone."""
    inspect = prepare.inspect_body

    def fragile(content_type: str, body: bytes, *, items_max: int):
        if body == b'"poison"':
            raise RuntimeError("a parser's bug")
        return inspect(content_type, body, items_max=items_max)

    monkeypatch.setattr(prepare, "inspect_body", fragile)
    bodies = [b"1", b"{", b'"poison"', b"4"]
    results = prepare_bodies([(sign(body, 1), body) for body in bodies], 10)
    assert [type(result) for result in results] == [Prepared, MalformedEvent, BodyFault, Prepared]
    assert all(isinstance(result, Refusal) for result in results[1:3])
