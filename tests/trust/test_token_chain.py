"""Chains of DDC tokens: what is expired, over-delegated, too deep or forged is refused."""

import pytest

from edge_node.base.base58 import decode_base58, encode_base58
from edge_node.trust.auth_token import parse_token
from edge_node.trust.token_chain import LINKS_MAX_WALLET, TokenChain, check_chain, verify_chain
from edge_node.trust.token_errors import (
    DelegationRefused,
    TokenError,
    TokenExpired,
    TokenForged,
    TokenTooDeep,
)
from edge_node.wire.cid import parse_cid
from edge_node.wire.proto import auth_token_pb2
from tests.trust.wallets import (
    BOB,
    CAROL,
    DAY_MS,
    DELETE,
    GET,
    NOW_MS,
    OWNER,
    PHONE,
    PUT,
    Wallet,
    bearer,
    bytes_field,
    chain_text,
    number_field,
    payload,
    text_of,
    token,
)

CID = parse_cid("baebb4igwmsev46ytmitycbebrvqzrzq4hf7prwgsdr2zh5z4a2vjph3wnq")
OTHER_CID = parse_cid("baear4iabdflqj54bobjiaainv3et2a6wavyqtumdrlg4hqgb7hh2hv6nnq")


def opened(text: str | None, now_ms: int = NOW_MS, *, over_web: bool = False) -> TokenChain:
    """All steps, as TokenBook takes them."""
    chain = parse_token(text)
    check_chain(chain, now_ms)
    return verify_chain(chain, over_web=over_web)


# --- time


def test_every_link_must_end_in_the_future() -> None:
    """The end is the first moment at which it counts no more."""
    text = bearer(expires_ms=NOW_MS)
    assert opened(text, NOW_MS - 1)
    for now_ms in (NOW_MS, NOW_MS + 1):
        with pytest.raises(TokenExpired) as caught:
            opened(text, now_ms)
        assert caught.value.expires_ms == NOW_MS


@pytest.mark.parametrize("links", [2, 3])
def test_a_chain_ends_with_the_first_of_its_links(links: int) -> None:
    """Whichever it is: also one that ends before the link that gave it, and one whose heirs claim more time."""
    ended = NOW_MS - 5
    for number in range(links):
        signers, raw = [OWNER, BOB, CAROL], b""
        for at in range(links):
            subject = signers[at + 1].public if at < links - 1 else None
            fields = {"expires_ms": ended} if at == number else {}
            raw = token(
                signers[at], payload(**{"prev": raw or None, "subject": subject, "can_delegate": True, **fields})
            )
        with pytest.raises(TokenExpired) as caught:
            opened(text_of(raw))
        assert caught.value.expires_ms == ended, f"link {number + 1} of {links}"


def test_expiry_is_judged_before_signatures() -> None:
    """An expired token that is forged too costs no verification."""
    with pytest.raises(TokenExpired):
        opened(text_of(bytes_field(1, OWNER.signature(b"x")) + bytes_field(2, payload(expires_ms=5))))


# --- passing on


def granted(grant: bytes, signer: Wallet = BOB, **fields) -> str:
    """A last link after a grant."""
    return text_of(token(signer, payload(**{"prev": grant, "bucket": 7, **fields})))


GRANT = token(OWNER, payload(subject=BOB.public, bucket=7))
READ_ONLY = token(OWNER, payload(subject=BOB.public, operations=(GET,)))
NO_SUBJECT = token(OWNER, payload(bucket=7))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (granted(GRANT, CAROL), "not signed by the subject"),
        (granted(GRANT, OWNER), "not signed by the subject"),
        (granted(NO_SUBJECT), "not signed by the subject"),
        (granted(NO_SUBJECT, OWNER), "not signed by the subject"),
        (granted(GRANT, subject=CAROL.public), "without leave to delegate"),
        (granted(GRANT, subject=BOB.public), "without leave to delegate"),
        (granted(GRANT, expires_ms=NOW_MS + DAY_MS + 1), "ends later"),
        (granted(GRANT, bucket=8), "different buckets"),
        (granted(READ_ONLY, operations=(PUT, DELETE)), "no operation"),
        (granted(GRANT, operations=()), "no operation"),
        (bearer(operations=()), "no operation"),
        (granted(token(OWNER, payload(subject=BOB.public, piece=CID)), piece=OTHER_CID), "different pieces"),
    ],
)  # fmt: skip
def test_what_was_not_the_signers_to_give_is_refused(text: str, why: str) -> None:
    """Each rule of passing on, broken alone."""
    with pytest.raises(DelegationRefused, match=why):
        opened(text)


def test_over_delegation_is_refused_before_signatures() -> None:
    """No verification for a chain that could not count anyway."""
    grant = bytes_field(1, OWNER.signature(b"x")) + bytes_field(2, payload(subject=BOB.public))
    with pytest.raises(DelegationRefused):
        opened(granted(grant, CAROL))


def test_a_subject_without_leave_still_signs_its_own_last_link() -> None:
    """canDelegate stops naming a further subject, not using the grant; with leave a further one may be named."""
    assert opened(granted(GRANT)).holder == BOB.public
    free = token(OWNER, payload(subject=BOB.public, can_delegate=True))
    middle = token(BOB, payload(prev=free, subject=CAROL.public))
    assert opened(granted(middle, CAROL)).holder == CAROL.public
    with pytest.raises(DelegationRefused, match="without leave"):
        opened(granted(middle, CAROL, subject=PHONE.public))


def test_a_last_link_with_a_subject_is_held_by_it() -> None:
    """Whoever else sends it holds nothing: the holder must prove to be the subject."""
    chain = opened(text_of(GRANT))
    assert (chain.holder, chain.wants_request) == (BOB.public, True)


@pytest.mark.parametrize(
    ("text", "wants"),
    [(bearer(), False), (bearer(bucket=None), True), (bearer(subject=BOB.public), True), (granted(GRANT), False)],
)
def test_what_opens_too_much_in_clear_wants_a_request(text: str, wants: bool) -> None:
    """Without a bucket, or with a subject at the end."""
    assert opened(text).wants_request is wants


def test_a_bucket_or_piece_anywhere_is_the_chains() -> None:
    """Named once, by whichever link, or several times alike."""
    grant = token(OWNER, payload(subject=BOB.public, piece=CID))
    chain = opened(granted(grant, bucket=7))
    assert (chain.bucket, chain.piece) == (7, CID)
    assert opened(granted(grant, bucket=7, piece=CID)).piece == CID


# --- depth


@pytest.mark.parametrize("links", [1, 2, 3])
def test_three_links_count_everywhere(links: int) -> None:
    """Owner, grant, and one further."""
    assert len(opened(chain_text(links)).links) == links


@pytest.mark.parametrize("links", [4, 5])
def test_five_links_count_for_browsers(links: int) -> None:
    """Over grpc-web, or when a wallet signed the root; over gRPC with a plain root they do not."""
    assert len(opened(chain_text(links), over_web=True).links) == links
    assert len(opened(chain_text(links, wrapped=True)).links) == links
    with pytest.raises(TokenTooDeep):
        opened(chain_text(links))


def test_a_deep_chain_with_a_forged_root_is_forged() -> None:
    """Which form the root has is known only when it holds."""
    raw = bytearray(decode_base58(chain_text(4), characters_max=2_048))
    at = raw.rindex(bytes(OWNER.public)) + 40  # in the root's signature, which lies innermost
    raw[at] ^= 1
    with pytest.raises(TokenForged) as caught:
        opened(text_of(bytes(raw)))
    assert caught.value.link == 1


@pytest.mark.parametrize("over_web", [False, True])
def test_a_sixth_link_is_not_even_read(over_web: bool) -> None:
    """Nor a hundredth: nesting is cut where it is counted, without recursion."""
    with pytest.raises(TokenTooDeep):
        opened(chain_text(LINKS_MAX_WALLET + 1), over_web=over_web)
    raw = b""
    while len(encode_base58(raw)) < 1_900:
        raw = bytes_field(1, OWNER.signature(b"")[:10]) + bytes_field(2, bytes_field(1, raw) + number_field(6, 1))
    with pytest.raises(TokenError):
        opened(text_of(raw), over_web=over_web)


# --- signatures


def resigned(raw: bytes, signer: Wallet) -> bytes:
    """The SDK's trap: signing an object a second time covers the first signature."""
    whole = auth_token_pb2.AuthToken()
    whole.ParseFromString(raw)
    return bytes_field(1, signer.signature(raw)) + bytes_field(2, whole.payload.SerializeToString())


@pytest.mark.parametrize(
    ("text", "link"),
    [
        (text_of(bytes_field(1, BOB.signature(bytes_field(2, payload()))) + bytes_field(2, payload(bucket=7))), 1),
        (text_of(resigned(token(OWNER, payload()), OWNER)), 1),
        (text_of(bytes_field(1, OWNER.signature(payload())) + bytes_field(2, payload())), 1),
        (granted(bytes_field(1, CAROL.signature(b"x")) + bytes_field(2, payload(subject=BOB.public))), 1),
        (text_of(bytes_field(1, BOB.signature(b"x")) + bytes_field(2, payload(prev=GRANT))), 2),
    ],
    ids=["another payload", "signed twice", "bare payload", "forged grant", "forged last link"],
)
def test_a_forged_link_is_named(text: str, link: int) -> None:
    """The first whose signature does not hold, counted from the root."""
    with pytest.raises(TokenForged) as caught:
        opened(text)
    assert caught.value.link == link
    assert caught.value.forged


def test_a_signature_does_not_move_to_another_signer() -> None:
    """The owner's name on Bob's signature."""
    signed = bytes_field(2, payload(bucket=7))
    stolen = bytes_field(2, OWNER.public) + bytes_field(3, BOB.sign(signed))
    with pytest.raises(TokenForged):
        opened(text_of(bytes_field(1, stolen) + signed))


def test_a_nested_token_that_is_tampered_with_is_refused() -> None:
    """Widening the grant inside breaks the owner's signature, and re-signing the outside does not help."""
    grant = token(OWNER, payload(subject=BOB.public, bucket=7, operations=(GET,)))
    assert opened(granted(grant, operations=(GET,)))
    for changed in (
        grant.replace(number_field(4, 7), number_field(4, 9)),
        grant.replace(bytes_field(5, bytes((GET,))), bytes_field(5, bytes((PUT,)))),
        grant.replace(number_field(3, 0), number_field(3, 1)),
        grant.replace(number_field(6, NOW_MS + DAY_MS), number_field(6, NOW_MS + DAY_MS + 1)),
    ):
        assert changed != grant
        with pytest.raises(TokenForged):
            opened(granted(changed, bucket=None, operations=(PUT, GET)))
