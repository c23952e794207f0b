"""The registry at rest: the same as in memory, whatever stretch of the log is played again."""

import sqlite3
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.base.ids import PublicKey, StreamName, VaultId
from edge_node.trust.device import (
    Device,
    DeviceAction,
    DeviceChange,
    DeviceStatus,
    Enrolment,
    Role,
    StatusChange,
    next_change,
)
from edge_node.trust.device_errors import DeviceError, KeyWasRevoked
from edge_node.trust.device_rows import DEVICES_SCHEMA, apply_changes, load_devices
from edge_node.trust.devices import DeviceTable

KEY, VAULT = PublicKey(b"\x11" * 32), VaultId(b"\x22" * 32)
ENROL = Enrolment(
    key=KEY,
    name="Pump Ω",
    roles=frozenset({Role.DEVICE, Role.READER}),
    vault=VAULT,
    t_ms=1_000,
    streams=(StreamName("site/b"), StreamName("a")),
    note="by the gate",
    late_max_s=60,
    bytes_per_day_max=2**62,
)


def step(action: DeviceAction, revision: int, t_ms: int = 2_000) -> StatusChange:
    """A status change of KEY."""
    return StatusChange(action=action, key=KEY, revision=revision, t_ms=t_ms)


@pytest.fixture
def conn() -> Iterator[sqlite3.Connection]:
    """meta.db in memory, with the registry's tables."""
    conn = sqlite3.connect(":memory:")
    conn.executescript(DEVICES_SCHEMA)
    yield conn
    conn.close()


def test_the_schema_may_be_run_again(conn: sqlite3.Connection) -> None:
    """Every start runs it; rows stay."""
    apply_changes(conn, [ENROL])
    conn.executescript(DEVICES_SCHEMA)
    assert load_devices(conn).get(KEY) is not None


def test_rows_come_back_as_they_were_enrolled(conn: sqlite3.Connection) -> None:
    """Every field survives, prefixes in order."""
    assert apply_changes(conn, [ENROL]) == 1
    table = DeviceTable()
    assert load_devices(conn).get(KEY) == table.apply(ENROL)


def test_a_change_applied_twice_changes_nothing(conn: sqlite3.Connection) -> None:
    """A replayed enrolment, suspension or resumption is recognised by its revision."""
    history = [ENROL, step(DeviceAction.SUSPEND, 2), step(DeviceAction.RESUME, 3)]
    assert apply_changes(conn, history) == 3
    before = load_devices(conn).get(KEY)
    assert apply_changes(conn, history) == 0
    assert apply_changes(conn, history[1:2]) == 0
    assert load_devices(conn).get(KEY) == before


def test_revoked_stays_revoked_through_any_replay(conn: sqlite3.Connection) -> None:
    """Neither the old enrolment nor a later forged resumption brings a key back."""
    apply_changes(conn, [ENROL, step(DeviceAction.REVOKE, 2), ENROL, step(DeviceAction.RESUME, 3)])
    table = load_devices(conn)
    device = table.get(KEY)
    assert device is not None
    assert device.status is DeviceStatus.REVOKED
    assert table.revoked() == {KEY: 2_000}


def test_a_revocation_outlives_a_lost_enrolment(conn: sqlite3.Connection) -> None:
    """If bit rot took the enrolment from the log, the key is still revoked and cannot be enrolled."""
    assert apply_changes(conn, [step(DeviceAction.REVOKE, 2)]) == 0
    table = load_devices(conn)
    assert table.get(KEY) is None
    with pytest.raises(KeyWasRevoked):
        table.apply(ENROL)
    apply_changes(conn, [ENROL])
    device = load_devices(conn).get(KEY)
    assert device is not None
    assert (device.status, device.changed_ms) == (DeviceStatus.REVOKED, 2_000)


def test_a_lost_record_between_two_is_survived(conn: sqlite3.Connection) -> None:
    """A gap in the revisions leaves the status that the table of transitions allows, and never raises."""
    apply_changes(conn, [ENROL, step(DeviceAction.RESUME, 3), step(DeviceAction.SUSPEND, 4)])
    device = load_devices(conn).get(KEY)
    assert device is not None
    assert (device.status, device.revision) == (DeviceStatus.SUSPENDED, 4)


def test_the_callers_transaction_is_respected(conn: sqlite3.Connection) -> None:
    """What the caller rolls back was never there."""
    conn.execute("BEGIN")
    apply_changes(conn, [ENROL])
    conn.rollback()
    assert list(load_devices(conn).list()) == []


KEYS = [PublicKey(bytes([n]) * 32) for n in range(3)]
STEPS = st.lists(
    st.tuples(st.integers(0, 2), st.sampled_from([None, *DeviceAction]), st.sampled_from(["a", "b", "c"])), max_size=25
)


def history_of(steps: list[tuple[int, DeviceAction | None, str]]) -> tuple[DeviceTable, list[DeviceChange]]:
    """Walk the registry in memory and keep the changes that it took, as the log would."""
    table, log = DeviceTable(), list[DeviceChange]()
    for t_ms, (n, action, name) in enumerate(steps):
        device = table.get(KEYS[n])
        change: DeviceChange
        if action is None:
            change = Enrolment(key=KEYS[n], name=name, roles=frozenset({Role.DEVICE}), vault=VAULT, t_ms=t_ms)
        elif device is not None:
            change = next_change(device, action, t_ms, f"step {t_ms}")
        else:
            continue
        try:
            table.apply(change)
        except DeviceError:
            continue
        log.append(change)
    return table, log


@given(STEPS, st.lists(st.tuples(st.integers(0, 25), st.integers(0, 25)), max_size=4))
def test_disk_equals_memory_after_any_replays(
    steps: list[tuple[int, DeviceAction | None, str]], replays: list[tuple[int, int]]
) -> None:
    """The log applied in pieces, with any stretches of its past played again, gives the registry in memory."""
    table, log = history_of(steps)
    conn = sqlite3.connect(":memory:")
    conn.executescript(DEVICES_SCHEMA)
    done = 0
    for upto, start in [*replays, (len(log), 0)]:
        apply_changes(conn, log[done:upto])
        done = max(done, min(upto, len(log)))
        apply_changes(conn, log[start:done])
    loaded = load_devices(conn)
    conn.close()
    assert rows(loaded) == rows(table)
    assert loaded.revoked() == table.revoked()


def rows(table: DeviceTable) -> list[Device]:
    """What a registry holds."""
    return list(table.list())
