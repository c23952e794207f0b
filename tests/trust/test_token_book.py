"""The book of tokens: each verified once, remembered within bounds, judged anew for time and revocation."""

import pytest

from edge_node.base.base58 import decode_base58
from edge_node.trust import token_chain
from edge_node.trust.token_book import TokenBook
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
from edge_node.trust.token_revocations import TokenRevocation, TokenRevocations
from tests.trust.wallets import BOB, NOW_MS, OWNER, bearer, bytes_field, chain_text, payload, text_of, token


class Verifications:
    """Counts the signatures that are verified, and has them verified."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0
        verify = token_chain.verify_signed

        def counted(signature, message):
            self.count += 1
            return verify(signature, message)

        monkeypatch.setattr(token_chain, "verify_signed", counted)


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> Verifications:
    """What the book had verified."""
    return Verifications(monkeypatch)


def forged(number: int = 0) -> str:
    """A token that says to be the owner's."""
    return text_of(bytes_field(1, OWNER.signature(b"x")) + bytes_field(2, payload(bucket=number)))


def refused(book: TokenBook, text: str | None, now_ms: int = NOW_MS, *, over_web: bool = False) -> type[TokenError]:
    """Which refusal a token meets."""
    with pytest.raises(TokenError) as caught:
        book.open(text, now_ms, over_web=over_web)
    return type(caught.value)


def test_a_token_is_verified_once(seen: Verifications) -> None:
    """The same chain again, for every later call."""
    book, text = TokenBook(TokenRevocations()), chain_text(3)
    first = book.open(text, NOW_MS)
    assert first.verified
    assert book.open(text, NOW_MS + 1) is first
    assert seen.count == 3


def test_a_forged_token_costs_its_verification_once(seen: Verifications) -> None:
    """It is known by its digest after that; a fresh error each time, with no trail of the ones before."""
    book, text = TokenBook(TokenRevocations()), forged()
    errors = []
    for _ in range(3):
        with pytest.raises(TokenForged) as caught:
            book.open(text, NOW_MS)
        errors.append(caught.value)
    assert seen.count == 1
    assert len({id(error) for error in errors}) == 3
    assert {error.link for error in errors} == {1}


def test_every_refusal_comes_through(seen: Verifications) -> None:
    """Each step of the specification has its own; none before the signatures verifies anything or is kept."""
    book = TokenBook(TokenRevocations())
    assert refused(book, None) is TokenMissing
    assert refused(book, "") is TokenMissing
    assert refused(book, "z" * 2_049) is TokenTooLong
    assert refused(book, "no!") is TokenMalformed
    assert refused(book, "\ud800") is TokenMalformed
    assert refused(book, chain_text(6)) is TokenTooDeep
    assert refused(book, bearer(expires_ms=NOW_MS)) is TokenExpired
    assert refused(book, bearer(operations=())) is DelegationRefused
    assert (seen.count, len(book)) == (0, 0)


def test_a_deep_chain_depends_on_its_way_in(seen: Verifications) -> None:
    """Over gRPC it is refused after its root alone, once; over grpc-web it counts, in either order."""
    book, text = TokenBook(TokenRevocations()), chain_text(4)
    assert refused(book, text) is TokenTooDeep
    assert refused(book, text) is TokenTooDeep
    assert seen.count == 1
    assert len(book.open(text, NOW_MS, over_web=True).links) == 4
    assert refused(book, text) is TokenTooDeep
    assert seen.count == 5


def test_a_remembered_token_still_ends(seen: Verifications) -> None:
    """At its end it is judged anew and forgotten; a clock that steps back finds it counting, verified again."""
    book, text = TokenBook(TokenRevocations()), bearer(expires_ms=NOW_MS + 10)
    chain = book.open(text, NOW_MS + 9)
    book.confirm(chain, NOW_MS + 9)
    assert refused(book, text, NOW_MS + 10) is TokenExpired
    assert len(book) == 0
    with pytest.raises(TokenExpired):
        book.confirm(chain, NOW_MS + 10)
    book.open(text, NOW_MS)
    assert seen.count == 2


def test_both_memories_are_bounded(seen: Verifications) -> None:
    """The longest unused goes first; nothing that is forgotten is answered differently."""
    book = TokenBook(TokenRevocations(), verified_max=2, forged_max=2)
    for number in range(5):
        book.open(bearer(bucket=number), NOW_MS)
        assert refused(book, forged(number)) is TokenForged
    assert len(book) == 4
    assert seen.count == 10
    book.open(bearer(bucket=3), NOW_MS)  # used again: 4 is now the longest unused
    book.open(bearer(bucket=5), NOW_MS)
    book.open(bearer(bucket=3), NOW_MS)
    assert seen.count == 11
    assert refused(book, forged(0)) is TokenForged
    assert seen.count == 12


def test_a_revocation_is_in_force_with_the_next_call() -> None:
    """Also for what is remembered, and for a read that goes on."""
    revocations = TokenRevocations()
    book, text, other = TokenBook(revocations), bearer(), bearer(bucket=8)
    chain, kept = book.open(text, NOW_MS), book.open(other, NOW_MS)
    before = book.generation
    revocations.apply(TokenRevocation.of_token(chain.last.digest, NOW_MS))
    assert book.generation == before + 1
    assert refused(book, text) is TokenRevoked
    with pytest.raises(TokenRevoked):
        book.confirm(chain, NOW_MS)
    book.confirm(kept, NOW_MS)
    assert book.open(other, NOW_MS) is kept


def test_a_revoked_token_that_is_forged_too_is_forged() -> None:
    """Strangers do not learn what is revoked here."""
    revocations = TokenRevocations([TokenRevocation.of_holder(OWNER.public, NOW_MS)])
    assert refused(TokenBook(revocations), forged()) is TokenForged
    assert refused(TokenBook(revocations), bearer()) is TokenRevoked


def test_another_spelling_does_not_escape_a_revocation() -> None:
    """Who holds a grant can write its unsigned part in another way, and is revoked all the same."""
    signed = bytes_field(2, payload(subject=BOB.public, bucket=7))
    grant = token(OWNER, payload(subject=BOB.public, bucket=7))
    turned = signed + bytes_field(1, bytes_field(3, OWNER.sign(signed)) + bytes_field(2, OWNER.public))
    revocations = TokenRevocations()
    book = TokenBook(revocations)
    texts = [text_of(token(BOB, payload(prev=one, bucket=7))) for one in (grant, turned)]
    digests = {book.open(text, NOW_MS).root.digest for text in texts}
    assert len(digests) == 1
    revocations.apply(TokenRevocation.of_token(digests.pop(), NOW_MS))
    assert [refused(book, text) for text in texts] == [TokenRevoked, TokenRevoked]


def test_no_text_is_kept_or_shown() -> None:
    """Only digests of texts: neither the book's look nor what it holds has a token in it."""
    book, text = TokenBook(TokenRevocations()), bearer()
    book.open(text, NOW_MS)
    refused(book, forged())
    assert repr(book) == "TokenBook(1 verified, 1 forged)"
    keys = [*book._verified, *book._forged]
    assert {len(key) for key in keys} == {32}
    assert text.encode() not in keys
    assert decode_base58(text, characters_max=2_048) not in keys
