"""Proved values in memory: those of the newest root alone, and no more than there is room for."""

from hypothesis import given, settings
from hypothesis import strategies as st

from edge_node.base.ids import Hash256
from edge_node.chain_light.proved_values import ENTRY_COSTS, LARGE_PART, ProvedValues

ONE, TWO = Hash256(bytes(32)), Hash256(b"\1" * 32)


def kept(**more):
    values = ProvedValues(**more)
    values.move_to(ONE)
    return values


def test_what_was_proved_is_known():
    """An absence too; what was not asked is not."""
    values = kept()
    values.put(ONE, {b"a": b"1", b"b": None})
    assert values.known(ONE, (b"a", b"b", b"c")) == {b"a": b"1", b"b": None}


def test_a_newer_root_forgets_all():
    """And what was proved under the former one, and comes later, is not kept."""
    values = kept()
    values.put(ONE, {b"a": b"1"})
    assert values.known(TWO, (b"a",)) == {}
    values.move_to(ONE)
    assert values.known(ONE, (b"a",)) == {b"a": b"1"}
    values.move_to(TWO)
    values.put(ONE, {b"b": b"2"})
    assert values.known(ONE, (b"a", b"b")) == values.known(TWO, (b"a", b"b")) == {}
    assert values.size == 0


def test_the_oldest_go_first():
    """When there is no more room."""
    values = kept(bytes_max=10 * (1 + ENTRY_COSTS))
    for place in range(15):
        values.put(ONE, {bytes((place,)): None})
    assert list(values.known(ONE, tuple(bytes((place,)) for place in range(15)))) == [bytes((n,)) for n in range(5, 15)]


def test_a_large_value_is_not_kept():
    """At an eighth of the room it is, above it not."""
    room = 8 * 1_000
    values = kept(bytes_max=room)
    most = room // LARGE_PART - ENTRY_COSTS - 1
    values.put(ONE, {b"a": bytes(most), b"b": bytes(most + 1)})
    assert list(values.known(ONE, (b"a", b"b"))) == [b"a"]


@given(st.lists(st.dictionaries(st.binary(max_size=3), st.none() | st.binary(max_size=300), max_size=9), max_size=20))
@settings(max_examples=50)
def test_it_costs_what_it_says(puts):
    """Never more than its bound, and what it says of itself is so."""
    values = kept(bytes_max=2_000)
    for one in puts:
        values.put(ONE, one)
        found = values.known(ONE, tuple(values._values))
        assert values.size == sum(len(key) + len(value or b"") + ENTRY_COSTS for key, value in found.items()) <= 2_000
