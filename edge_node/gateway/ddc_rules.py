"""What a DDC call must bring, as decisions without I/O (docs/specs/ddc.md, Who may)."""

from dataclasses import dataclass

from edge_node.base.ids import Cid, VaultId
from edge_node.gateway.ddc_errors import RequestForeign, RequestMismatch, RequestMissing, TokenInUrl
from edge_node.gateway.errors import RequestExpired
from edge_node.trust.access import Resource, Verb, bucket_names_resource, bucket_piece_resource
from edge_node.trust.activity_request import ActivityRequest, RequestType
from edge_node.trust.token_chain import TokenChain
from edge_node.wire.cid import format_cid


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a call wants: one verb in one bucket, on a piece (`cid`, None where a store's is not known) or on names."""

    verb: Verb
    bucket_id: int
    cid: Cid | None = None
    names: bool = False

    @property
    def stores(self) -> bool:
        """Whether it writes."""
        return self.verb is not Verb.GET

    @property
    def request_type(self) -> RequestType:
        """The type its signed request has."""
        return RequestType.STORE if self.stores else RequestType.GET


def check_request(request: ActivityRequest, wanted: Wanted, scope: Cid | None, now_ms: int, window_ms: int) -> None:
    """Raise unless the request is of now and for this call; its signature is somebody else's to check.

    `scope` is the piece a token opens, whose CID a request for what is reached through it may name.
    """
    if abs(now_ms - request.t_ms) > window_ms:
        raise RequestExpired(abs(now_ms - request.t_ms), window_ms)
    if request.type is not wanted.request_type:
        raise RequestMismatch("type")
    if request.bucket != wanted.bucket_id:
        raise RequestMismatch("bucket")
    if request.id not in _ids(wanted, scope):
        raise RequestMismatch("id")


def _ids(wanted: Wanted, scope: Cid | None) -> tuple[bytes | None, ...]:
    if wanted.names:
        return (b"",)
    # The SDK does not know a piece's CID before it is stored.
    return (wanted.cid, b"", scope) if wanted.stores else (wanted.cid, scope)


def check_bearer(chain: TokenChain, request: ActivityRequest | None, *, in_url: bool) -> None:
    """Raise unless a verified chain may be used by who sent it: alone, or with a verified request by its holder."""
    if not chain.wants_request:
        return
    if in_url:
        raise TokenInUrl
    if request is None:
        raise RequestMissing
    if request.signer != chain.holder:
        raise RequestForeign


def resource_of(wanted: Wanted, owner: VaultId, through: Cid | None = None) -> Resource:
    """The resource a call touches; a store whose CID is not known asks for all pieces of the bucket."""
    if wanted.names:
        return bucket_names_resource(owner, wanted.bucket_id)
    text = None if wanted.cid is None else format_cid(wanted.cid)
    return bucket_piece_resource(
        owner, wanted.bucket_id, text, through=None if through is None else format_cid(through)
    )
