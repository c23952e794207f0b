"""The settings file that a new node gets."""

import re
import tomllib

import pytest

from edge_node.settings import Settings
from edge_node.settings.fields import FIELDS
from edge_node.settings.resolve import resolve
from edge_node.settings.template import template


def test_the_template_sets_nothing() -> None:
    """As written it is the default snapshot."""
    assert resolve(template().encode(), "e.toml", {}).settings == Settings()


def test_the_template_without_its_comment_marks_is_the_default() -> None:
    """Every commented value is the default, spelled correctly and in its section."""
    loaded = resolve(re.sub(r"(?m)^#(?=\S)", "", template()).encode(), "e.toml", {})
    assert loaded.settings == Settings()
    assert {source.origin for source in loaded.sources.values()} == {"file"}


def test_chosen_values_stand_uncommented() -> None:
    """`init` sets what it was told and leaves the rest."""
    text = template({"node.data_dir": '/srv/"x"', "http.hosts": ("a",)})
    assert {name: table for name, table in tomllib.loads(text).items() if table} == {
        "node": {"data_dir": '/srv/"x"'},
        "http": {"hosts": ["a"]},
    }


def test_every_setting_is_explained() -> None:
    """The file is the manual: each meaning is in it, in lines that fit a screen."""
    text = template()
    flat = re.sub(r"\n# ", " ", text)
    assert [field.name for field in FIELDS if field.about not in flat] == []
    assert max(len(line) for line in text.splitlines()) <= 120


def test_an_unknown_name_is_misuse() -> None:
    """A choice that is no setting is our own mistake."""
    with pytest.raises(KeyError, match="no such setting"):
        template({"http.listn": 1})
