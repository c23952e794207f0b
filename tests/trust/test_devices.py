"""The registry in memory: which changes it takes, which it refuses, and what stays as it was."""

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from edge_node.base.ids import PublicKey, StreamName, VaultId
from edge_node.trust.device import Device, DeviceAction, DeviceStatus, Enrolment, Role, next_change
from edge_node.trust.device_errors import (
    BadTransition,
    DeviceError,
    DeviceExists,
    KeyWasRevoked,
    MalformedDevice,
    NameTaken,
    StaleChange,
    UnknownDevice,
)
from edge_node.trust.devices import DeviceTable

KEY, OTHER = PublicKey(b"\x11" * 32), PublicKey(b"\x12" * 32)
VAULT = VaultId(b"\x22" * 32)


def enrolment(key: PublicKey = KEY, name: str = "pump-1", t_ms: int = 1_000) -> Enrolment:
    """A sound enrolment."""
    return Enrolment(key=key, name=name, roles=frozenset({Role.DEVICE}), vault=VAULT, t_ms=t_ms)


def act(table: DeviceTable, action: DeviceAction, key: PublicKey = KEY) -> Device:
    """Do `action` to the device as the table has it."""
    device = table.get(key)
    assert device is not None
    return table.apply(next_change(device, action, 2_000))


def test_an_unknown_key_is_nobody() -> None:
    """An empty registry knows no key and no name."""
    table = DeviceTable()
    assert table.get(KEY) is None
    assert table.named("pump-1") is None
    assert list(table.list()) == []


def test_enrolling_makes_a_device_active_and_findable() -> None:
    """A device is found by key and by name, whatever the case."""
    table = DeviceTable()
    device = table.apply(enrolment())
    assert device.status is DeviceStatus.ACTIVE
    assert table.get(KEY) is device
    assert table.named("PUMP-1") is device


def test_a_known_key_is_not_enrolled_again() -> None:
    """Neither an active nor a suspended device can be enrolled over, under any name."""
    table = DeviceTable()
    table.apply(enrolment())
    with pytest.raises(DeviceExists):
        table.apply(enrolment(name="pump-2"))
    act(table, DeviceAction.SUSPEND)
    with pytest.raises(DeviceExists):
        table.apply(enrolment())


def test_a_revoked_key_is_never_enrolled_again() -> None:
    """The refusal says since when the key is revoked."""
    table = DeviceTable()
    table.apply(enrolment())
    act(table, DeviceAction.REVOKE)
    with pytest.raises(KeyWasRevoked) as caught:
        table.apply(enrolment(name="another"))
    assert caught.value.since_ms == 2_000


def test_a_revoked_key_without_a_row_is_refused_too() -> None:
    """A tombstone is enough: the enrolment it once had may be lost."""
    table = DeviceTable(revoked={KEY: 7})
    with pytest.raises(KeyWasRevoked):
        table.apply(enrolment())


def test_names_are_unique_among_devices_that_are_not_revoked() -> None:
    """A name is free again once its device is revoked, not while it is suspended."""
    table = DeviceTable()
    table.apply(enrolment())
    with pytest.raises(NameTaken) as caught:
        table.apply(enrolment(OTHER, "Pump-1"))
    assert caught.value.holder == KEY
    act(table, DeviceAction.SUSPEND)
    with pytest.raises(NameTaken):
        table.apply(enrolment(OTHER, "Pump-1"))
    act(table, DeviceAction.REVOKE)
    assert table.apply(enrolment(OTHER, "Pump-1")) is table.named("pump-1")
    assert [device.status for device in table.list()] == [DeviceStatus.REVOKED, DeviceStatus.ACTIVE]


@pytest.mark.parametrize(
    ("path", "action"),
    [
        ([], DeviceAction.RESUME),
        ([DeviceAction.SUSPEND], DeviceAction.SUSPEND),
        *(([DeviceAction.REVOKE], action) for action in DeviceAction),
    ],
)
def test_illegal_actions_are_refused(path: list[DeviceAction], action: DeviceAction) -> None:
    """A pair outside the transition table changes nothing."""
    table = DeviceTable()
    table.apply(enrolment())
    for step in path:
        act(table, step)
    before = table.get(KEY), table.generation
    with pytest.raises(BadTransition):
        act(table, action)
    assert (table.get(KEY), table.generation) == before


def test_suspend_and_resume_come_back_to_active() -> None:
    """A suspended device resumes as it was, two revisions later."""
    table = DeviceTable()
    table.apply(enrolment())
    act(table, DeviceAction.SUSPEND)
    device = act(table, DeviceAction.RESUME)
    assert (device.status, device.revision) == (DeviceStatus.ACTIVE, 3)


def test_of_two_changes_made_from_one_row_the_second_is_stale() -> None:
    """Whoever decided on an older row must look again."""
    table = DeviceTable()
    device = table.apply(enrolment())
    table.apply(next_change(device, DeviceAction.SUSPEND, 2_000))
    with pytest.raises(StaleChange):
        table.apply(next_change(device, DeviceAction.REVOKE, 2_001))


def test_changes_to_unknown_devices_are_refused() -> None:
    """There is nothing to suspend."""
    device = DeviceTable().outcome(enrolment())
    with pytest.raises(UnknownDevice):
        DeviceTable().apply(next_change(device, DeviceAction.SUSPEND, 2_000))


def test_malformed_changes_are_refused() -> None:
    """The rules of form hold for enrolments and for notes."""
    table = DeviceTable()
    with pytest.raises(MalformedDevice):
        table.apply(enrolment(name="a\nb"))
    device = table.apply(enrolment())
    with pytest.raises(MalformedDevice):
        table.apply(next_change(device, DeviceAction.SUSPEND, 2_000, "a\nb"))


def test_outcome_changes_nothing() -> None:
    """A change can be tried before it is written to the log."""
    table = DeviceTable()
    device = table.outcome(enrolment())
    assert table.get(KEY) is None
    assert table.generation == 0
    assert table.apply(enrolment()) == device
    assert table.generation == 1


def test_prefixes_are_kept_as_given() -> None:
    """The registry stores stream prefixes in the operator's order."""
    prefixes = (StreamName("site/b"), StreamName("site/a"))
    change = Enrolment(
        key=KEY, name="p", roles=frozenset({Role.READER}), vault=VAULT, t_ms=1, streams=prefixes, late_max_s=5
    )
    assert DeviceTable().apply(change).streams == prefixes


class RegistryWalk(RuleBasedStateMachine):
    """Any walk through the registry keeps its promises."""

    def __init__(self) -> None:
        super().__init__()
        self.table = DeviceTable()
        self.revoked: set[PublicKey] = set()
        self.keys = [PublicKey(bytes([n]) * 32) for n in range(4)]

    @rule(n=st.integers(0, 3), name=st.sampled_from(["a", "A", "b"]))
    def enrol(self, n: int, name: str) -> None:
        self.try_to(enrolment(self.keys[n], name))

    @rule(n=st.integers(0, 3), action=st.sampled_from(DeviceAction))
    def act(self, n: int, action: DeviceAction) -> None:
        device = self.table.get(self.keys[n])
        if device is not None:
            self.try_to(next_change(device, action, 2_000))

    def try_to(self, change: object) -> None:
        before, generation = list(self.table.list()), self.table.generation
        try:
            self.table.apply(change)  # type: ignore[arg-type]
        except DeviceError:
            assert (list(self.table.list()), self.table.generation) == (before, generation)
        else:
            assert self.table.generation == generation + 1
        self.revoked |= {d.key for d in self.table.list() if d.status is DeviceStatus.REVOKED}

    @invariant()
    def revoked_stays_revoked(self) -> None:
        for key in self.revoked:
            device = self.table.get(key)
            assert device is not None
            assert device.status is DeviceStatus.REVOKED
        assert set(self.table.revoked()) == self.revoked

    @invariant()
    def names_are_unique(self) -> None:
        names = [d.name.casefold() for d in self.table.list() if d.status is not DeviceStatus.REVOKED]
        assert len(names) == len(set(names))
        for device in self.table.list():
            if device.status is not DeviceStatus.REVOKED:
                assert self.table.named(device.name) is device


RegistryWalk.TestCase.__doc__ = "Any walk through the registry keeps its promises."
TestRegistryWalk = RegistryWalk.TestCase
