"""Device changes as MessagePack arrays `[kind, version, ...]`, the form they have in the log (docs/specs/access.md)."""

from typing import Annotated, Any

import msgspec

from edge_node.base.ids import MalformedId, PublicKey, StreamName, VaultId
from edge_node.trust.device import DeviceAction, DeviceChange, Enrolment, Role, StatusChange
from edge_node.trust.device_errors import UnreadableChange

VERSION = 1  # raised only when the meaning of a field changes; a new field is appended under the same version

_ENROL = 1
_ACTION_TAGS = {DeviceAction.SUSPEND: 2, DeviceAction.RESUME: 3, DeviceAction.REVOKE: 4}
_ACTIONS = {tag: action for action, tag in _ACTION_TAGS.items()}
_HEAD = 2  # kind and version come first in every array


# SQLite's integers end here; a larger one would stop the replay of a log instead of being refused at its door.
_Whole = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]


class _EnrolFields(msgspec.Struct, array_like=True, frozen=True):
    key: bytes
    t_ms: _Whole
    name: str
    roles: list[str]
    vault: bytes
    streams: list[str]
    note: str
    late_max_s: _Whole | None
    bytes_per_day_max: _Whole | None


class _ActionFields(msgspec.Struct, array_like=True, frozen=True):
    key: bytes
    revision: _Whole
    t_ms: _Whole
    note: str


def encode_change(change: DeviceChange) -> bytes:
    """The change as a MessagePack array, with whatever a newer release had appended."""
    match change:
        case Enrolment():
            head: list[Any] = [_ENROL, VERSION, *_enrol_fields(change)]
        case StatusChange():
            head = [_ACTION_TAGS[change.action], VERSION, bytes(change.key), change.revision, change.t_ms, change.note]
    return msgspec.msgpack.encode([*head, *change.trailing])


def decode_change(raw: bytes) -> DeviceChange:
    """Read what encode_change wrote; UnreadableChange for anything else.

    Only the types are checked: a rule for names that is tightened later must not make an old log unreadable.
    """
    try:
        return _decode_body(*_split(msgspec.msgpack.decode(raw)))
    # A role of a newer release is a ValueError (as is every msgspec error), a key of the wrong length one of ours.
    except (ValueError, MalformedId) as error:
        raise UnreadableChange(str(error)) from error


def _split(fields: object) -> tuple[int, list[Any]]:
    if not isinstance(fields, list) or len(fields) < _HEAD:
        raise UnreadableChange("wants an array that begins with kind and version")
    kind, version = fields[:_HEAD]
    if type(kind) is not int or type(version) is not int:
        raise UnreadableChange("kind and version are integers")
    if version != VERSION:
        raise UnreadableChange(f"format version {version}, known is {VERSION}")
    return kind, fields[_HEAD:]


def _enrol_fields(change: Enrolment) -> tuple[Any, ...]:
    return (
        bytes(change.key),
        change.t_ms,
        change.name,
        sorted(change.roles),
        bytes(change.vault),
        [str(prefix) for prefix in change.streams],
        change.note,
        change.late_max_s,
        change.bytes_per_day_max,
    )


def _decode_body(kind: int, fields: list[Any]) -> DeviceChange:
    if kind == _ENROL:
        return _decode_enrolment(fields)
    if kind in _ACTIONS:
        return _decode_action(_ACTIONS[kind], fields)
    raise UnreadableChange(f"unknown kind of change {kind}")


def _decode_enrolment(fields: list[Any]) -> Enrolment:
    known = msgspec.convert(fields, _EnrolFields)
    return Enrolment(
        key=PublicKey(known.key),
        name=known.name,
        roles=frozenset(Role(role) for role in known.roles),
        vault=VaultId(known.vault),
        t_ms=known.t_ms,
        streams=tuple(StreamName(prefix) for prefix in known.streams),
        note=known.note,
        late_max_s=known.late_max_s,
        bytes_per_day_max=known.bytes_per_day_max,
        trailing=tuple(fields[len(_EnrolFields.__struct_fields__) :]),
    )


def _decode_action(action: DeviceAction, fields: list[Any]) -> StatusChange:
    known = msgspec.convert(fields, _ActionFields)
    return StatusChange(
        action=action,
        key=PublicKey(known.key),
        revision=known.revision,
        t_ms=known.t_ms,
        note=known.note,
        trailing=tuple(fields[len(_ActionFields.__struct_fields__) :]),
    )
