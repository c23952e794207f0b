"""Why access is refused: one class per reason, each with its slug and status."""

from edge_node.base.errors import Refusal
from edge_node.base.ids import PublicKey, shorten
from edge_node.trust.access_resource import shorten_resource


class AccessError(Refusal):
    """Root of the refusals of the one authorisation check."""

    slug = "access-refused"
    status = 403


class UnknownKey(AccessError):
    """The key is not enrolled on this node."""

    slug = "unknown-key"
    status = 401
    remedy = "Enrol the key on this node, or sign with one that is enrolled."

    def __init__(self, key: PublicKey) -> None:
        self.key = key
        super().__init__(f"key {shorten(key)} is not enrolled on this node")


class DeviceSuspended(AccessError):
    """The key is enrolled and suspended for now."""

    slug = "device-suspended"
    remedy = "An operator can resume the device."

    def __init__(self, key: PublicKey, since_ms: int) -> None:
        self.key, self.since_ms = key, since_ms
        super().__init__(f"the device with key {shorten(key)} is suspended since {since_ms} ms")


class DeviceRevoked(AccessError):
    """The key was revoked, which is final."""

    slug = "device-revoked"
    remedy = "Make a new key and have it enrolled; a revoked key stays revoked."

    def __init__(self, key: PublicKey, since_ms: int) -> None:
        self.key, self.since_ms = key, since_ms
        super().__init__(f"the key {shorten(key)} is revoked since {since_ms} ms")


class AccessDenied(AccessError):
    """The key is known and nothing it holds allows this verb on this resource now."""

    slug = "access-denied"
    remedy = "Ask the vault's operator for a role or a stream that includes this."

    def __init__(self, holder: PublicKey, resource: str, verb: str, why: str) -> None:
        self.holder, self.resource, self.verb, self.why = holder, resource, verb, why
        super().__init__(f"key {shorten(holder)} may not {verb} {shorten_resource(resource)}: {why}")
