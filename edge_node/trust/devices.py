"""The device registry in memory: one pure table that checks every change before it is written and after it is read."""

from collections.abc import Iterable, Mapping, Sequence

from edge_node.base.ids import PublicKey
from edge_node.trust.device import (
    TRANSITIONS,
    Device,
    DeviceAction,
    DeviceChange,
    DeviceStatus,
    Enrolment,
    Role,
    StatusChange,
    changed,
    enrolled,
    next_change,
)
from edge_node.trust.device_errors import (
    BadTransition,
    DeviceError,
    DeviceExists,
    KeyWasRevoked,
    MalformedDevice,
    NameTaken,
    StaleChange,
    UnknownDevice,
    UnreadableChange,
)
from edge_node.trust.device_rules import check_enrolment, check_status_change, name_key

__all__ = [
    "TRANSITIONS",
    "BadTransition",
    "Device",
    "DeviceAction",
    "DeviceChange",
    "DeviceError",
    "DeviceExists",
    "DeviceStatus",
    "DeviceTable",
    "Enrolment",
    "KeyWasRevoked",
    "MalformedDevice",
    "NameTaken",
    "Role",
    "StaleChange",
    "StatusChange",
    "UnknownDevice",
    "UnreadableChange",
    "next_change",
]


class DeviceTable:
    """Every enrolled device by key. Changes are made by one caller at a time: outcome, write, then apply.

    `generation` grows with every applied change, so whoever caches rights can see that they are old.
    """

    def __init__(self, devices: Iterable[Device] = (), revoked: Mapping[PublicKey, int] | None = None) -> None:
        self.generation = 0
        self._devices: dict[PublicKey, Device] = {}
        self._names: dict[str, PublicKey] = {}
        self._revoked: dict[PublicKey, int] = dict(revoked or {})
        for device in devices:
            self._place(device)

    def get(self, key: PublicKey) -> Device | None:
        """The device with `key`, in whatever status, or None."""
        return self._devices.get(key)

    def named(self, name: str) -> Device | None:
        """The device of that name that is not revoked, or None."""
        key = self._names.get(name_key(name))
        return None if key is None else self._devices[key]

    def list(self) -> Sequence[Device]:
        """Every device, by name."""
        return sorted(self._devices.values(), key=lambda device: (name_key(device.name), device.key))

    def revoked(self) -> Mapping[PublicKey, int]:
        """Every revoked key and since when (ms), also keys whose enrolment is lost."""
        return self._revoked

    def outcome(self, change: DeviceChange) -> Device:
        """What `change` would make of the device; a DeviceError if it may not happen. Changes nothing."""
        match change:
            case Enrolment():
                return self._outcome_of_enrolment(change)
            case StatusChange():
                return self._outcome_of_action(change)

    def apply(self, change: DeviceChange) -> Device:
        """Do `change` and answer the device as it is now; a DeviceError, and nothing done, if it may not happen."""
        device = self.outcome(change)
        self._place(device)
        self.generation += 1
        return device

    def _outcome_of_enrolment(self, change: Enrolment) -> Device:
        check_enrolment(change)
        if change.key in self._revoked:
            raise KeyWasRevoked(change.key, self._revoked[change.key])
        if (known := self._devices.get(change.key)) is not None:
            raise DeviceExists(change.key, known.name)
        if (holder := self._names.get(name_key(change.name))) is not None:
            raise NameTaken(change.name, holder)
        return enrolled(change)

    def _outcome_of_action(self, change: StatusChange) -> Device:
        check_status_change(change)
        device = self._devices.get(change.key)
        if device is None:
            raise UnknownDevice(change.key)
        status = TRANSITIONS.get((device.status, change.action))
        if status is None:
            raise BadTransition(change.key, device.status, change.action)
        if change.revision != device.revision + 1:
            raise StaleChange(change.key, device.revision, change.revision)
        return changed(device, change, status)

    def _place(self, device: Device) -> None:
        self._devices[device.key] = device
        if device.status is not DeviceStatus.REVOKED:
            self._names[name_key(device.name)] = device.key
            return
        self._revoked.setdefault(device.key, device.changed_ms)
        if self._names.get(name_key(device.name)) == device.key:
            del self._names[name_key(device.name)]
