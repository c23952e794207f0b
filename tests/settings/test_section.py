"""What every section of the tree has in common."""

import msgspec
import pytest

from edge_node.settings.section import Reload, about
from edge_node.settings.tree import HttpSettings


def test_unknown_fields_are_refused_by_the_type_too() -> None:
    """A section made from a mapping knows no other names."""
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"listn": ""}, HttpSettings)


def test_a_field_restarts_unless_it_says_live() -> None:
    """The careful class is the default."""
    assert about("x.").extra == {"reload": Reload.RESTART, "secret": False}
