"""The door's own refusals: each says what, why and what to do, under a slug of docs/specs/control.md."""

from pathlib import Path

import pytest

from edge_node.base.errors import EdgeNodeError
from edge_node.base.ids import Cid
from edge_node.control import errors
from edge_node.wire.cid import raw_piece_cid

SPEC = (Path(__file__).parents[2] / "docs/specs/control.md").read_text()

MADE: list[EdgeNodeError] = [
    errors.SocketPathTooLong("/x", 200, 107),
    errors.ControlInUse("/x"),
    errors.SocketUnusable("/x", "why"),
    errors.ViewOnly("POST"),
    errors.BrowserRefused("origin"),
    errors.VersionUnknown("v2", ("v1",)),
    errors.BadParameter("limit", "why"),
    errors.TopicUnknown("x", ("node",)),
    errors.RequestMalformed("why"),
    errors.ArgumentsMalformed("name", "why"),
    errors.CommandUnknown("x"),
    errors.CommandUnavailable("x", "why"),
    errors.TokenMalformed(),
    errors.TokenMismatch("x"),
    errors.TokenForeign(),
    errors.TokenExpired(60),
    errors.TokenUsed(),
    errors.PlanStale("active", "suspended"),
    errors.PlansTooMany(64),
    errors.NoChain(),
    errors.AlreadyRevoked("token", "ab…", 5),
    errors.BadSettingsFile("f:3", "why", "Do this."),
    errors.NoSuchDevice("pump"),
    errors.NoSuchPiece(Cid(raw_piece_cid(b"x"))),
]


@pytest.mark.parametrize("error", MADE, ids=lambda error: type(error).__name__)
def test_a_refusal_says_what_to_do(error: EdgeNodeError) -> None:
    """A sentence, a remedy, a slug of its own."""
    assert str(error)
    assert error.remedy
    assert error.slug not in {"internal", ""}


def test_the_list_is_complete() -> None:
    """Every error of the room is above."""
    own = {kind for kind in vars(errors).values() if isinstance(kind, type) and kind.__module__ == errors.__name__}
    assert own - {type(error) for error in MADE} == {errors.ControlRefusal, errors.SocketError}


@pytest.mark.parametrize("error", MADE[:22], ids=lambda error: type(error).__name__)
def test_the_specification_names_it(error: EdgeNodeError) -> None:
    """A client's author finds each slug in docs/specs/control.md."""
    assert error.slug in SPEC


def test_what_came_from_outside_is_cut() -> None:
    """A name of a megabyte is not repeated at full length."""
    for error in (
        errors.CommandUnknown("x" * 10**6),
        errors.NoSuchDevice("y" * 10**6),
        errors.TopicUnknown("z" * 10**6, ()),
    ):
        assert len(str(error)) < 400
