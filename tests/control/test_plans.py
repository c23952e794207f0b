"""Plans and tokens: once, within a minute, by who planned them, and for what was planned."""

import base64
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.control.errors import (
    PlansTooMany,
    TokenExpired,
    TokenForeign,
    TokenMalformed,
    TokenMismatch,
    TokenUsed,
)
from edge_node.control.plans import PLANS_PER_UID, TOKEN_LIVES_S, Plan, PlanBook

UID, NOW = 1_000, 5_000_000
PLAN = Plan(command="device.suspend", arguments={"device": "ab", "note": ""}, summary="Suspend it.")


@pytest.fixture
def book() -> PlanBook:
    return PlanBook(b"s" * 32, os.urandom)


def test_a_token_serves_once(book: PlanBook) -> None:
    """The plan comes back to who made it; a second use says that it was used."""
    token = book.keep(PLAN, UID, NOW)
    assert book.take(token, PLAN.command, UID, NOW + 1, dict(PLAN.arguments)) is PLAN
    with pytest.raises(TokenUsed):
        book.take(token, PLAN.command, UID, NOW + 2)


def test_its_minute(book: PlanBook) -> None:
    """Good until the last millisecond, expired from then on, used or not."""
    first, second = (book.keep(PLAN, UID, NOW) for _ in range(2))
    end = NOW + TOKEN_LIVES_S * 1_000
    assert book.take(first, PLAN.command, UID, end - 1) is PLAN
    for token in (first, second):
        with pytest.raises(TokenExpired):
            book.take(token, PLAN.command, UID, end)
    book.keep(PLAN, UID, end + 1)
    with pytest.raises(TokenExpired):
        book.take(second, PLAN.command, UID, end + 2)


def test_another_user_may_not_use_it_and_does_not_spend_it(book: PlanBook) -> None:
    """A foreign attempt is refused by name and leaves the token to its owner."""
    token = book.keep(PLAN, UID, NOW)
    with pytest.raises(TokenForeign):
        book.take(token, PLAN.command, UID + 1, NOW)
    assert book.take(token, PLAN.command, UID, NOW) is PLAN
    with pytest.raises(TokenForeign):
        book.take(token, PLAN.command, UID + 1, NOW)


def test_it_is_bound_to_command_and_arguments(book: PlanBook) -> None:
    """What was planned is executed, nothing else."""
    token = book.keep(PLAN, UID, NOW)
    with pytest.raises(TokenMismatch):
        book.take(token, "device.revoke", UID, NOW)
    with pytest.raises(TokenMismatch):
        book.take(token, PLAN.command, UID, NOW, {"device": "cd", "note": ""})
    assert book.take(token, PLAN.command, UID, NOW) is PLAN


@given(at=st.integers(0, 39), change=st.integers(1, 255))
def test_a_changed_token_is_none(at: int, change: int) -> None:
    """Whichever byte differs, expiry included: it is malformed, not expired and not foreign."""
    book = PlanBook(b"s" * 32, os.urandom)
    token = book.keep(PLAN, UID, NOW)
    raw = bytearray(base64.urlsafe_b64decode(token + "=="))
    raw[at] ^= change
    with pytest.raises(TokenMalformed):
        book.take(base64.urlsafe_b64encode(raw).decode().rstrip("="), PLAN.command, UID, NOW)


@given(st.one_of(st.text(max_size=80), st.binary(max_size=60).map(lambda raw: base64.urlsafe_b64encode(raw).decode())))
def test_an_invented_token_is_none(token: str) -> None:
    """Whatever somebody makes up."""
    with pytest.raises(TokenMalformed):
        PlanBook(b"s" * 32, os.urandom).take(token, PLAN.command, UID, NOW)


def test_a_token_has_one_spelling(book: PlanBook) -> None:
    """Padding, and bits behind the last byte, are no part of what the node made."""
    token = book.keep(PLAN, UID, NOW)
    for changed in (token + "=", token + "==", token[:-1] + chr(ord(token[-1]) + 1)):
        with pytest.raises(TokenMalformed):
            book.take(changed, PLAN.command, UID, NOW)
    assert book.take(token, PLAN.command, UID, NOW) is PLAN


def test_a_token_of_another_life_is_none(book: PlanBook) -> None:
    """After a restart nothing that was planned before can be executed."""
    token = book.keep(PLAN, UID, NOW)
    with pytest.raises(TokenMalformed):
        PlanBook(b"t" * 32, os.urandom).take(token, PLAN.command, UID, NOW)
    with pytest.raises(TokenMalformed):
        PlanBook(b"s" * 32, os.urandom).take(token, PLAN.command, UID, NOW)


def test_open_plans_of_one_user_are_bounded(book: PlanBook) -> None:
    """At the limit the next is refused; another user, a used plan and an expired one make room."""
    tokens = [book.keep(PLAN, UID, NOW) for _ in range(PLANS_PER_UID)]
    with pytest.raises(PlansTooMany):
        book.keep(PLAN, UID, NOW)
    book.keep(PLAN, UID + 1, NOW)
    book.take(tokens[0], PLAN.command, UID, NOW)
    book.keep(PLAN, UID, NOW)
    with pytest.raises(PlansTooMany):
        book.keep(PLAN, UID, NOW)
    book.keep(PLAN, UID, NOW + TOKEN_LIVES_S * 1_000)


def test_a_plan_shows_everything_but_its_facts() -> None:
    """What the screen gets is what will be done, in words."""
    assert set(PLAN.shown()) == {"command", "arguments", "summary", "consequences", "danger", "confirm"}
