"""Query parameters of lists: typed, bounded, named when they are wrong; pages end where they should."""

from collections.abc import Callable
from typing import Any

import pytest

from edge_node.base.ids import VaultId
from edge_node.control.errors import BadParameter
from edge_node.control.paging import (
    LIMIT_MAX,
    TEXT_MAX_CHARACTERS,
    cut_page,
    read_choice,
    read_flag,
    read_limit,
    read_number,
    read_text,
    read_vault,
)

OWN = VaultId(b"v" * 32)


def test_limits_hold_at_the_limit_and_beyond() -> None:
    """1 to 1,000, 100 without a word."""
    assert read_limit({}) == 100
    assert [read_limit({"limit": text}) for text in ("1", str(LIMIT_MAX))] == [1, LIMIT_MAX]
    for text in ("0", str(LIMIT_MAX + 1), "-1", "ten", "1.0", "", "٣", "9" * 30):
        with pytest.raises(BadParameter) as refusal:
            read_limit({"limit": text})
        assert refusal.value.parameter == "limit"


def test_texts_choices_and_flags() -> None:
    """What is absent is empty or None; what is no choice is refused."""
    assert read_text({}, "filter") == ""
    assert read_text({"filter": "x" * TEXT_MAX_CHARACTERS}, "filter")
    assert read_choice({}, "status", ("a", "b")) is None
    assert read_choice({"status": "b"}, "status", ("a", "b")) == "b"
    assert [read_flag({"allowed": text}, "allowed") for text in ("true", "1", "false", "0")] == [
        True,
        True,
        False,
        False,
    ]
    assert read_flag({}, "allowed") is None
    assert read_vault({}, OWN) == OWN
    assert read_vault({}) is None
    assert read_vault({"vault": "00" * 32}, OWN) == VaultId(bytes(32))


@pytest.mark.parametrize(
    "read",
    [
        lambda: read_text({"filter": "x" * (TEXT_MAX_CHARACTERS + 1)}, "filter"),
        lambda: read_choice({"status": "c"}, "status", ("a", "b")),
        lambda: read_flag({"allowed": "yes"}, "allowed"),
        lambda: read_vault({"vault": "zz"}, OWN),
        lambda: read_number({"from": str(2**63)}, "from", 0),
    ],
)
def test_the_unfit_are_refused(read: Callable[[], Any]) -> None:
    """Each by its own rule."""
    with pytest.raises(BadParameter):
        read()


def test_the_last_page_has_no_next() -> None:
    """One row more than asked for says that there is another page, and is not on this one."""
    assert cut_page([1, 2, 3], 2, str) == ([1, 2], "2")
    assert cut_page([1, 2], 2, str) == ([1, 2], None)
    assert cut_page([], 2, str) == ([], None)
