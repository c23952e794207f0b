"""Why the registry refuses a change: facts with the key they are about, shown shortened."""

from edge_node.base.errors import Refusal
from edge_node.base.ids import PublicKey, shorten


class DeviceError(Refusal):
    """Root of the registry's refusals; nothing was changed."""

    slug = "device-refused"
    status = 409


class UnknownDevice(DeviceError):
    """A change names a key that was never enrolled."""

    slug = "unknown-device"
    status = 404
    remedy = "List the enrolled devices and use one of their keys, or enrol this key first."

    def __init__(self, key: PublicKey) -> None:
        self.key = key
        super().__init__(f"no device with key {shorten(key)} is enrolled")


class DeviceExists(DeviceError):
    """An enrolment names a key that is enrolled and not revoked."""

    slug = "device-exists"
    remedy = "Resume the device if it is suspended, or revoke it and enrol a new key to change its rights."

    def __init__(self, key: PublicKey, name: str) -> None:
        self.key, self.name = key, name
        super().__init__(f"key {shorten(key)} is enrolled already, as {name!r}")


class KeyWasRevoked(DeviceError):
    """An enrolment names a key that was revoked, which is final."""

    slug = "key-revoked"
    remedy = "Make a new key on the device and enrol that one."

    def __init__(self, key: PublicKey, since_ms: int) -> None:
        self.key, self.since_ms = key, since_ms
        super().__init__(f"key {shorten(key)} was revoked at {since_ms} ms and a revoked key stays revoked")


class NameTaken(DeviceError):
    """Another device that is not revoked has this name, or one that reads the same."""

    slug = "name-taken"
    remedy = "Choose another name, or revoke the device that has it."

    def __init__(self, name: str, holder: PublicKey) -> None:
        self.name, self.holder = name, holder
        super().__init__(f"the name {name!r} belongs to the device with key {shorten(holder)}")


class BadTransition(DeviceError):
    """The device's status does not allow the action."""

    slug = "bad-transition"
    remedy = "Active devices can be suspended or revoked, suspended ones resumed or revoked; revoked is final."

    def __init__(self, key: PublicKey, status: str, action: str) -> None:
        self.key, self.device_status, self.action = key, status, action
        super().__init__(f"device {shorten(key)} is {status}: cannot {action} it")


class StaleChange(DeviceError):
    """The change was made from an older row than the registry has now."""

    slug = "stale-change"
    remedy = "Read the device again and repeat the change."

    def __init__(self, key: PublicKey, have: int, got: int) -> None:
        self.key, self.have, self.got = key, have, got
        super().__init__(f"device {shorten(key)} is at revision {have}; a change to revision {got} does not follow it")


class MalformedDevice(DeviceError):
    """An enrolment breaks a rule of form."""

    slug = "malformed-device"
    status = 422

    def __init__(self, field: str, why: str) -> None:
        self.field, self.why = field, why
        super().__init__(f"device {field}: {why}")


class UnreadableChange(DeviceError):
    """Bytes that should hold a device change do not, or were written by a newer release."""

    slug = "unreadable-device-change"
    status = 422
    remedy = "Use the release that wrote this data, or a newer one."

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(f"not a device change this release can read: {why}")
