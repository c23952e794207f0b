"""The authorisation door of the running node: registry, revocations, cached capabilities, one audit row per verdict."""

from collections.abc import Sequence

from edge_node.base.errors import Refusal
from edge_node.base.ids import PublicKey
from edge_node.trust.access import Access, Deny, DenyReason, MaintenanceAccess, check, mint_maintenance
from edge_node.trust.access_capability import Capability, Verb, capabilities_of
from edge_node.trust.access_errors import AccessDenied, DeviceRevoked, DeviceSuspended, UnknownKey
from edge_node.trust.access_resource import Resource
from edge_node.trust.audit_row import AuditRow, AuditSink
from edge_node.trust.device import Device, DeviceStatus
from edge_node.trust.devices import DeviceTable

GIVEN_MAX = 16_384  # accesses kept for reuse, about 400 bytes each; the busy ones come back at once


class AccessControl:
    """Decides for every door, on the event loop. Only enrolled keys are cached, so the registry bounds the memory.

    A change applied to `devices`, by whomever, is in force with the next call: the cache compares generations.
    """

    def __init__(self, devices: DeviceTable, node_key: PublicKey, audit: AuditSink) -> None:
        self._devices = devices
        self._node_key = node_key
        self._audit = audit
        self._revoked: dict[PublicKey, int] = dict(devices.revoked())
        self._revocations = 0
        self._cache: dict[PublicKey, tuple[Capability, ...]] = {}
        self._given: dict[tuple[PublicKey, Resource, Verb], Access] = {}
        self._cached_at = self.generation

    @property
    def generation(self) -> int:
        """Grows with every device change and every revocation; an Access with another one is to be confirmed."""
        return self._devices.generation + self._revocations

    def revoke(self, key: PublicKey, since_ms: int) -> None:
        """Refuse `key` from now on, enrolled or not. Keeping it across restarts is the caller's: a device change."""
        if key not in self._revoked:
            self._revoked[key] = since_ms
            self._revocations += 1

    def screen(self, holder: PublicKey, resource: Resource, verb: Verb, now_ms: int, source: str = "") -> None:
        """Raise what `decide` would, before a signature is verified, so that strangers cost no verification.

        Passing means nothing yet: no row is written and no Access given. A refusal's row says the key is only claimed.
        """
        verdict = self._verdict(holder, resource, verb, now_ms)
        if isinstance(verdict, Refusal):
            self._audit.record(AuditRow(now_ms, holder, resource, verb, verdict.slug, source, proved=False))
            raise verdict

    def refuse_claimed(
        self, holder: PublicKey, resource: Resource, verb: Verb, now_ms: int, source: str = ""
    ) -> AccessDenied:
        """The refusal, with its row, of a right that could not be given even if `holder` were who it claims to be."""
        refusal = AccessDenied(holder, resource, verb, DenyReason.NOT_COVERED)
        self._audit.record(AuditRow(now_ms, holder, resource, verb, refusal.slug, source, proved=False))
        return refusal

    def decide(self, holder: PublicKey, resource: Resource, verb: Verb, now_ms: int, source: str = "") -> Access:
        """Give the Access or raise UnknownKey, DeviceSuspended, DeviceRevoked or AccessDenied; one audit row.

        `holder` is the key whose signature was verified, `now_ms` ms since 1970 UTC, `source` door and address.
        """
        verdict = self._verdict(holder, resource, verb, now_ms)
        if isinstance(verdict, Access):
            self._audit.record(AuditRow(now_ms, holder, resource, verb, "", source))
            return verdict
        self._audit.record(AuditRow(now_ms, holder, resource, verb, verdict.slug, source))
        raise verdict

    def decide_by(
        self,
        capabilities: Sequence[Capability],
        holder: PublicKey,
        resource: Resource,
        verb: Verb,
        now_ms: int,
        source: str = "",
    ) -> Access:
        """As `decide`, by capabilities that an adapter brings (a token's chain, a public bucket) instead of a row.

        `holder` need not be enrolled; but where it, or who passed the right on, is enrolled and suspended or revoked,
        that is the answer: DeviceSuspended, DeviceRevoked, else AccessDenied.
        """
        verdict = self._verdict_by(capabilities, holder, resource, verb, now_ms)
        if isinstance(verdict, Access):
            self._audit.record(AuditRow(now_ms, holder, resource, verb, "", source))
            return verdict
        self._audit.record(AuditRow(now_ms, holder, resource, verb, verdict.slug, source))
        raise verdict

    def confirm_by(self, access: Access, capabilities: Sequence[Capability], now_ms: int, source: str = "") -> Access:
        """As `confirm`, for an access of `decide_by`: give the one to go on with, or raise and audit the refusal.

        It asks anew at every call, about 3 us: an access of `decide_by` is not tied to `generation`.
        """
        verdict = self._verdict_by(capabilities, access.holder, access.resource, access.verb, now_ms)
        if isinstance(verdict, Access):
            return verdict
        self._audit.record(AuditRow(now_ms, access.holder, access.resource, access.verb, verdict.slug, source))
        raise verdict

    def recognise(self, holder: PublicKey, now_ms: int, what: str, source: str = "", *, proved: bool = True) -> None:
        """Raise UnknownKey, DeviceSuspended or DeviceRevoked unless the key is enrolled and active.

        For what gives no access by itself, named `what` in the audit row. Not yet `proved`, only a refusal has a row,
        as with `screen`.
        """
        verdict = self._standing(holder)
        if isinstance(verdict, Refusal):
            self._audit.record(AuditRow(now_ms, holder, what, "hold", verdict.slug, source, proved=proved))
            raise verdict
        if proved:
            self._audit.record(AuditRow(now_ms, holder, what, "hold", "", source))

    def confirm(self, access: Access, now_ms: int, source: str = "") -> Access:
        """Re-check an access that outlives one request (a subscription, a long read) and give the one to go on with.

        Only a verdict that turned to No is a new one: it is audited and raised as by `decide`.
        """
        ended = access.not_after_ms is not None and now_ms > access.not_after_ms
        if access.generation == self.generation and not ended:
            return access
        verdict = self._verdict(access.holder, access.resource, access.verb, now_ms)
        if isinstance(verdict, Access):
            return verdict
        row = AuditRow(now_ms, access.holder, access.resource, access.verb, verdict.slug, source)
        self._audit.record(row)
        raise verdict

    def maintain(self, task: str, now_ms: int) -> MaintenanceAccess:
        """An access for the node's own work, named `task`; audited under the node's key."""
        self._audit.record(AuditRow(now_ms, self._node_key, "maintenance/" + task, "maintain", "", "node"))
        return mint_maintenance(task)

    def _standing(self, holder: PublicKey) -> Device | Refusal:
        if (since_ms := self._revoked.get(holder)) is not None:
            return DeviceRevoked(holder, since_ms)
        device = self._devices.get(holder)
        if device is None:
            return UnknownKey(holder)
        return device if device.status is DeviceStatus.ACTIVE else _refusal_of(device)

    def _verdict(self, holder: PublicKey, resource: Resource, verb: Verb, now_ms: int) -> Access | Refusal:
        device = self._standing(holder)
        if isinstance(device, Refusal):
            return device
        capabilities = self._capabilities(device)
        given = self._given.get((holder, resource, verb))
        if given is not None and (given.not_after_ms is None or now_ms <= given.not_after_ms):
            return given
        verdict = check(capabilities, holder, resource, verb, now_ms)
        if isinstance(verdict, Deny):
            return AccessDenied(holder, resource, verb, verdict.reason)
        if not any(capability.not_before_ms for capability in capabilities):
            self._keep(verdict)
        return verdict

    def _verdict_by(
        self, capabilities: Sequence[Capability], holder: PublicKey, resource: Resource, verb: Verb, now_ms: int
    ) -> Access | Refusal:
        if (refusal := self._barred(holder)) is not None:
            return refusal
        for capability in capabilities:
            link: Capability | None = capability
            while link is not None:
                if (refusal := self._barred(link.issuer)) is not None:
                    return refusal
                link = link.parent
        verdict = check(capabilities, holder, resource, verb, now_ms)
        return AccessDenied(holder, resource, verb, verdict.reason) if isinstance(verdict, Deny) else verdict

    def _barred(self, key: PublicKey) -> Refusal | None:
        """Why a key may not act at all; None also for one that was never enrolled."""
        if (since_ms := self._revoked.get(key)) is not None:
            return DeviceRevoked(key, since_ms)
        device = self._devices.get(key)
        return None if device is None or device.status is DeviceStatus.ACTIVE else _refusal_of(device)

    def _keep(self, access: Access) -> None:
        # An Access cannot be changed, so the same one serves every request for the same thing until a generation ends.
        # One that depends on a beginning is decided anew each time: a clock that steps back must find it closed.
        if len(self._given) >= GIVEN_MAX:
            self._given.clear()
        self._given[access.holder, access.resource, access.verb] = access

    def _capabilities(self, device: Device) -> tuple[Capability, ...]:
        # Devices change seldom: starting over costs each key 10 us once, and forgets nothing that could be stale.
        if self._cached_at != (generation := self.generation):
            self._cache.clear()
            self._given.clear()
            self._cached_at = generation
        cached = self._cache.get(device.key)
        if cached is None:
            cached = self._cache[device.key] = capabilities_of(device, self._node_key, generation)
        return cached


def _refusal_of(device: Device) -> Refusal:
    if device.status is DeviceStatus.REVOKED:
        return DeviceRevoked(device.key, device.changed_ms)
    return DeviceSuspended(device.key, device.changed_ms)
