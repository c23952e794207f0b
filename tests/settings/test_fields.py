"""The rows that the file, the table and the messages are made of."""

from typing import Annotated, Literal

import msgspec
import pytest

from edge_node.settings import Settings
from edge_node.settings.fields import FIELDS, SECTIONS, section_about, wanted


def test_every_setting_is_described() -> None:
    """No field is without a meaning: the manual is generated from it."""
    assert [field.name for field in FIELDS if not field.about.endswith(".")] == []
    assert [section for section in SECTIONS if not section_about(section).endswith(".")] == []


def test_every_field_of_the_tree_is_a_row() -> None:
    """The rows are complete, and each finds its own default in a fresh snapshot."""
    assert {field.path[0] for field in FIELDS} == set(Settings.__struct_fields__)
    assert [field.name for field in FIELDS if field.value_in(Settings()) != field.default] == []


def test_names_of_a_field() -> None:
    """A field has a dotted name and an environment variable."""
    field = next(field for field in FIELDS if field.path == ("http", "listen_tls"))
    assert (field.name, field.variable) == ("http.listen_tls", "EDGE_NODE__HTTP__LISTEN_TLS")


def test_key_paths_are_secret() -> None:
    """Where key material lies is not printed."""
    assert {field.name for field in FIELDS if field.secret} >= {"node.key_file", "http.certificate_key_file"}


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (bool, "true or false"),
        (str, "a text"),
        (Annotated[str, msgspec.Meta(pattern="^/")], "a text that matches ^/"),
        (Annotated[str, msgspec.Meta(min_length=1, max_length=3)], "a text of 1 to 3 characters"),
        (int, "an integer"),
        (Annotated[int, msgspec.Meta(ge=1, le=5)], "an integer of at least 1 and of at most 5"),
        (Annotated[float, msgspec.Meta(gt=0)], "a number above 0"),
        (Literal["a", "b"], 'one of "a", "b"'),
        (tuple[str, ...], "a list, each a text"),
        (bytes, "bytes"),
    ],
)
def test_a_type_in_words(kind: object, words: str) -> None:
    """A message says what is wanted in words, not in Python."""
    assert wanted(kind) == words
