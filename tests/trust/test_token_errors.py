"""Refusals of tokens: facts with data, in statuses that the SDK does not try again."""

import pytest

from edge_node.trust.token_errors import (
    DelegationRefused,
    TokenError,
    TokenExpired,
    TokenForged,
    TokenMalformed,
    TokenMissing,
    TokenRevoked,
    TokenTooDeep,
    TokenTooLong,
)

ALL = [
    TokenMissing(),
    TokenTooLong(3_000, 2_048),
    TokenTooDeep(3),
    TokenMalformed("field 9 is unknown"),
    TokenExpired(5, 9),
    TokenForged(2),
    TokenRevoked("holder", bytes(32), 7),
    DelegationRefused("a token ends later than the one before it"),
]


@pytest.mark.parametrize("error", ALL, ids=lambda error: error.slug)
def test_each_has_its_slug_and_says_what_to_do(error: TokenError) -> None:
    """401 for what is no good token, 403 for what was not the signer's to give."""
    assert error.status == (403 if isinstance(error, DelegationRefused) else 401)
    assert error.slug != TokenError.slug
    assert error.remedy
    assert str(error)
    assert error.forged is isinstance(error, TokenForged)


def test_slugs_are_distinct() -> None:
    """A counter per reason."""
    assert len({error.slug for error in ALL}) == len(ALL)


def test_a_revocation_says_by_what_and_since_when() -> None:
    """Enough for the operator to find it, no whole account."""
    error = TokenRevoked("issuer", b"\xab" * 32, 7)
    assert str(error) == "revoked on this node since 7 ms (issuer abababab…)"
