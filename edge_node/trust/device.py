"""What the registry knows of one device, the changes that can happen to it, and the table of its statuses."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, replace

from edge_node.base.ids import PublicKey, StreamName, VaultId


class Role(enum.StrEnum):
    """What a key may be enrolled as; docs/specs/access.md says which verbs follow."""

    DEVICE = "device"
    READER = "reader"
    WRITER = "writer"
    OPERATOR = "operator"


class DeviceStatus(enum.StrEnum):
    """Only an active device is granted anything; revoked is final."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    REVOKED = "revoked"


class DeviceAction(enum.StrEnum):
    """What an operator can do to an enrolled device."""

    SUSPEND = "suspend"
    RESUME = "resume"
    REVOKE = "revoke"


# Every legal pair stands here; a pair that is missing is refused. Nothing leads out of REVOKED: a key that
# leaked once stays unusable, and the holder is enrolled again under a new key.
TRANSITIONS: Mapping[tuple[DeviceStatus, DeviceAction], DeviceStatus] = {
    (DeviceStatus.ACTIVE, DeviceAction.SUSPEND): DeviceStatus.SUSPENDED,
    (DeviceStatus.SUSPENDED, DeviceAction.RESUME): DeviceStatus.ACTIVE,
    (DeviceStatus.ACTIVE, DeviceAction.REVOKE): DeviceStatus.REVOKED,
    (DeviceStatus.SUSPENDED, DeviceAction.REVOKE): DeviceStatus.REVOKED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """One row of the registry.

    `streams` are prefixes by whole path segments, () = every stream of the vault. `late_max_s` (seconds) and
    `bytes_per_day_max` are this device's own limits, None = the node's. Times are ms since 1970 UTC.
    `revision` counts the changes of this key, 1 = enrolled; `note` is the last one an operator wrote.
    """

    key: PublicKey
    name: str
    roles: frozenset[Role]
    vault: VaultId
    streams: tuple[StreamName, ...]
    status: DeviceStatus
    enrolled_ms: int
    changed_ms: int
    note: str
    late_max_s: int | None
    bytes_per_day_max: int | None
    revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolment:
    """A key becomes known. Always revision 1: a known key is never enrolled a second time.

    `trailing` holds fields a newer release appended; they are kept when the change is encoded again.
    """

    key: PublicKey
    name: str
    roles: frozenset[Role]
    vault: VaultId
    t_ms: int
    streams: tuple[StreamName, ...] = ()
    note: str = ""
    late_max_s: int | None = None
    bytes_per_day_max: int | None = None
    trailing: tuple[object, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusChange:
    """A known key is suspended, resumed or revoked.

    `revision` is the one the device will have afterwards. It makes applying a change twice harmless, and of two
    changes made from the same row only one can win.
    """

    action: DeviceAction
    key: PublicKey
    revision: int
    t_ms: int
    note: str = ""
    trailing: tuple[object, ...] = ()


DeviceChange = Enrolment | StatusChange


def next_change(device: Device, action: DeviceAction, t_ms: int, note: str = "") -> StatusChange:
    """The change that does `action` to `device` as it is now; DeviceTable decides whether it may happen."""
    return StatusChange(action=action, key=device.key, revision=device.revision + 1, t_ms=t_ms, note=note)


def enrolled(change: Enrolment) -> Device:
    """The device as it is right after `change`."""
    return Device(
        key=change.key,
        name=change.name,
        roles=change.roles,
        vault=change.vault,
        streams=change.streams,
        status=DeviceStatus.ACTIVE,
        enrolled_ms=change.t_ms,
        changed_ms=change.t_ms,
        note=change.note,
        late_max_s=change.late_max_s,
        bytes_per_day_max=change.bytes_per_day_max,
        revision=1,
    )


def changed(device: Device, change: StatusChange, status: DeviceStatus) -> Device:
    """`device` after `change` led it to `status`; an empty note leaves the older one standing."""
    return replace(
        device,
        status=status,
        changed_ms=change.t_ms,
        note=change.note or device.note,
        revision=change.revision,
    )
