"""Descriptions as text: what is read of a line, and that a line nobody can read is refused."""

import pytest

from edge_node.devnet.pallets.shape import (
    Arm,
    BadDescription,
    FieldShape,
    Item,
    calls,
    enum,
    errors,
    events,
    split_list,
    storage,
    struct,
)


def test_commas_in_brackets_part_nothing():
    """A list is split where no bracket is open."""
    assert split_list("a: Vec<(u8, u16)>, [u8; 3], X{b: A, c: B}") == ["a: Vec<(u8, u16)>", "[u8; 3]", "X{b: A, c: B}"]
    assert split_list("  ") == []


def test_calls_carry_their_own_index():
    """Indexes may have gaps, as those of real pallets do."""
    assert calls("3 put(key: Vec<u8>)\n 9 clear()") == (
        Arm("put", 3, (FieldShape("key", "Vec<u8>"),)),
        Arm("clear", 9),
    )


def test_events_count_from_zero_and_need_no_names():
    """Positional fields have no name, and a bare event no fields."""
    assert events("Done\nMoved(A, u8)\nSet{who: A}") == (
        Arm("Done", 0),
        Arm("Moved", 1, (FieldShape(None, "A"), FieldShape(None, "u8"))),
        Arm("Set", 2, (FieldShape("who", "A"),)),
    )


def test_an_enum_may_count_from_one():
    """As StorageNodeMode does on the wire."""
    assert [arm.index for arm in enum("a::B", "X, Y", first=1).arms] == [1, 2]


def test_storage_tells_values_maps_and_what_may_be_absent():
    """An Option at the outside says that absence is a value."""
    assert storage("Count: u64\nNodes[Twox64Concat Key, Blake2_256 [u8; 4]]: Option<Vec<u8>>") == (
        Item("Count", (), "u64", optional=False),
        Item("Nodes", (("Twox64Concat", "Key"), ("Blake2_256", "[u8; 4]")), "Vec<u8>", optional=True),
    )


def test_structs_and_errors_are_lists():
    """Errors are names in order, over any number of lines."""
    assert struct("a::B", "u8").fields == (FieldShape(None, "u8"),)
    assert errors("A\n  B C") == ("A", "B", "C")


@pytest.mark.parametrize("line", ["put(key: u8)", "x put()"])
def test_a_call_without_an_index_is_refused(line):
    """A call's index is never guessed."""
    with pytest.raises(BadDescription):
        calls(line)


@pytest.mark.parametrize("line", ["Moved[u8]", "Moved(u8", "(u8)"])
def test_an_event_of_no_form_is_refused(line):
    """Brackets close and a name stands first."""
    with pytest.raises(BadDescription):
        events(line)


def test_an_item_without_a_type_is_refused():
    """A storage item says what it holds."""
    with pytest.raises(BadDescription):
        storage("Count")
