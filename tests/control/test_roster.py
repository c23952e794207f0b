"""The registry in the order it is shown in: pages, search, counts, and changes that keep it sorted."""

import pytest

from edge_node.base.ids import PublicKey, VaultId
from edge_node.control.errors import NoSuchDevice
from edge_node.control.roster import Roster
from edge_node.trust.device import DeviceAction, DeviceStatus, Enrolment, Role, next_change
from edge_node.trust.devices import BadTransition, DeviceTable, NameTaken


def key(number: int) -> PublicKey:
    return PublicKey(number.to_bytes(32, "big"))


def enrolment(number: int, name: str) -> Enrolment:
    return Enrolment(key=key(number), name=name, roles=frozenset({Role.DEVICE}), vault=VaultId(bytes(32)), t_ms=1)


def roster_of(*names: str) -> Roster:
    table = DeviceTable()
    for number, name in enumerate(names):
        table.apply(enrolment(number, name))
    return Roster(table)


def names(roster: Roster, after: PublicKey | None = None, part: str = "", limit: int = 10) -> list[str]:
    return [device.name for device in roster.page(after, None, part, limit)]


def test_pages_follow_names_without_letter_case() -> None:
    """From a device on, at most so many."""
    roster = roster_of("pump", "Alpha", "beta", "Zeta")
    assert names(roster) == ["Alpha", "beta", "pump", "Zeta"]
    assert names(roster, after=key(2), limit=1) == ["pump"]
    assert names(roster, after=key(3)) == []
    assert names(roster, after=key(99)) == names(roster)


def test_search_is_in_the_name_or_from_the_key_s_beginning() -> None:
    """As a person types it."""
    roster = roster_of("Pump north", "pump south", "fan")
    assert names(roster, part="PUMP") == ["Pump north", "pump south"]
    assert names(roster, part="00" * 31 + "02") == ["fan"]
    assert names(roster, part="nothing") == []


def test_a_new_device_takes_its_place_while_pages_are_cut() -> None:
    """An enrolment between two pages neither repeats nor skips what was there."""
    roster = roster_of("a", "c", "e")
    first = roster.page(None, None, "", 2)
    roster.apply(enrolment(7, "b"))
    roster.apply(enrolment(8, "d"))
    assert [device.name for device in first] == ["a", "c"]
    assert names(roster, after=first[-1].key) == ["d", "e"]
    assert names(roster) == ["a", "b", "c", "d", "e"]


def test_counts_follow_changes() -> None:
    """By status, without counting all of them again."""
    roster = roster_of("a", "b")
    assert roster.counts[DeviceStatus.ACTIVE] == 2
    roster.apply(next_change(roster.find("a"), DeviceAction.SUSPEND, 5))
    roster.apply(enrolment(9, "z"))
    assert dict(roster.counts) == {DeviceStatus.ACTIVE: 2, DeviceStatus.SUSPENDED: 1}
    assert [device.name for device in roster.page(None, DeviceStatus.SUSPENDED, "", 5)] == ["a"]


def test_a_refused_change_changes_nothing() -> None:
    """Neither the table, nor the order, nor the counts."""
    roster = roster_of("a", "b")
    with pytest.raises(NameTaken):
        roster.apply(enrolment(9, "A"))
    with pytest.raises(BadTransition):
        roster.apply(next_change(roster.find("a"), DeviceAction.RESUME, 5))
    assert names(roster) == ["a", "b"]
    assert dict(roster.counts) == {DeviceStatus.ACTIVE: 2}


def test_what_others_applied_is_seen() -> None:
    """A change of the table behind its back is noticed at the next look."""
    roster = roster_of("b")
    roster.table.apply(enrolment(5, "a"))
    assert dict(roster.counts) == {DeviceStatus.ACTIVE: 2}
    assert names(roster) == ["a", "b"]


def test_a_device_is_found_by_name_or_key() -> None:
    """And by nothing else."""
    roster = roster_of("a")
    assert roster.find("a") == roster.find(key(0).hex())
    for wanted in ("", "b", "00", key(1).hex()):
        with pytest.raises(NoSuchDevice):
            roster.find(wanted)
