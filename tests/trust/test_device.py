"""The values of the registry and the table of statuses."""

import itertools

import pytest

from edge_node.base.ids import PublicKey, StreamName, VaultId
from edge_node.trust.device import (
    TRANSITIONS,
    Device,
    DeviceAction,
    DeviceStatus,
    Enrolment,
    Role,
    changed,
    enrolled,
    next_change,
)

ENROLMENT = Enrolment(
    key=PublicKey(b"\x11" * 32),
    name="pump-1",
    roles=frozenset({Role.DEVICE}),
    vault=VaultId(b"\x22" * 32),
    t_ms=1_000,
    streams=(StreamName("site/pump"),),
    note="by the gate",
    late_max_s=60,
    bytes_per_day_max=1_000_000,
)


def reachable(status: DeviceStatus) -> set[DeviceStatus]:
    """Every status that some sequence of actions leads to."""
    return {after for (before, _), after in TRANSITIONS.items() if before is status}


def test_revoked_leads_nowhere() -> None:
    """Revocation is final: no action leaves it."""
    assert reachable(DeviceStatus.REVOKED) == set()


def test_the_transition_table_holds_exactly_the_legal_pairs() -> None:
    """active <-> suspended, both -> revoked; the other five pairs are absent."""
    every = set(itertools.product(DeviceStatus, DeviceAction))
    assert every - set(TRANSITIONS) == {
        (DeviceStatus.ACTIVE, DeviceAction.RESUME),
        (DeviceStatus.SUSPENDED, DeviceAction.SUSPEND),
        *((DeviceStatus.REVOKED, action) for action in DeviceAction),
    }
    assert reachable(DeviceStatus.ACTIVE) == {DeviceStatus.SUSPENDED, DeviceStatus.REVOKED}
    assert reachable(DeviceStatus.SUSPENDED) == {DeviceStatus.ACTIVE, DeviceStatus.REVOKED}


def test_an_enrolled_device_is_active_at_revision_one() -> None:
    """Enrolment carries every field over and starts the count of changes."""
    device = enrolled(ENROLMENT)
    assert device == Device(
        key=ENROLMENT.key,
        name="pump-1",
        roles=frozenset({Role.DEVICE}),
        vault=ENROLMENT.vault,
        streams=(StreamName("site/pump"),),
        status=DeviceStatus.ACTIVE,
        enrolled_ms=1_000,
        changed_ms=1_000,
        note="by the gate",
        late_max_s=60,
        bytes_per_day_max=1_000_000,
        revision=1,
    )


@pytest.mark.parametrize(("note", "kept"), [("", "by the gate"), ("stolen", "stolen")])
def test_a_change_moves_status_time_and_revision(note: str, kept: str) -> None:
    """The next change carries the next revision; an empty note leaves the older one standing."""
    change = next_change(enrolled(ENROLMENT), DeviceAction.REVOKE, 2_000, note)
    device = changed(enrolled(ENROLMENT), change, DeviceStatus.REVOKED)
    assert (device.status, device.changed_ms, device.revision, device.note) == (DeviceStatus.REVOKED, 2_000, 2, kept)
    assert device.enrolled_ms == 1_000


def test_values_are_frozen_and_show_keys_shortened() -> None:
    """A row cannot be changed in place, and its repr is fit for a log."""
    device = enrolled(ENROLMENT)
    with pytest.raises(AttributeError):
        device.status = DeviceStatus.REVOKED  # type: ignore[misc]
    assert ENROLMENT.key.hex() not in repr(device)
