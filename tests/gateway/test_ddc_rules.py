"""What a DDC call must bring, decision by decision."""

import pytest

from edge_node.base.ids import Digest, VaultId
from edge_node.gateway.ddc_errors import RequestForeign, RequestMismatch, RequestMissing, TokenInUrl
from edge_node.gateway.ddc_rules import Wanted, check_bearer, check_request, resource_of
from edge_node.gateway.errors import RequestExpired
from edge_node.trust.access import Verb
from edge_node.trust.activity_request import RequestType, open_activity_request
from edge_node.trust.auth_token import parse_token
from edge_node.trust.token_chain import TokenChain
from edge_node.wire.cid import CidKind, format_cid, make_cid, raw_piece_cid
from tests.gateway.rig import CLOCK
from tests.gateway.wallet import GET_REQUEST, STORE_REQUEST, Wallet, text_of

OWNER, READER = Wallet("owner"), Wallet("the reader")
CID, ROOT = raw_piece_cid(b"x"), make_cid(CidKind.DAG_NODE, Digest(bytes(32)))
WINDOW_MS, BUCKET = 300_000, 7
READ = Wanted(verb=Verb.GET, bucket_id=BUCKET, cid=CID)
STORE = Wanted(verb=Verb.PUT, bucket_id=BUCKET)
NAMED = Wanted(verb=Verb.PUT, bucket_id=BUCKET, cid=CID)
NAMES = Wanted(verb=Verb.GET, bucket_id=BUCKET, names=True)
LET_GO = Wanted(verb=Verb.DELETE, bucket_id=BUCKET, cid=CID)


@pytest.mark.parametrize(
    ("wanted", "kind", "ids"),
    [
        (READ, GET_REQUEST, {bytes(CID), bytes(ROOT)}),
        (STORE, STORE_REQUEST, {b"", bytes(ROOT)}),
        (NAMED, STORE_REQUEST, {b"", bytes(CID), bytes(ROOT)}),
        (NAMES, GET_REQUEST, {b""}),
    ],
    ids=["read", "store", "store of a named cid", "names"],
)
def test_a_request_fits_its_call(wanted: Wanted, kind: int, ids: set[bytes]) -> None:
    """By type, bucket and id: these and no others, where a token opens ROOT."""
    assert wanted.request_type is RequestType(kind)
    for cid in (b"", bytes(CID), bytes(ROOT), bytes(raw_piece_cid(b"another"))):
        request = open_activity_request(OWNER.request(kind, BUCKET, cid))
        if cid in ids:
            check_request(request, wanted, ROOT, CLOCK.now_ms(), WINDOW_MS)
        else:
            with pytest.raises(RequestMismatch, match="id"):
                check_request(request, wanted, ROOT, CLOCK.now_ms(), WINDOW_MS)
    for other in (OWNER.request(1 - kind, BUCKET), OWNER.request(kind, BUCKET + 1)):
        with pytest.raises(RequestMismatch, match=r"type|bucket"):
            check_request(open_activity_request(other), wanted, None, CLOCK.now_ms(), WINDOW_MS)


@pytest.mark.parametrize("off_ms", [-WINDOW_MS, WINDOW_MS])
def test_a_request_is_of_now(off_ms: int) -> None:
    """The edge of the window is inside, a millisecond beyond is not."""
    request = open_activity_request(OWNER.request(GET_REQUEST, BUCKET, CID, t_ms=CLOCK.now_ms()))
    check_request(request, READ, None, request.t_ms + off_ms, WINDOW_MS)
    beyond = off_ms + (1 if off_ms > 0 else -1)
    with pytest.raises(RequestExpired):
        check_request(request, READ, None, request.t_ms + beyond, WINDOW_MS)


def chain_of(**said: object) -> TokenChain:
    """A chain of one token."""
    return parse_token(text_of(OWNER.token(**said)))  # type: ignore[arg-type]


def test_who_may_use_a_chain() -> None:
    """A bound one everybody; an unbound one and a grant as it stands only with the holder's request, never in a URL."""
    owner, reader = (open_activity_request(one.request(GET_REQUEST, BUCKET, CID)) for one in (OWNER, READER))
    check_bearer(chain_of(bucket=BUCKET), None, in_url=True)
    for chain, right, wrong in (
        (chain_of(), owner, reader),
        (chain_of(bucket=BUCKET, subject=READER), reader, owner),
    ):
        check_bearer(chain, right, in_url=False)
        with pytest.raises(RequestForeign):
            check_bearer(chain, wrong, in_url=False)
        with pytest.raises(RequestMissing):
            check_bearer(chain, None, in_url=False)
        with pytest.raises(TokenInUrl):
            check_bearer(chain, right, in_url=True)


def test_what_a_call_touches() -> None:
    """A piece, all pieces where the CID is not known yet, a piece below another, or the names."""
    vault = VaultId(OWNER.account)
    tree, cid, root = f"vault/{vault.hex()}/buckets/{BUCKET}", format_cid(CID), format_cid(ROOT)
    assert resource_of(READ, vault) == f"{tree}/pieces/{cid}"
    assert resource_of(STORE, vault) == f"{tree}/pieces"
    assert resource_of(READ, vault, ROOT) == f"{tree}/pieces/{root}/{cid}"
    assert resource_of(NAMES, vault) == f"{tree}/names"
    assert (READ.stores, STORE.stores, LET_GO.stores) == (False, True, True)
