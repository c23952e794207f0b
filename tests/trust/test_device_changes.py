"""Device changes as MessagePack: round trip, golden bytes, growth by appending, hostile bytes."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.base.ids import PublicKey, StreamName, VaultId
from edge_node.trust.device import DeviceAction, DeviceChange, Enrolment, Role, StatusChange
from edge_node.trust.device_changes import decode_change, encode_change
from edge_node.trust.device_errors import UnreadableChange

KEYS = st.binary(min_size=32, max_size=32)
NUMBERS = st.integers(0, 2**63 - 1)
PREFIXES = st.from_regex(r"[a-z0-9][a-z0-9._/-]{0,20}", fullmatch=True).map(StreamName)
ENROLMENTS = st.builds(
    Enrolment,
    key=KEYS.map(PublicKey),
    name=st.text(st.characters(codec="utf-8"), max_size=80),
    roles=st.frozensets(st.sampled_from(Role)),
    vault=KEYS.map(VaultId),
    t_ms=NUMBERS,
    streams=st.lists(PREFIXES, max_size=4).map(tuple),
    note=st.text(st.characters(codec="utf-8"), max_size=20),
    late_max_s=st.none() | NUMBERS,
    bytes_per_day_max=st.none() | NUMBERS,
    trailing=st.lists(st.none() | NUMBERS | st.text(st.characters(codec="utf-8"), max_size=5), max_size=3).map(tuple),
)
STATUS_CHANGES = st.builds(
    StatusChange,
    action=st.sampled_from(DeviceAction),
    key=KEYS.map(PublicKey),
    revision=NUMBERS,
    t_ms=NUMBERS,
    note=st.text(st.characters(codec="utf-8"), max_size=20),
    trailing=st.lists(st.binary(max_size=4), max_size=2).map(tuple),
)
GOLDEN = Enrolment(
    key=PublicKey(b"\x01" * 32),
    name="pump",
    roles=frozenset({Role.READER, Role.DEVICE}),
    vault=VaultId(b"\x02" * 32),
    t_ms=3,
    streams=(StreamName("site"),),
    note="n",
    late_max_s=None,
    bytes_per_day_max=5,
)


@given(ENROLMENTS | STATUS_CHANGES)
def test_what_is_encoded_is_decoded(change: DeviceChange) -> None:
    """Round trip, with the fields of a newer release kept."""
    assert decode_change(encode_change(change)) == change


def test_the_format_of_an_enrolment_is_frozen() -> None:
    """Bytes written by this release read the same for ever."""
    wanted = [1, 1, b"\x01" * 32, 3, "pump", ["device", "reader"], b"\x02" * 32, ["site"], "n", None, 5]
    raw = encode_change(GOLDEN)
    assert msgspec.msgpack.decode(raw) == wanted
    assert raw.hex() == (
        "9b0101c420" + "01" * 32 + "03a470756d7092a6646576696365a6726561646572c420" + "02" * 32 + "91a473697465a16ec005"
    )


@pytest.mark.parametrize(
    ("action", "tag"), [(DeviceAction.SUSPEND, 2), (DeviceAction.RESUME, 3), (DeviceAction.REVOKE, 4)]
)
def test_the_format_of_a_status_change_is_frozen(action: DeviceAction, tag: int) -> None:
    """Kind, version, key, revision, time, note."""
    change = StatusChange(action=action, key=PublicKey(b"\x01" * 32), revision=2, t_ms=9, note="gone")
    assert msgspec.msgpack.decode(encode_change(change)) == [tag, 1, b"\x01" * 32, 2, 9, "gone"]


def test_fields_of_a_newer_release_are_kept() -> None:
    """Appended fields are neither refused nor lost."""
    raw = msgspec.msgpack.encode([2, 1, b"\x01" * 32, 2, 9, "", {"new": True}, 7])
    change = decode_change(raw)
    assert change.trailing == ({"new": True}, 7)
    assert encode_change(change) == raw


SOUND = [1, 1, b"\x01" * 32, 3, "pump", ["device"], b"\x02" * 32, ["site"], "n", None, 5]


@pytest.mark.parametrize(
    "value",
    [
        None,
        {},
        [],
        [1],
        [1, 1],
        [0, 1, b"\x01" * 32, 2, 9, ""],
        [5, 1, b"\x01" * 32, 2, 9, ""],
        [True, 1, b"\x01" * 32, 2, 9, ""],
        ["2", 1, b"\x01" * 32, 2, 9, ""],
        [[], 1, b"\x01" * 32, 2, 9, ""],
        [2, 2, b"\x01" * 32, 2, 9, ""],
        [2, True, b"\x01" * 32, 2, 9, ""],
        [2, 1, b"\x01" * 31, 2, 9, ""],
        [2, 1, "01" * 16, 2, 9, ""],
        [2, 1, b"\x01" * 32, 2, 9],
        [2, 1, b"\x01" * 32, "2", 9, ""],
        [2, 1, b"\x01" * 32, 2.5, 9, ""],
        [2, 1, b"\x01" * 32, 2**63, 9, ""],
        [2, 1, b"\x01" * 32, 2, -1, ""],
        SOUND[:-1],
        [*SOUND[:-1], 2**63],
        [*SOUND[:5], ["emperor"], *SOUND[6:]],
        [*SOUND[:7], ["UPPER"], *SOUND[8:]],
        [*SOUND[:7], "site", *SOUND[8:]],
        [*SOUND[:6], b"", *SOUND[7:]],
    ],
)
def test_anything_else_is_refused(value: object) -> None:
    """A wrong shape, type, kind, version or role is named, never guessed."""
    with pytest.raises(UnreadableChange):
        decode_change(msgspec.msgpack.encode(value))


def test_a_newer_format_says_so() -> None:
    """The message names the version, so that the operator knows to update."""
    with pytest.raises(UnreadableChange, match="version 2, known is 1"):
        decode_change(msgspec.msgpack.encode([1, 2]))


@given(st.binary(max_size=60))
def test_hostile_bytes_are_refused(raw: bytes) -> None:
    """Random bytes end in UnreadableChange, never in another error."""
    with pytest.raises(UnreadableChange):
        decode_change(raw)


@given(ENROLMENTS, st.data())
def test_a_truncated_change_is_refused(change: Enrolment, data: st.DataObject) -> None:
    """No prefix of a change is a change."""
    raw = encode_change(change)
    with pytest.raises(UnreadableChange):
        decode_change(raw[: data.draw(st.integers(0, len(raw) - 1))])
