"""What chains give: never more than their narrowest link, and what a model of the rules says."""

from dataclasses import dataclass, replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_node.base.ids import Cid, PublicKey, VaultId
from edge_node.trust.access import Access, Deny, Verb, check
from edge_node.trust.access_resource import (
    Resource,
    bucket_names_resource,
    bucket_piece_resource,
    bucket_resource,
    vault_resource,
)
from edge_node.trust.auth_token import parse_token
from edge_node.trust.token_chain import ChainNotVerified, TokenChain, check_chain, verify_chain
from edge_node.trust.token_errors import TokenError
from edge_node.trust.token_rights import ANYBODY, capabilities_of_chain, public_read
from edge_node.wire.cid import CidKind, format_cid, make_cid
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
    payload,
    text_of,
    token,
)

VAULT = VaultId(OWNER.public)
ROOT, LEAF = (make_cid(kind, bytes((kind,)) * 32) for kind in (CidKind.DAG_NODE, CidKind.RAW_PIECE))
PIECES = bucket_piece_resource(VAULT, 7)


def opened(text: str, *, over_web: bool = False) -> TokenChain:
    """A verified chain."""
    chain = parse_token(text)
    check_chain(chain, NOW_MS)
    return verify_chain(chain, over_web=over_web)


def may(
    text: str,
    resource: Resource,
    verb: Verb,
    *,
    holder: PublicKey | None = None,
    owner: VaultId = VAULT,
    bucket: int = 7,
) -> bool:
    """Whether the token of `text` opens the resource."""
    chain = opened(text)
    capabilities = capabilities_of_chain(chain, owner=owner, bucket_id=bucket)
    return isinstance(check(capabilities, holder or chain.holder, resource, verb, NOW_MS), Access)


def piece(cid: Cid, *, through: Cid | None = None, bucket: int = 7) -> Resource:
    """A piece's resource."""
    return bucket_piece_resource(
        VAULT, bucket, format_cid(cid), through=None if through is None else format_cid(through)
    )


def test_rights_want_checked_signatures() -> None:
    """A chain that was only parsed gives nothing, by mistake or otherwise."""
    with pytest.raises(ChainNotVerified):
        capabilities_of_chain(parse_token(bearer()), owner=VAULT, bucket_id=7)


def test_rights_are_made_once_for_a_chain_and_bucket() -> None:
    """And never given for another chain of the same links, owner or bucket."""
    chain = opened(bearer(bucket=None))
    rights = capabilities_of_chain(chain, owner=VAULT, bucket_id=7)
    assert capabilities_of_chain(chain, owner=VAULT, bucket_id=7) is rights
    assert capabilities_of_chain(chain, owner=VAULT, bucket_id=8)[0].resource == bucket_resource(VAULT, 8)
    assert capabilities_of_chain(chain, owner=VaultId(BOB.public), bucket_id=7) == ()
    with pytest.raises(ChainNotVerified):
        capabilities_of_chain(TokenChain(chain.links), owner=VAULT, bucket_id=7)


def test_a_chain_counts_only_in_its_owners_buckets() -> None:
    """Who is not the owner gives nothing, however well it signs."""
    assert may(bearer(OWNER), PIECES, Verb.PUT)
    assert not may(bearer(BOB), PIECES, Verb.PUT)
    assert capabilities_of_chain(opened(bearer(BOB)), owner=VAULT, bucket_id=7) == ()


def test_a_token_for_one_bucket_opens_no_other() -> None:
    """Wrong bucket, whichever way it is asked."""
    text = bearer(bucket=7)
    assert not may(text, bucket_piece_resource(VAULT, 8), Verb.GET, bucket=8)
    assert not may(text, bucket_piece_resource(VAULT, 8), Verb.GET, bucket=7)
    assert may(bearer(bucket=None), bucket_piece_resource(VAULT, 8), Verb.GET, bucket=8)


@pytest.mark.parametrize("given_", [(PUT,), (GET,), (DELETE,), (PUT, DELETE)])
def test_a_token_opens_its_operations_alone(given_: tuple[int, ...]) -> None:
    """Wrong operation; and nothing that no operation stands for."""
    verbs = {PUT: Verb.PUT, GET: Verb.GET, DELETE: Verb.DELETE}
    allowed = {verb for verb in Verb if may(bearer(operations=given_), PIECES, verb)}
    assert allowed == {verbs[operation] for operation in given_}


def test_a_token_opens_pieces_and_names_of_a_bucket_and_nothing_above() -> None:
    """Not the vault, not another vault, not the vault's own streams and pieces."""
    text = bearer()
    for resource in (bucket_resource(VAULT, 7), PIECES, piece(LEAF), piece(LEAF, through=ROOT)):
        assert may(text, resource, Verb.GET)
    assert may(text, bucket_names_resource(VAULT, 7), Verb.GET)
    for resource in (
        vault_resource(VAULT),
        Resource(vault_resource(VAULT) + "/pieces"),
        bucket_resource(VAULT, 70),
        bucket_resource(VaultId(BOB.public), 7),
    ):
        assert not may(text, resource, Verb.GET)


def test_a_piece_scope_covers_what_is_reached_through_it() -> None:
    """And no other piece, no names, no store of a piece whose CID nobody knows yet."""
    text = bearer(piece=ROOT)
    assert may(text, piece(ROOT), Verb.GET)
    assert may(text, piece(LEAF, through=ROOT), Verb.GET)
    assert not may(text, piece(LEAF), Verb.GET)
    assert not may(text, piece(ROOT, through=LEAF), Verb.GET)
    assert not may(text, bucket_names_resource(VAULT, 7), Verb.GET)
    assert not may(text, PIECES, Verb.PUT)
    assert may(text, piece(ROOT), Verb.PUT)


def test_the_holder_is_the_last_signer_or_its_subject() -> None:
    """Nobody else is served by it; the owner of a grant neither."""
    grant = token(OWNER, payload(subject=BOB.public, bucket=7))
    assert may(text_of(grant), PIECES, Verb.GET, holder=BOB.public)
    assert not may(text_of(grant), PIECES, Verb.GET, holder=OWNER.public)
    assert not may(text_of(grant), PIECES, Verb.GET, holder=ANYBODY)
    child = text_of(token(BOB, payload(prev=grant)))
    assert may(child, PIECES, Verb.GET, holder=BOB.public)
    assert not may(child, PIECES, Verb.GET, holder=CAROL.public)


def test_an_access_ends_with_the_chain() -> None:
    """The last moment is the one before the earliest end."""
    grant = token(OWNER, payload(subject=BOB.public, bucket=7))
    chain = opened(text_of(token(BOB, payload(prev=grant, expires_ms=NOW_MS + 5))))
    capabilities = capabilities_of_chain(chain, owner=VAULT, bucket_id=7)
    access = check(capabilities, BOB.public, PIECES, Verb.GET, NOW_MS)
    assert isinstance(access, Access)
    assert access.not_after_ms == NOW_MS + 4
    assert isinstance(check(capabilities, BOB.public, PIECES, Verb.GET, NOW_MS + 5), Deny)


def test_a_public_bucket_is_read_by_anybody() -> None:
    """Read alone, that bucket alone; under a name if there is one."""
    for holder in (ANYBODY, BOB.public):
        capabilities = public_read(owner=VAULT, bucket_id=7, holder=holder)
        allowed = {verb for verb in Verb if isinstance(check(capabilities, holder, PIECES, verb, NOW_MS), Access)}
        assert allowed == {Verb.GET}
        assert isinstance(check(capabilities, holder, bucket_names_resource(VAULT, 7), Verb.GET, NOW_MS), Access)
        assert isinstance(check(capabilities, holder, bucket_piece_resource(VAULT, 8), Verb.GET, NOW_MS), Deny)
    assert isinstance(check(public_read(owner=VAULT, bucket_id=7), BOB.public, PIECES, Verb.GET, NOW_MS), Deny)


# --- against a model: the rules of docs/specs/ddc-access.md once more, in sets


WALLETS = (OWNER, BOB, CAROL, PHONE)


@dataclass(frozen=True)
class Link:
    """A link as it is drawn."""

    signer: Wallet
    subject: Wallet | None
    can_delegate: bool
    bucket: int | None
    operations: tuple[int, ...]
    ends_ms: int
    piece: Cid | None
    wrapped: bool


@dataclass(frozen=True)
class Asked:
    """A call as it is drawn; `through` is None unless the piece was reached from another."""

    bucket: int
    operation: int
    piece: Cid
    through: Cid | None
    by: Wallet
    over_web: bool


def rights_of(link: Link) -> set[tuple[int, int, Cid, Cid | None]]:
    """All that a link allows: (bucket, operation, piece, reached through)."""
    return {
        (bucket, operation, cid, through)
        for bucket in (7, 8)
        if link.bucket in (None, bucket)
        for operation in link.operations
        for cid in (ROOT, LEAF)
        for through in (None, ROOT, LEAF)
        if link.piece in (None, cid if through in (None, cid) else through)
    }


def model(links: list[Link], asked: Asked) -> bool:
    """Whether the rules allow it."""
    if len(links) > (5 if asked.over_web or links[0].wrapped else 3) or links[0].signer != OWNER:
        return False
    if any(link.ends_ms <= NOW_MS for link in links) or len({link.piece for link in links} - {None}) > 1:
        return False
    if len({link.bucket for link in links} - {None}) > 1:
        return False
    for parent, child in pairwise(links):
        if parent.subject != child.signer or child.ends_ms > parent.ends_ms:
            return False
        if child.subject is not None and not parent.can_delegate:
            return False
    last = links[-1]
    if asked.by != (last.subject or last.signer):
        return False
    shared = set.intersection(*map(rights_of, links))
    return (asked.bucket, asked.operation, asked.piece, asked.through) in shared


@st.composite
def chains(draw: st.DrawFn) -> list[Link]:
    """Chains that mostly hold: each field is right by itself and off now and then."""
    links: list[Link] = []
    rarely = st.integers(0, 11).map(lambda number: number == 0)
    for number in range(count := draw(st.sampled_from([1, 1, 2, 2, 2, 3, 3, 4, 5]))):
        last = number == count - 1
        right = OWNER if not links or links[-1].subject is None else links[-1].subject
        operations = draw(st.sampled_from([(PUT, GET, DELETE), (PUT, GET), (GET,)]))
        link = Link(
            signer=draw(st.sampled_from(WALLETS)) if draw(rarely) else right,
            subject=None if last else draw(st.sampled_from(WALLETS)),
            can_delegate=not last,
            bucket=draw(st.sampled_from([None, None, 7])),
            operations=operations,
            ends_ms=NOW_MS + DAY_MS - number * draw(st.sampled_from([0, 1])),
            piece=draw(st.sampled_from([None, None, None, ROOT])),
            wrapped=draw(st.booleans()),
        )
        if draw(rarely):
            off = draw(st.sampled_from(["subject", "can_delegate", "bucket", "operations", "ends_ms", "piece"]))
            values = {
                "subject": draw(st.sampled_from([None, *WALLETS])),
                "can_delegate": not link.can_delegate,
                "bucket": 8,
                "operations": draw(st.sampled_from([(), (DELETE,), (PUT,)])),
                "ends_ms": draw(st.sampled_from([NOW_MS, NOW_MS - 1, NOW_MS + DAY_MS + 1])),
                "piece": LEAF,
            }
            link = replace(link, **{off: values[off]})
        links.append(link)
    return links


@st.composite
def calls(draw: st.DrawFn, links: list[Link]) -> Asked:
    """Calls that mostly come from who holds the chain."""
    right = links[-1].subject or links[-1].signer
    return Asked(
        bucket=draw(st.sampled_from([7, 7, 7, 8])),
        operation=draw(st.sampled_from([GET, GET, PUT, DELETE])),
        piece=draw(st.sampled_from([ROOT, LEAF])),
        through=draw(st.sampled_from([None, None, ROOT])),
        by=draw(st.sampled_from([right, right, right, *WALLETS])),
        over_web=draw(st.booleans()),
    )


def written(links: list[Link]) -> str:
    """The chain's text."""
    raw: bytes | None = None
    for link in links:
        content = payload(
            prev=raw,
            subject=None if link.subject is None else link.subject.public,
            can_delegate=link.can_delegate,
            bucket=link.bucket,
            operations=link.operations,
            expires_ms=link.ends_ms,
            piece=link.piece,
        )
        raw = token(link.signer, content, wrapped=link.wrapped)
    assert raw is not None
    return text_of(raw)


def node(links: list[Link], asked: Asked) -> bool:
    """Whether the node allows it."""
    try:
        chain = opened(written(links), over_web=asked.over_web)
    except TokenError:
        return False
    verb = {PUT: Verb.PUT, GET: Verb.GET, DELETE: Verb.DELETE}[asked.operation]
    resource = piece(asked.piece, through=asked.through, bucket=asked.bucket)
    capabilities = capabilities_of_chain(chain, owner=VAULT, bucket_id=asked.bucket)
    return isinstance(check(capabilities, asked.by.public, resource, verb, NOW_MS), Access)


@settings(max_examples=600)
@given(data=st.data())
def test_the_node_allows_what_the_rules_allow(data: st.DataObject) -> None:
    """Chains of one to five links, right and wrong in every field, agree with the model in both directions."""
    links = data.draw(chains())
    asked = data.draw(calls(links))
    assert node(links, asked) is model(links, asked)


@settings(max_examples=150)
@given(data=st.data())
def test_a_further_link_never_widens(data: st.DataObject) -> None:
    """What a chain allows after a link is put behind it, it allowed before to that link's signer."""
    links = data.draw(chains())
    asked = data.draw(calls(links))
    if len(links) > 1 and node(links, asked):
        shorter = replace(links[-2], subject=links[-1].signer)
        assert node([*links[:-2], shorter], replace(asked, by=links[-1].signer))
