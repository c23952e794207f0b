"""Answers of a node as typed values."""

import msgspec
import pytest

from edge_node.client.models import Bearer, Event, Gap, Info, Opened, Page

EVENT = {
    "offset": 0, "cid": "b", "item": 0, "t": 1, "q": 0, "late": False, "received": 2, "clock": 0, "key": "00",
    "seq": 1, "content_type": "application/json",
}  # fmt: skip


def decode(**more: object) -> Event:
    return msgspec.json.decode(msgspec.json.encode(EVENT | more), type=Event, strict=False)


def test_json_stands_byte_for_byte() -> None:
    """White space, member order and number spelling of a device's JSON are not touched."""
    event = decode(event=msgspec.Raw(b'{ "b":1.50,"a" : 1e2 }'))
    assert event.content == b'{ "b":1.50,"a" : 1e2 }'
    assert event.value() == {"b": 1.5, "a": 100.0}


def test_json_null_is_an_event() -> None:
    """A body of `null` is JSON like any other, not an absent event."""
    assert decode(event=None).content == b"null"


def test_opaque_bytes_are_decoded() -> None:
    """Anything else stands in base64."""
    event = decode(data_base64="AP8=")
    assert event.content == b"\x00\xff"
    assert event.value() is None


def test_large_integers_come_as_text() -> None:
    """A sequence number of 2^53 or more is a decimal string and read as a number."""
    assert decode(seq="18446744073709551615").seq == 2**64 - 1


def test_a_page_without_its_fields_is_none() -> None:
    """A node that leaves out `next` has not answered."""
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(b'{"stream": "a", "vault": "", "events": []}', type=Page)


def test_info_gives_typed_keys() -> None:
    """The node key and the vault are identifiers, not text."""
    info = Info("n", "1", "ab" * 32, "cd" * 32, 1, 2)
    assert (info.node_key.hex(), info.vault_id.hex()) == ("ab" * 32, "cd" * 32)


def test_a_bearer_is_not_shown() -> None:
    """What ends up in a log or a traceback is not the token."""
    bearer = msgspec.json.decode(b'{"bearer":"secret","expires":5}', type=Bearer)
    assert bearer.bearer == "secret"
    assert "secret" not in repr(bearer)
    assert "secret" not in str(bearer)


def test_a_gap_and_a_beginning() -> None:
    """`from` and `to` of the wire are Python words here."""
    assert msgspec.json.decode(b'{"from":3,"to":9,"reason":"slow"}', type=Gap) == Gap(3, 9, "slow")
    assert msgspec.json.decode(b'{"from":3}', type=Opened).start == 3
