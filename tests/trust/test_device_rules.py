"""The form an enrolment must have, at each limit and one beyond."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.base.ids import PublicKey, StreamName, VaultId
from edge_node.trust.device import DeviceAction, Enrolment, Role, StatusChange
from edge_node.trust.device_errors import MalformedDevice
from edge_node.trust.device_rules import INTEGER_MAX, STREAMS_MAX, check_enrolment, check_status_change, name_key


def enrolment(**fields: object) -> Enrolment:
    """A sound enrolment with some fields replaced."""
    sound: dict[str, object] = {
        "key": PublicKey(b"\x11" * 32),
        "name": "pump-1",
        "roles": frozenset({Role.DEVICE}),
        "vault": VaultId(b"\x22" * 32),
        "t_ms": 1_000,
    }
    return Enrolment(**{**sound, **fields})


@pytest.mark.parametrize("name", ["a", "x" * 64, "Pump 1 (north)", "насос", "水泵", "café"])
def test_printable_names_pass(name: str) -> None:
    """One to 64 printable characters of any script."""
    check_enrolment(enrolment(name=name))


@pytest.mark.parametrize(
    "name",
    [
        "",
        "x" * 65,
        "a\nb",
        "a\x1b[31mb",
        "a\x00b",
        "a\x85b",
        "a\u202eb",
        "a\u2066b",
        "a\u200fb",
        "a\u061cb",
        "a\u200bb",
        "a\ufeffb",
        "a\u2028b",
        "a\u00a0b",
        "a\ud800b",
        "a\ue000b",
        " pump",
        "pump ",
        " ",
    ],
)
def test_names_that_could_hide_or_reorder_text_are_refused(name: str) -> None:
    """Control, bidirectional, zero-width, separator and surrogate characters, outer spaces, and wrong lengths."""
    with pytest.raises(MalformedDevice) as caught:
        check_enrolment(enrolment(name=name))
    assert caught.value.field == "name"


@given(st.text(min_size=1, max_size=64))
def test_no_accepted_name_holds_a_control_character(name: str) -> None:
    """Whatever passes prints as one line in its own order."""
    try:
        check_enrolment(enrolment(name=name))
    except MalformedDevice:
        return
    assert not {c for c in name if ord(c) < 32 or 0x7F <= ord(c) < 0xA0 or c in "\u200e\u200f\u061c"}
    assert not any("\u202a" <= c <= "\u202e" or "\u2066" <= c <= "\u2069" for c in name)
    assert name.splitlines() == [name]


@pytest.mark.parametrize(("one", "other"), [("Pump", "pump"), ("ﬁlter", "filter"), ("STRASSE", "straße"), ("①", "1")])
def test_names_that_read_the_same_are_one_name(one: str, other: str) -> None:
    """Case and compatibility forms do not make a second name."""
    assert name_key(one) == name_key(other)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"roles": frozenset()}, "roles"),
        ({"roles": frozenset({Role.OPERATOR}), "streams": (StreamName("site"),)}, "streams"),
        ({"roles": frozenset({Role.OPERATOR, Role.READER}), "streams": (StreamName("site"),)}, "streams"),
        ({"streams": (StreamName("site/"),)}, "streams"),
        ({"streams": (StreamName("a//b"),)}, "streams"),
        ({"streams": tuple(StreamName(f"s{i}") for i in range(STREAMS_MAX + 1))}, "streams"),
        ({"note": "x" * 257}, "note"),
        ({"note": "a\nb"}, "note"),
        ({"t_ms": -1}, "time"),
        ({"t_ms": INTEGER_MAX + 1}, "time"),
        ({"late_max_s": -1}, "late_max_s"),
        ({"late_max_s": INTEGER_MAX + 1}, "late_max_s"),
        ({"bytes_per_day_max": -1}, "bytes_per_day_max"),
        ({"bytes_per_day_max": INTEGER_MAX + 1}, "bytes_per_day_max"),
    ],
)
def test_a_broken_field_is_named(fields: dict[str, object], field: str) -> None:
    """The refusal says which field breaks which rule."""
    with pytest.raises(MalformedDevice) as caught:
        check_enrolment(enrolment(**fields))
    assert caught.value.field == field


@pytest.mark.parametrize(
    "fields",
    [
        {"roles": frozenset({Role.OPERATOR})},
        {"roles": frozenset(Role)},
        {"streams": tuple(StreamName(f"s{i}") for i in range(STREAMS_MAX))},
        {"streams": (StreamName("site/a.b_c-d"),)},
        {"note": "x" * 256},
        {"t_ms": INTEGER_MAX, "late_max_s": 0, "bytes_per_day_max": INTEGER_MAX},
    ],
)
def test_every_limit_is_allowed_exactly(fields: dict[str, object]) -> None:
    """The largest permitted value of each field passes."""
    check_enrolment(enrolment(**fields))


def status_change(note: str = "", t_ms: int = 1) -> StatusChange:
    """A suspension with this note at this time."""
    return StatusChange(action=DeviceAction.SUSPEND, key=PublicKey(b"\x11" * 32), revision=2, t_ms=t_ms, note=note)


def test_status_changes_obey_the_same_rules() -> None:
    """A note is one printable line, or empty; a time fits its column."""
    check_status_change(status_change())
    check_status_change(status_change("left with the van", INTEGER_MAX))
    for broken in (status_change("a\u202eb"), status_change(t_ms=-1), status_change(t_ms=INTEGER_MAX + 1)):
        with pytest.raises(MalformedDevice):
            check_status_change(broken)
