"""Header fields: case, repetition, look-up."""

import pytest

from edge_node.wire.http1_fields import KNOWN_NAMES, Fields, join_repeated, lower_name


def test_names_are_found_whatever_their_case() -> None:
    """Fields are stored lower-case and asked for in any case."""
    fields = Fields({"content-type": b"text/plain"})
    assert fields.get("Content-Type") == fields.get("content-type") == "text/plain"
    assert "CONTENT-TYPE" in fields
    assert fields.get("accept") is None
    assert fields.all("Accept") == []
    assert fields.all("Content-Type") == ["text/plain"]
    assert list(fields) == ["content-type"]
    assert len(fields) == 1


def test_repeated_lines_are_joined_and_kept() -> None:
    """`get` joins as RFC 9110 says, `all` gives each line."""
    fields = join_repeated([("x-a", b"1"), ("host", b"h"), ("x-a", b"2, 3")])
    assert fields.get("X-A") == "1, 2, 3"
    assert fields.all("X-A") == ["1", "2, 3"]
    assert fields.all("host") == ["h"]
    assert fields.repeats("x-a")
    assert not fields.repeats("host")


def test_values_lose_no_byte() -> None:
    """A value is Latin-1 text, so any byte survives."""
    fields = Fields({"x": bytes(range(0x80, 0x100))})
    assert (fields.get("x") or "").encode("latin-1") == fields.raw("x") == bytes(range(0x80, 0x100))


@pytest.mark.parametrize("raw", [b"X-Thing", b"host", b"HOST", b"Edge-Signature", b"cOnTeNt-LeNgTh"])
def test_lower_name_agrees_with_lower(raw: bytes) -> None:
    """The table of known spellings only saves time."""
    assert lower_name(raw) == raw.decode().lower()


def test_the_table_of_known_names_is_right() -> None:
    """Every entry is its key in lower case."""
    assert all(name == raw.decode().lower() for raw, name in KNOWN_NAMES.items())
