"""Capabilities: who may do what on which part of the tree, how a device's roles become them, how they only narrow."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass

from edge_node.base.errors import LocalError, Refusal
from edge_node.base.ids import PublicKey, VaultId
from edge_node.trust.access_resource import Resource, piece_resource, stream_resource, vault_resource, within
from edge_node.trust.device import Device, DeviceStatus, Role

CHAIN_MAX = 8  # owner -> app -> agent -> sub-agent and as many again; each link costs a comparison per decision


class Verb(enum.StrEnum):
    """What is asked of a resource."""

    APPEND = "append"
    READ = "read"
    PUT = "put"
    GET = "get"
    DELETE = "delete"
    LIST = "list"
    ADMIN = "admin"


ALL_VERBS = frozenset(Verb)


class MalformedCapability(LocalError):
    """An adapter built a capability that contradicts itself."""

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(f"capability: {why}")


class WiderThanParent(Refusal):
    """A child capability asks for more than its parent gives."""

    slug = "wider-than-parent"
    status = 403
    remedy = "Ask the owner for a wider grant, or pass on less."

    def __init__(self, field: str) -> None:
        self.field = field
        super().__init__(f"a derived capability may only narrow its parent; {field} would be wider")


@dataclass(frozen=True, slots=True, kw_only=True)
class Constraints:
    """Limits that travel with a right; None = the node's own. Seconds an event may be late, bytes added in 24 hours."""

    late_max_s: int | None = None
    bytes_per_day_max: int | None = None

    def tightest(self, other: "Constraints") -> "Constraints":
        """The smaller of each limit."""
        return Constraints(
            late_max_s=_smaller(self.late_max_s, other.late_max_s),
            bytes_per_day_max=_smaller(self.bytes_per_day_max, other.bytes_per_day_max),
        )


NO_CONSTRAINTS = Constraints()


@dataclass(frozen=True, slots=True, kw_only=True)
class Capability:
    """`holder` may do `verbs` on `resource` and below, inside `audience`, because `issuer` says so.

    Valid from `not_before_ms` to `not_after_ms`, both inclusive (ms since 1970 UTC), None = without end. `generation`
    is that of the registry it was made from. Under a `parent` every link must allow what is asked.
    """

    issuer: PublicKey
    holder: PublicKey
    audience: VaultId
    resource: Resource
    verbs: frozenset[Verb]
    constraints: Constraints = NO_CONSTRAINTS
    not_before_ms: int = 0
    not_after_ms: int | None = None
    parent: "Capability | None" = None
    generation: int = 0

    def __post_init__(self) -> None:
        if not within(vault_resource(self.audience), self.resource):
            raise MalformedCapability("its resource lies outside its audience")
        links, link = 1, self.parent
        while link is not None:
            links, link = links + 1, link.parent
        if links > CHAIN_MAX:
            raise MalformedCapability(f"its chain has {links} links, at most {CHAIN_MAX} are followed")


def narrow(
    parent: Capability,
    holder: PublicKey,
    *,
    resource: Resource | None = None,
    verbs: frozenset[Verb] | None = None,
    constraints: Constraints = NO_CONSTRAINTS,
    not_before_ms: int | None = None,
    not_after_ms: int | None = None,
) -> Capability:
    """What `parent`'s holder passes on to `holder`; whatever is left out stays the parent's.

    WiderThanParent names the field that would exceed the parent. A constraint left at None is inherited, never lifted.
    """
    child = Capability(
        issuer=parent.holder,
        holder=holder,
        audience=parent.audience,
        resource=parent.resource if resource is None else _inside(parent, resource),
        verbs=parent.verbs if verbs is None else verbs,
        constraints=parent.constraints.tightest(constraints),
        not_before_ms=parent.not_before_ms if not_before_ms is None else not_before_ms,
        not_after_ms=parent.not_after_ms if not_after_ms is None else not_after_ms,
        parent=parent,
        generation=parent.generation,
    )
    _refuse_wider(child, parent, constraints)
    return child


def _inside(parent: Capability, resource: Resource) -> Resource:
    if not within(parent.resource, resource):
        raise WiderThanParent("resource")
    return resource


def _refuse_wider(child: Capability, parent: Capability, asked: Constraints) -> None:
    if not child.verbs <= parent.verbs:
        raise WiderThanParent("verbs")
    if child.not_before_ms < parent.not_before_ms:
        raise WiderThanParent("not_before")
    if _smaller(child.not_after_ms, parent.not_after_ms) != child.not_after_ms:
        raise WiderThanParent("not_after")
    # A larger number would be capped silently and the grant would then promise what the node does not do.
    if (asked.late_max_s is not None and asked.late_max_s != child.constraints.late_max_s) or (
        asked.bytes_per_day_max is not None and asked.bytes_per_day_max != child.constraints.bytes_per_day_max
    ):
        raise WiderThanParent("constraints")


def _smaller(left: int | None, right: int | None) -> int | None:
    if left is None or right is None:
        return right if left is None else left
    return min(left, right)


@dataclass(frozen=True, slots=True)
class RoleVerbs:
    """The verbs of one role on streams, on pieces and on the vault as a whole."""

    streams: frozenset[Verb] = frozenset()
    pieces: frozenset[Verb] = frozenset()
    vault: frozenset[Verb] = frozenset()


ROLE_VERBS: Mapping[Role, RoleVerbs] = {
    Role.DEVICE: RoleVerbs(streams=frozenset({Verb.APPEND}), pieces=frozenset({Verb.PUT})),
    Role.READER: RoleVerbs(streams=frozenset({Verb.READ, Verb.LIST}), pieces=frozenset({Verb.GET})),
    Role.WRITER: RoleVerbs(
        streams=frozenset({Verb.APPEND, Verb.READ}), pieces=frozenset({Verb.PUT, Verb.GET, Verb.DELETE})
    ),
    Role.OPERATOR: RoleVerbs(vault=ALL_VERBS),
}

# A piece belongs to a vault and to no stream, and every event body is a piece. Were a row that is narrowed to some
# streams allowed to get or delete pieces, it could read and remove the bodies of all the others.
NARROWED_PIECES = frozenset({Verb.PUT})


def capabilities_of(device: Device, node_key: PublicKey, generation: int = 0) -> tuple[Capability, ...]:
    """The capabilities a registry row gives its key, issued by the node; none unless the device is active."""
    if device.status is not DeviceStatus.ACTIVE:
        return ()
    given = [ROLE_VERBS[role] for role in sorted(device.roles)]
    streams = frozenset[Verb]().union(*(verbs.streams for verbs in given))
    pieces = frozenset[Verb]().union(*(verbs.pieces for verbs in given))
    vault = frozenset[Verb]().union(*(verbs.vault for verbs in given))
    scopes = [(vault_resource(device.vault), vault)]
    scopes += [(stream_resource(device.vault, prefix), streams) for prefix in device.streams or (None,)]
    scopes += [(piece_resource(device.vault), pieces & NARROWED_PIECES if device.streams else pieces)]
    limits = Constraints(late_max_s=device.late_max_s, bytes_per_day_max=device.bytes_per_day_max)
    return tuple(
        Capability(
            issuer=node_key,
            holder=device.key,
            audience=device.vault,
            resource=resource,
            verbs=verbs,
            constraints=limits,
            generation=generation,
        )
        for resource, verbs in scopes
        if verbs
    )
