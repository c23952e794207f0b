"""The one authorisation decision (ARCHITECTURE section 6): capabilities in, an Access or the reason for none out."""

import enum
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NoReturn, Self

from edge_node.base.errors import LocalError
from edge_node.base.ids import PublicKey, VaultId
from edge_node.trust.access_capability import (
    ALL_VERBS,
    Capability,
    Constraints,
    MalformedCapability,
    Verb,
    WiderThanParent,
    capabilities_of,
    narrow,
)
from edge_node.trust.access_errors import AccessDenied, AccessError, DeviceRevoked, DeviceSuspended, UnknownKey
from edge_node.trust.access_resource import (
    MalformedResource,
    Resource,
    bucket_names_resource,
    bucket_piece_resource,
    bucket_resource,
    parse_resource,
    piece_resource,
    stream_resource,
    vault_resource,
    within,
)

__all__ = [
    "ALL_VERBS",
    "Access",
    "AccessDenied",
    "AccessError",
    "Capability",
    "Constraints",
    "Deny",
    "DenyReason",
    "DeviceRevoked",
    "DeviceSuspended",
    "MaintenanceAccess",
    "MalformedCapability",
    "MalformedResource",
    "NotMintedHere",
    "Resource",
    "UnknownKey",
    "Verb",
    "WiderThanParent",
    "bucket_names_resource",
    "bucket_piece_resource",
    "bucket_resource",
    "capabilities_of",
    "check",
    "narrow",
    "parse_resource",
    "piece_resource",
    "stream_resource",
    "vault_resource",
]


class DenyReason(enum.StrEnum):
    """Why no capability allows what was asked; the closest miss is named."""

    NOT_COVERED = "not-covered"
    NOT_YET_VALID = "not-yet-valid"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Deny:
    """The check's No."""

    reason: DenyReason


class NotMintedHere(LocalError):
    """Code tried to make, change, copy or extend an access instead of asking for one."""

    def __init__(self, type_name: str, what: str) -> None:
        super().__init__(f"{type_name} comes only from the access check and cannot be {what}")


class _Minted:
    """Cannot be constructed, changed, copied, pickled or subclassed.

    This stops mistakes and shows up in review; code inside the process that goes through `object` to forge one
    cannot be stopped in Python, so a test also looks for that in the sources.
    """

    __slots__ = ()

    def __new__(cls, *_args: object, **_fields: object) -> Self:
        raise NotMintedHere(cls.__name__, "constructed")

    def __init_subclass__(cls, *, final: bool = True) -> None:
        if cls.__module__ != __name__ or final:
            raise NotMintedHere(cls.__name__, "extended")

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise NotMintedHere(type(self).__name__, "changed")

    def __delattr__(self, name: str) -> NoReturn:
        raise NotMintedHere(type(self).__name__, "changed")

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise NotMintedHere(type(self).__name__, "copied")


class Access(_Minted, final=False):
    """Proof that the check allowed `holder` one verb on one part of the tree. Calls that touch tenant data take it.

    It covers what was asked for and what lies below, and no other verb, however much the holder may do besides.
    `constraints` are the tightest of the capability's chain, `not_after_ms` its earliest end (None = without end),
    `generation` the registry's at the decision: AccessControl.confirm re-checks an access that outlives one request.
    """

    __slots__ = ("constraints", "generation", "holder", "not_after_ms", "resource", "vault", "verb")

    holder: PublicKey
    vault: VaultId
    resource: Resource
    verb: Verb
    constraints: Constraints
    not_after_ms: int | None
    generation: int

    def covers(self, resource: Resource, verb: Verb) -> bool:
        """Whether this access allows `verb` on `resource`."""
        return verb == self.verb and within(self.resource, resource)

    def require(self, resource: Resource, verb: Verb) -> None:
        """Raise AccessDenied unless this access covers it."""
        if not self.covers(resource, verb):
            raise AccessDenied(self.holder, resource, verb, "the access at hand was given for something else")


class MaintenanceAccess(_Minted, final=False):
    """Lets the node's own work (scrub, repair, compaction) see ciphertext and shards, never an owner's data.

    `task` names the work; it stands in the audit row. Minted by AccessControl.maintain.
    """

    __slots__ = ("task",)

    task: str


def check(
    capabilities: Iterable[Capability], holder: PublicKey, resource: Resource, verb: Verb, now_ms: int
) -> Access | Deny:
    """Decide. The first capability that allows it, with every parent, gives the Access; default deny.

    `holder` is the key whose signature was verified, `now_ms` ms since 1970 UTC; a capability is valid from its
    not_before to its not_after, both included.
    """
    closest = DenyReason.NOT_COVERED
    for capability in capabilities:
        if verb not in capability.verbs or capability.holder != holder:
            continue
        if not within(capability.resource, resource):
            continue
        flaw = _flaw(capability, resource, verb, now_ms)
        if flaw is None:
            return _mint(capability, resource, verb)
        closest = flaw if flaw is not DenyReason.NOT_COVERED else closest
    return Deny(closest)


def _flaw(capability: Capability, resource: Resource, verb: Verb, now_ms: int) -> DenyReason | None:
    """What keeps this chain from allowing it. Every link is checked: narrow() is not the only maker of children."""
    link = capability
    while True:
        if verb not in link.verbs or not within(link.resource, resource):
            return DenyReason.NOT_COVERED
        if now_ms < link.not_before_ms:
            return DenyReason.NOT_YET_VALID
        if link.not_after_ms is not None and now_ms > link.not_after_ms:
            return DenyReason.EXPIRED
        parent = link.parent
        if parent is None:
            return None
        # Audiences need no comparison: every link's resource lies in its own, and all of them cover the one asked for.
        if parent.holder != link.issuer:
            return DenyReason.NOT_COVERED
        link = parent


def _mint(capability: Capability, resource: Resource, verb: Verb) -> Access:
    constraints, not_after_ms = capability.constraints, capability.not_after_ms
    link = capability.parent
    while link is not None:
        constraints = constraints.tightest(link.constraints)
        if link.not_after_ms is not None:
            not_after_ms = link.not_after_ms if not_after_ms is None else min(not_after_ms, link.not_after_ms)
        link = link.parent
    access: Access = object.__new__(Access)
    put = object.__setattr__
    put(access, "holder", capability.holder)
    put(access, "vault", capability.audience)
    put(access, "resource", resource)
    put(access, "verb", verb)
    put(access, "constraints", constraints)
    put(access, "not_after_ms", not_after_ms)
    put(access, "generation", capability.generation)
    return access


def mint_maintenance(task: str) -> MaintenanceAccess:
    """For AccessControl.maintain alone, which writes the audit row."""
    access: MaintenanceAccess = object.__new__(MaintenanceAccess)
    object.__setattr__(access, "task", task)
    return access
