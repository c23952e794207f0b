"""Revocations of tokens: what each kind ends, at once and for ever, in whatever order they came."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.base.ids import Digest, PublicKey
from edge_node.trust.auth_token import parse_token
from edge_node.trust.token_chain import TokenChain
from edge_node.trust.token_errors import TokenRevoked
from edge_node.trust.token_revocations import (
    NOTE_MAX_CHARACTERS,
    MalformedRevocation,
    RevokedBy,
    TokenRevocation,
    TokenRevocations,
)
from tests.trust.wallets import BOB, CAROL, NOW_MS, OWNER, PHONE, bearer, payload, text_of, token

ENDS_MS = NOW_MS + 1_000


def chain() -> TokenChain:
    """OWNER to BOB, who signs the last link; it ends earlier than the first."""
    grant = token(OWNER, payload(subject=BOB.public, bucket=7, expires_ms=ENDS_MS))
    return parse_token(text_of(token(BOB, payload(prev=grant, expires_ms=ENDS_MS - 100))))


ROOT, LAST = chain().links

ENDING = [
    TokenRevocation.of_token(ROOT.digest, 1),
    TokenRevocation.of_token(LAST.digest, 1),
    TokenRevocation.of_holder(OWNER.public, 1),
    TokenRevocation.of_holder(BOB.public, 1),
    TokenRevocation.of_issuer(OWNER.public, ENDS_MS, 1),
    TokenRevocation.of_issuer(OWNER.public, ENDS_MS + 1, 1),
    TokenRevocation.of_issuer(BOB.public, ENDS_MS - 100, 1),
]
SPARING = [
    TokenRevocation.of_token(Digest(bytes(32)), 1),
    TokenRevocation.of_token(Digest(OWNER.public), 1),
    TokenRevocation.of_holder(CAROL.public, 1),
    TokenRevocation.of_holder(PublicKey(ROOT.digest), 1),
    TokenRevocation.of_issuer(OWNER.public, ENDS_MS - 1, 1),
    TokenRevocation.of_issuer(BOB.public, ENDS_MS - 101, 1),
    TokenRevocation.of_issuer(CAROL.public, 2**53 - 1, 1),
]


@pytest.mark.parametrize("revocation", ENDING, ids=lambda one: f"{one.by}-{one.until_ms}")
def test_a_link_that_is_marked_ends_the_chain(revocation: TokenRevocation) -> None:
    """Any link's hash, signer or subject; an issuer's that ends at or before the time."""
    revocations = TokenRevocations()
    revocations.require(chain())
    assert revocations.apply(revocation) == revocation
    assert revocations.find(chain()) == revocation
    with pytest.raises(TokenRevoked) as caught:
        revocations.require(chain())
    assert (caught.value.by, caught.value.since_ms) == (revocation.by, 1)


@pytest.mark.parametrize("revocation", SPARING, ids=lambda one: f"{one.by}-{one.until_ms}")
def test_other_chains_go_on(revocation: TokenRevocation) -> None:
    """Other hashes and accounts, and an issuer's tokens that end later."""
    revocations = TokenRevocations([revocation])
    assert revocations.find(chain()) is None
    revocations.require(chain())


def test_a_subject_that_has_not_used_its_grant_is_a_holder() -> None:
    """Before it ever signs a link."""
    grant = parse_token(text_of(token(OWNER, payload(subject=PHONE.public))))
    assert TokenRevocations([TokenRevocation.of_holder(PHONE.public, 1)]).find(grant)


def test_an_issuers_newer_tokens_count() -> None:
    """What ends later than the time is not what was meant."""
    revocations = TokenRevocations([TokenRevocation.of_issuer(OWNER.public, ENDS_MS, 1)])
    assert revocations.find(parse_token(bearer(expires_ms=ENDS_MS)))
    assert revocations.find(parse_token(bearer(expires_ms=ENDS_MS + 1))) is None


def test_an_issuers_time_only_grows() -> None:
    """A second revocation with an earlier time takes nothing back."""
    revocations = TokenRevocations()
    revocations.apply(TokenRevocation.of_issuer(OWNER.public, ENDS_MS, 1))
    kept = revocations.apply(TokenRevocation.of_issuer(OWNER.public, 5, 2))
    assert (kept.until_ms, kept.t_ms) == (ENDS_MS, 1)
    assert revocations.find(chain())


def test_two_kinds_may_name_one_account() -> None:
    """They do not hide each other: an issuer who is spared as such may be revoked as a holder."""
    revocations = TokenRevocations([TokenRevocation.of_issuer(OWNER.public, 5, 1)])
    revocations.apply(TokenRevocation.of_holder(OWNER.public, 2))
    assert len(revocations) == 2
    assert revocations.find(chain()).by is RevokedBy.HOLDER


def test_a_revoked_holder_is_refused_without_a_token_too() -> None:
    """Its reads of a public bucket, its signed requests."""
    revocations = TokenRevocations([TokenRevocation.of_holder(BOB.public, 1)])
    revocations.require_account(CAROL.public)
    with pytest.raises(TokenRevoked):
        revocations.require_account(BOB.public)


def test_every_change_moves_the_generation() -> None:
    """Who reads for long compares it."""
    revocations = TokenRevocations(ENDING)
    assert revocations.generation == 0
    revocations.apply(SPARING[0])
    revocations.apply(SPARING[0])
    assert revocations.generation == 2


def test_the_list_is_ordered() -> None:
    """By kind and subject."""
    revocations = TokenRevocations([*SPARING, *ENDING])
    assert [(one.by, one.subject) for one in revocations.list()] == sorted(
        (one.by, one.subject) for one in revocations.list()
    )
    assert len(revocations.list()) == len(revocations)


@pytest.mark.parametrize(
    "fields",
    [
        {"by": RevokedBy.ISSUER},
        {"by": RevokedBy.TOKEN, "until_ms": 5},
        {"by": RevokedBy.HOLDER, "until_ms": 0},
        {"by": RevokedBy.ISSUER, "until_ms": -1},
        {"by": RevokedBy.ISSUER, "until_ms": 2**53},
        {"by": RevokedBy.HOLDER, "t_ms": -1},
    ],
)
def test_a_revocation_that_contradicts_itself_is_refused(fields: dict) -> None:
    """An issuer's has a time, the others have none."""
    with pytest.raises(MalformedRevocation):
        TokenRevocation(**{"subject": OWNER.public, "t_ms": 1, **fields})


def test_a_note_is_bounded_where_it_is_made() -> None:
    """At the limit and one above; one that is read from an old log is taken as it is."""
    TokenRevocation.of_holder(OWNER.public, 1, "n" * NOTE_MAX_CHARACTERS)
    with pytest.raises(MalformedRevocation):
        TokenRevocation.of_holder(OWNER.public, 1, "n" * (NOTE_MAX_CHARACTERS + 1))
    TokenRevocation(by=RevokedBy.HOLDER, subject=OWNER.public, t_ms=1, note="n" * 9_999)


SAME = [
    TokenRevocation.of_issuer(OWNER.public, 5, 9, "a"),
    TokenRevocation.of_issuer(OWNER.public, 5, 8, "b"),
    TokenRevocation.of_issuer(OWNER.public, 7, 10, "c"),
    TokenRevocation.of_holder(OWNER.public, 9),
    TokenRevocation.of_holder(OWNER.public, 8),
]


@pytest.mark.parametrize("order", list(itertools.permutations(SAME)))
def test_the_order_of_changes_does_not_matter(order: tuple[TokenRevocation, ...]) -> None:
    """A log that lost its order, or is played twice, ends in the same refusals."""
    revocations = TokenRevocations(order)
    for change in order:
        revocations.apply(change)
    assert list(revocations.list()) == [SAME[4], SAME[2]]


@given(st.lists(st.sampled_from(ENDING + SPARING)))
def test_revoking_more_never_gives_back(changes: list[TokenRevocation]) -> None:
    """Once a chain is ended it stays ended."""
    revocations, ended = TokenRevocations(), False
    for change in changes:
        revocations.apply(change)
        now = revocations.find(chain()) is not None
        assert now or not ended
        ended = now
    assert ended is any(change in ENDING for change in changes)


def test_what_refuses_as_much_already_is_told() -> None:
    """So that an operator's second word is no second record; a later end of an issuer is a new one."""
    revocations = TokenRevocations([SAME[0], SAME[3]])
    assert revocations.standing(TokenRevocation.of_holder(OWNER.public, 99)) == SAME[3]
    assert revocations.standing(TokenRevocation.of_issuer(OWNER.public, 5, 99)) == SAME[0]
    assert revocations.standing(TokenRevocation.of_issuer(OWNER.public, 6, 99)) is None
    assert revocations.standing(TokenRevocation.of_holder(BOB.public, 99)) is None
