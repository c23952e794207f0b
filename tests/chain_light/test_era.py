"""Eras: as other implementations write them, and what is none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.chain_light.codec import encode_value
from edge_node.chain_light.era import IMMORTAL, MalformedEra, Mortal, OddPeriod, era_at, era_of, era_value
from edge_node.chain_light.values import Chosen
from tests.chain_light.runtimes import JS, mini_metadata

MINI = mini_metadata()
ERA = MINI.registry.find("sp_runtime::generic::era::Era")
VECTORS = {vector["era"]: vector for vector in JS["extrinsics"]}


@pytest.mark.parametrize("vector", VECTORS.values(), ids=VECTORS)
def test_eras_are_those_of_another_implementation(vector):
    """Bytes, birth and death, for periods with coarse phases and fine ones."""
    era = era_at(vector["current"], vector["period"]) if vector["period"] else IMMORTAL
    assert "0x" + encode_value(MINI.registry, ERA, era_value(era)).hex() == vector["era"]
    if isinstance(era, Mortal):
        assert (era.birth(vector["current"]), era.death(vector["current"])) == (vector["birth"], vector["death"])


@given(st.integers(0, 2**32 - 1), st.integers(2, 16))
def test_eras_come_back(number, exponent):
    """An era contains the block it was made for, at its beginning or less than a 4096th of its period behind it."""
    era = era_at(number, 1 << exponent)
    assert era_of(era_value(era)) == era
    assert era.birth(number) <= number < era.death(number)
    assert number - era.birth(number) < max(era.period >> 12, 1)


@given(st.integers(0, 255), st.integers(0, 255))
def test_two_bytes_are_an_era_or_refused(low, high):
    """What is read is written the same."""
    value = Chosen(f"Mortal{low}", high) if low else Chosen("Immortal")
    try:
        era = era_of(value)
    except MalformedEra:
        return
    assert era_value(era) == value


@pytest.mark.parametrize("period", [0, 1, 2, 3, 5, 100, 65_537, 131_072])
def test_odd_periods_are_refused(period):
    """Powers of two from 4 to 65,536: none is rounded."""
    with pytest.raises(OddPeriod):
        era_at(10, period)
    with pytest.raises(OddPeriod):
        era_value(Mortal(period, 0))


@pytest.mark.parametrize(
    "value",
    [
        None,
        5,
        Chosen("Immortal", 0),
        Chosen("Mortal", 0),
        Chosen("Mortal0", 0),
        Chosen("Mortal256", 0),
        Chosen("Mortal037", 0),
        Chosen("Mortal٣", 0),
        Chosen("Mortal1"),
        Chosen("Mortal16", 0),  # a period of two
        Chosen("Mortal17", 255),  # a phase beyond its period
        Chosen("Mortal1", 1 << 70),
        Chosen("Mortal1", -1),
    ],
)
def test_what_is_no_era_is_refused(value):
    """Names and numbers that the runtime's enum cannot have."""
    with pytest.raises(MalformedEra):
        era_of(value)


def test_the_immortal_era_begins_at_genesis():
    """Whatever the number."""
    assert IMMORTAL.birth(10**6) == 0
