"""The authorisation door: exact reasons, one audit row a verdict, revocation at once, agreement with the pure check."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.base.errors import Refusal
from edge_node.base.ids import PublicKey, StreamName, VaultId
from edge_node.trust.access import (
    Access,
    AccessDenied,
    MaintenanceAccess,
    Verb,
    bucket_piece_resource,
    bucket_resource,
    check,
    stream_resource,
)
from edge_node.trust.access_capability import Capability, capabilities_of
from edge_node.trust.access_control import AccessControl
from edge_node.trust.access_errors import DeviceRevoked, DeviceSuspended, UnknownKey
from edge_node.trust.audit_row import AuditRow
from edge_node.trust.device import DeviceAction, DeviceStatus, Enrolment, Role, next_change
from edge_node.trust.device_errors import DeviceError
from edge_node.trust.devices import DeviceTable

NODE, KEY, OTHER = PublicKey(b"\x01" * 32), PublicKey(b"\x11" * 32), PublicKey(b"\x12" * 32)
VAULT = VaultId(b"\xab" * 32)
SITE_A = stream_resource(VAULT, StreamName("site/a"))


class Rows:
    """An audit sink that keeps its rows."""

    def __init__(self) -> None:
        self.rows: list[AuditRow] = []

    def record(self, row: AuditRow) -> None:
        self.rows.append(row)


class Desk:
    """A registry with one device on `site`, its access control and its audit rows."""

    def __init__(self, *roles: Role) -> None:
        self.devices = DeviceTable()
        self.devices.apply(self.enrolment(KEY, "pump", *roles or (Role.DEVICE,)))
        self.sink = Rows()
        self.control = AccessControl(self.devices, NODE, self.sink)

    @staticmethod
    def enrolment(key: PublicKey, name: str, *roles: Role) -> Enrolment:
        streams = (StreamName("site"),)
        return Enrolment(
            key=key, name=name, roles=frozenset(roles), vault=VAULT, t_ms=1_000, streams=streams, late_max_s=60
        )

    def act(self, action: DeviceAction, key: PublicKey = KEY) -> None:
        device = self.devices.get(key)
        assert device is not None
        self.devices.apply(next_change(device, action, 2_000))

    def append(self, key: PublicKey = KEY) -> Access:
        return self.control.decide(key, SITE_A, Verb.APPEND, 5_000, "http 192.0.2.7")


def test_an_active_device_gets_its_access_and_one_row() -> None:
    """The Access carries the row's own limits; the verdict is in the audit trail."""
    desk = Desk()
    access = desk.append()
    assert (access.holder, access.resource, access.verb) == (KEY, SITE_A, Verb.APPEND)
    assert access.constraints.late_max_s == 60
    assert desk.sink.rows == [AuditRow(5_000, KEY, SITE_A, "append", "", "http 192.0.2.7")]
    assert desk.sink.rows[0].allowed


def test_an_unknown_key_is_refused() -> None:
    """401: the key was never enrolled."""
    desk = Desk()
    with pytest.raises(UnknownKey):
        desk.append(OTHER)
    assert desk.sink.rows == [AuditRow(5_000, OTHER, SITE_A, "append", "unknown-key", "http 192.0.2.7")]


@pytest.mark.parametrize(
    ("action", "refusal", "slug"),
    [
        (DeviceAction.SUSPEND, DeviceSuspended, "device-suspended"),
        (DeviceAction.REVOKE, DeviceRevoked, "device-revoked"),
    ],
)
def test_a_change_of_status_is_in_force_at_once(
    action: DeviceAction, refusal: type[DeviceSuspended | DeviceRevoked], slug: str
) -> None:
    """The cached rights of a busy device end with the change, and the refusal says since when."""
    desk = Desk()
    desk.append()
    desk.act(action)
    with pytest.raises(refusal) as caught:
        desk.append()
    assert caught.value.since_ms == 2_000
    assert [row.reason for row in desk.sink.rows] == ["", slug]


def test_a_resumed_device_is_served_again() -> None:
    """Suspension leaves nothing behind in the cache."""
    desk = Desk()
    desk.act(DeviceAction.SUSPEND)
    with pytest.raises(DeviceSuspended):
        desk.append()
    desk.act(DeviceAction.RESUME)
    assert desk.append().holder == KEY


def test_a_denial_names_verb_and_resource() -> None:
    """403 for a known key that holds too little."""
    desk = Desk()
    with pytest.raises(AccessDenied) as caught:
        desk.control.decide(KEY, SITE_A, Verb.READ, 5_000)
    assert (caught.value.resource, caught.value.verb, caught.value.why) == (SITE_A, Verb.READ, "not-covered")
    assert [row.reason for row in desk.sink.rows] == ["access-denied"]


def test_a_key_can_be_revoked_without_being_enrolled() -> None:
    """The revocation table stands above the registry, and the first time counts."""
    desk = Desk()
    desk.append()
    for since_ms in (3_000, 4_000):
        desk.control.revoke(KEY, since_ms)
        desk.control.revoke(OTHER, since_ms)
    for key in (KEY, OTHER):
        with pytest.raises(DeviceRevoked) as caught:
            desk.append(key)
        assert caught.value.since_ms == 3_000


def test_revocations_of_the_registry_hold_from_the_start() -> None:
    """A tombstone without a row is a revoked key, not an unknown one."""
    control = AccessControl(DeviceTable(revoked={KEY: 7}), NODE, Rows())
    with pytest.raises(DeviceRevoked):
        control.decide(KEY, SITE_A, Verb.APPEND, 5_000)


def test_screening_refuses_strangers_before_their_signature_is_checked() -> None:
    """A refusal is audited as unproved; passing is silent and gives nothing."""
    desk = Desk()
    assert desk.control.screen(KEY, SITE_A, Verb.APPEND, 5_000, "http 192.0.2.7") is None
    assert desk.sink.rows == []
    with pytest.raises(UnknownKey):
        desk.control.screen(OTHER, SITE_A, Verb.APPEND, 5_000, "http 192.0.2.7")
    assert desk.sink.rows == [AuditRow(5_000, OTHER, SITE_A, "append", "unknown-key", "http 192.0.2.7", proved=False)]


def test_a_standing_access_is_confirmed_for_nothing_while_nothing_changed() -> None:
    """The same object comes back, without a row."""
    desk = Desk()
    access = desk.append()
    assert desk.control.confirm(access, 6_000) is access
    assert len(desk.sink.rows) == 1


def test_a_standing_access_survives_changes_of_others() -> None:
    """After another device's change the access is renewed, still without a row."""
    desk = Desk()
    access = desk.append()
    desk.devices.apply(desk.enrolment(OTHER, "fan", Role.DEVICE))
    renewed = desk.control.confirm(access, 6_000)
    assert renewed.covers(SITE_A, Verb.APPEND)
    assert renewed.generation == desk.control.generation > access.generation
    assert len(desk.sink.rows) == 1


@pytest.mark.parametrize("revoke", [True, False])
def test_a_standing_access_ends_with_its_holder(revoke: bool) -> None:
    """A subscription opened before is refused at its next confirmation, audited."""
    desk = Desk()
    access = desk.append()
    if revoke:
        desk.control.revoke(KEY, 2_000)
    else:
        desk.act(DeviceAction.REVOKE)
    with pytest.raises(DeviceRevoked):
        desk.control.confirm(access, 6_000, "ws 192.0.2.7")
    assert desk.sink.rows[-1] == AuditRow(6_000, KEY, SITE_A, "append", "device-revoked", "ws 192.0.2.7")


# --- by capabilities that an adapter brings

OWNER, READER = PublicKey(VAULT), PublicKey(b"\x21" * 32)
BUCKET, PIECES = bucket_resource(VAULT, 7), bucket_piece_resource(VAULT, 7)
ROOT_RIGHT = Capability(
    issuer=OWNER, holder=KEY, audience=VAULT, resource=BUCKET, verbs=frozenset({Verb.GET, Verb.PUT}), not_after_ms=9_000
)
RIGHT = Capability(
    issuer=KEY, holder=READER, audience=VAULT, resource=BUCKET, verbs=frozenset({Verb.GET}), parent=ROOT_RIGHT
)


def by_right(desk: Desk, holder: PublicKey = READER, verb: Verb = Verb.GET, now_ms: int = 5_000) -> Access:
    """Decide by READER's right, which KEY passed on."""
    return desk.control.decide_by([RIGHT], holder, PIECES, verb, now_ms, "grpc 192.0.2.7")


def test_a_right_that_is_brought_needs_no_enrolment() -> None:
    """The same Access and the same audit row as any other."""
    desk = Desk()
    access = by_right(desk)
    assert (access.holder, access.vault, access.resource, access.verb) == (READER, VAULT, PIECES, Verb.GET)
    assert access.not_after_ms == 9_000
    assert desk.sink.rows == [AuditRow(5_000, READER, PIECES, "get", "", "grpc 192.0.2.7")]


@pytest.mark.parametrize(
    ("holder", "verb", "now_ms", "why"),
    [
        (READER, Verb.PUT, 5_000, "not-covered"),
        (KEY, Verb.GET, 5_000, "not-covered"),
        (OTHER, Verb.GET, 5_000, "not-covered"),
        (READER, Verb.GET, 9_001, "expired"),
    ],
)
def test_a_right_that_is_brought_is_checked_link_by_link(holder: PublicKey, verb: Verb, now_ms: int, why: str) -> None:
    """403 with the reason, and a row."""
    desk = Desk()
    with pytest.raises(AccessDenied) as caught:
        by_right(desk, holder, verb, now_ms)
    assert caught.value.why == why
    assert [row.reason for row in desk.sink.rows] == ["access-denied"]


def test_no_rights_are_denied() -> None:
    """A chain that does not begin with the owner brings none."""
    desk = Desk()
    with pytest.raises(AccessDenied):
        desk.control.decide_by([], READER, PIECES, Verb.GET, 5_000)
    assert [row.reason for row in desk.sink.rows] == ["access-denied"]


@pytest.mark.parametrize("key", [READER, KEY, OWNER], ids=["holder", "between", "owner"])
def test_a_revoked_key_anywhere_in_it_ends_it(key: PublicKey) -> None:
    """Enrolled or not: whoever uses the right or passed it on."""
    desk = Desk()
    access = by_right(desk)
    desk.control.revoke(key, 2_000)
    for again in (lambda: by_right(desk), lambda: desk.control.confirm_by(access, [RIGHT], 6_000)):
        with pytest.raises(DeviceRevoked) as caught:
            again()
        assert caught.value.key == key
    assert [row.reason for row in desk.sink.rows] == ["", "device-revoked", "device-revoked"]


def test_a_suspended_device_passes_nothing_on() -> None:
    """Until it is resumed."""
    desk = Desk()
    desk.act(DeviceAction.SUSPEND)
    with pytest.raises(DeviceSuspended):
        by_right(desk)
    desk.act(DeviceAction.RESUME)
    assert by_right(desk).holder == READER


def test_roles_give_nothing_to_a_right_that_is_brought() -> None:
    """A writer who sends somebody's token has what the token gives, and no more."""
    desk = Desk(Role.WRITER)
    own = stream_resource(VAULT, StreamName("site/a"))
    assert desk.control.decide(KEY, own, Verb.APPEND, 5_000).holder == KEY
    with pytest.raises(AccessDenied):
        desk.control.decide_by([ROOT_RIGHT], KEY, own, Verb.APPEND, 5_000)


def test_a_brought_right_is_confirmed_without_a_row_until_it_ends() -> None:
    """Other devices' changes do not matter; its end does, and is audited."""
    desk = Desk()
    access = by_right(desk)
    desk.devices.apply(desk.enrolment(OTHER, "fan", Role.DEVICE))
    assert desk.control.confirm_by(access, [RIGHT], 9_000).covers(PIECES, Verb.GET)
    assert len(desk.sink.rows) == 1
    with pytest.raises(AccessDenied):
        desk.control.confirm_by(access, [RIGHT], 9_001, "grpc 192.0.2.7")
    assert desk.sink.rows[-1] == AuditRow(9_001, READER, PIECES, "get", "access-denied", "grpc 192.0.2.7")


def test_maintenance_is_audited_under_the_nodes_key() -> None:
    """The node's own work leaves a row with its task."""
    desk = Desk()
    access = desk.control.maintain("scrub", 5_000)
    assert isinstance(access, MaintenanceAccess)
    assert access.task == "scrub"
    assert desk.sink.rows == [AuditRow(5_000, NODE, "maintenance/scrub", "maintain", "", "node")]


def test_every_change_raises_the_generation() -> None:
    """Whoever keeps something derived from rights can see that it is old."""
    desk = Desk()
    seen = [desk.control.generation]
    desk.act(DeviceAction.SUSPEND)
    seen.append(desk.control.generation)
    desk.control.revoke(OTHER, 1)
    seen.append(desk.control.generation)
    assert seen == sorted(set(seen))


KEYS = [PublicKey(bytes([n]) * 32) for n in range(3)]
ROLES = st.frozensets(st.sampled_from(Role), min_size=1)
STEPS = st.lists(st.tuples(st.integers(0, 2), st.none() | st.sampled_from(DeviceAction), ROLES), max_size=20)
EXPECTED = {DeviceStatus.SUSPENDED: "device-suspended", DeviceStatus.REVOKED: "device-revoked"}


@given(STEPS, st.sampled_from(Verb))
def test_the_cached_decision_equals_a_fresh_one(
    steps: list[tuple[int, DeviceAction | None, frozenset[Role]]], verb: Verb
) -> None:
    """After any history, asked at each step, the door answers as the registry and the pure check say; one row each."""
    devices, sink = DeviceTable(), Rows()
    control = AccessControl(devices, NODE, sink)
    asked = 0
    for n, action, roles in steps:
        device = devices.get(KEYS[n])
        try:
            if action is None:
                devices.apply(Enrolment(key=KEYS[n], name=f"d{n}", roles=roles, vault=VAULT, t_ms=1))
            elif device is not None:
                devices.apply(next_change(device, action, 2))
        except DeviceError:
            pass
        for key in KEYS:
            asked += 1
            assert verdict_of(control, key, verb) == fresh_verdict(devices, key, verb)
            assert len(sink.rows) == asked
            assert (sink.rows[-1].holder, sink.rows[-1].reason) == (key, fresh_verdict(devices, key, verb))


def test_a_key_is_recognised_by_its_standing_alone() -> None:
    """Active, whatever it may do: one row; a refusal before the proof says that the key is only claimed."""
    desk = Desk()
    desk.control.recognise(KEY, 5_000, "bearer", "http 192.0.2.7", proved=False)
    desk.control.recognise(KEY, 5_000, "bearer", "http 192.0.2.7")
    assert desk.sink.rows == [AuditRow(5_000, KEY, "bearer", "hold", "", "http 192.0.2.7")]
    with pytest.raises(UnknownKey):
        desk.control.recognise(OTHER, 5_000, "bearer", proved=False)
    assert desk.sink.rows[-1] == AuditRow(5_000, OTHER, "bearer", "hold", "unknown-key", "", proved=False)
    desk.act(DeviceAction.SUSPEND)
    with pytest.raises(DeviceSuspended):
        desk.control.recognise(KEY, 5_000, "bearer")
    desk.control.revoke(KEY, 3_000)
    with pytest.raises(DeviceRevoked):
        desk.control.recognise(KEY, 5_000, "bearer")


def verdict_of(control: AccessControl, key: PublicKey, verb: Verb) -> str:
    """The slug of the refusal, empty if allowed."""
    try:
        control.decide(key, SITE_A, verb, 5_000)
    except Refusal as refusal:
        return refusal.slug
    return ""


def fresh_verdict(devices: DeviceTable, key: PublicKey, verb: Verb) -> str:
    """The same without any cache."""
    device = devices.get(key)
    if device is None:
        return "unknown-key"
    if device.status in EXPECTED:
        return EXPECTED[device.status]
    verdict = check(capabilities_of(device, NODE), key, SITE_A, verb, 5_000)
    return "" if isinstance(verdict, Access) else "access-denied"
