"""TOML's spelling of values, against tomllib."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.settings.literal import toml_literal

SCALARS = st.text() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | st.booleans()


@given(SCALARS | st.lists(SCALARS))
def test_round_trip(value: object) -> None:
    """What is written is what tomllib reads."""
    assert tomllib.loads(f"key = {toml_literal(value)}")["key"] == value


def test_other_types_are_misuse() -> None:
    """There is no spelling for what no setting holds."""
    with pytest.raises(TypeError, match="no TOML form for object"):
        toml_literal(object())
