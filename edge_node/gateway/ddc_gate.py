"""The one place where a DDC call becomes an Access, whichever door it came by (docs/specs/ddc.md, Who may)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from edge_node.base.clock import Clock
from edge_node.base.ids import Cid, PublicKey, VaultId
from edge_node.gateway.ddc_errors import RequestReplayed
from edge_node.gateway.ddc_rules import Wanted, check_bearer, check_request, resource_of
from edge_node.gateway.errors import SignedBeforeStart
from edge_node.gateway.horizon_log import HorizonLog
from edge_node.journal import NotWritable
from edge_node.settings import TrustSettings
from edge_node.store.bucket_errors import UnknownBucket
from edge_node.store.buckets import Bucket, BucketAuthority, require_bucket
from edge_node.trust.access import Access, AccessDenied, Capability, Deny, Verb, check
from edge_node.trust.access_control import AccessControl
from edge_node.trust.access_resource import vault_resource
from edge_node.trust.activity_request import ActivityRequest, open_activity_request
from edge_node.trust.spent_requests import SpentRequests
from edge_node.trust.token_book import TokenBook
from edge_node.trust.token_chain import TokenChain
from edge_node.trust.token_errors import TokenMissing
from edge_node.trust.token_rights import ANYBODY, capabilities_of_chain, public_read


class Reaches(Protocol):
    """Whether a piece lies below another: `cid` is linked from `root`, or is a part of it."""

    async def __call__(self, bucket: Bucket, root: Cid, cid: Cid) -> bool:
        """Walk there, within bounds."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """What a call was given.

    `request` is its verified signed request, None without one. `through` is the piece whose right covers the one asked
    for. `expect` is the CID that stored content must have, None where any will do. `chain` is the token, None where
    none was needed; `public` says that it counted for nothing, because anybody may read.
    """

    access: Access
    bucket: Bucket
    request: ActivityRequest | None
    through: Cid | None
    expect: Cid | None
    chain: TokenChain | None
    public: bool
    source: str


class DdcGate:
    """Checks tokens and signed requests for every DDC surface. On the loop: a chain of three is 200 us, then cached."""

    def __init__(
        self,
        buckets: BucketAuthority,
        book: TokenBook,
        access: AccessControl,
        clock: Clock,
        horizons: HorizonLog,
        settings: TrustSettings,
        reaches: Reaches,
    ) -> None:
        self._buckets, self._book, self._access, self._clock = buckets, book, access, clock
        self._horizons, self._reaches = horizons, reaches
        self._window_ms = settings.request_window_s * 1_000
        self._spent = SpentRequests(self._window_ms)

    async def admit(
        self,
        *,
        token: str | None,
        request_text: str | None,
        verb: Verb,
        bucket_id: int,
        cid: Cid | None = None,
        names: bool = False,
        source: str,
        over_web: bool = False,
        in_url: bool = False,
    ) -> Admitted:
        """The Access for one verb (GET, PUT, DELETE) on a piece of a bucket, or with `names` on its names.

        `cid` None: a store whose CID is not known yet. `source` is door and address for the audit trail, `in_url` says
        that the token stood in the URL. Every failed step is its own refusal; UnknownBucket comes first.
        """
        wanted = Wanted(verb=verb, bucket_id=bucket_id, cid=cid, names=names)
        now_ms = self._clock.now_ms()
        bucket = await require_bucket(self._buckets, bucket_id)
        chain = self._open(token, wanted, bucket, now_ms, source, over_web=over_web)
        request = None if request_text is None else open_activity_request(request_text)
        if request is not None:
            check_request(request, wanted, None if chain is None else chain.piece, now_ms, self._window_ms)
            # Whoever's token it is: what a revoked account asks for with another's bearer is refused as well.
            self._book.revocations.require_account(request.signer)
        if bucket.public and verb is Verb.GET:
            if chain is not None and in_url:
                check_bearer(chain, request, in_url=True)
            return self._admit_anybody(wanted, bucket, chain, request, now_ms, source)
        assert chain is not None, "only a public read goes without"
        check_bearer(chain, request, in_url=in_url)
        return await self._admit_holder(wanted, bucket, chain, request, now_ms, source)

    async def vouch(self, *, token: str | None, source: str, over_web: bool) -> None:
        """Raise for a token that no bucket here has given, before a large message of its bearer is given room.

        What may be done with it is asked of `admit`, when the message says what it wants.
        """
        now_ms = self._clock.now_ms()
        owners = {bucket.owner for bucket in self._buckets.list()}

        def screen(claimed: TokenChain) -> None:
            owner = VaultId(claimed.root.signer)
            if owner not in owners:
                resource = vault_resource(owner)
                raise self._access.refuse_claimed(claimed.holder, resource, Verb.PUT, now_ms, source)

        screen(self._book.open(token, now_ms, over_web=over_web, screen=screen))

    def _open(
        self, token: str | None, wanted: Wanted, bucket: Bucket, now_ms: int, source: str, *, over_web: bool
    ) -> TokenChain | None:
        anybody = bucket.public and wanted.verb is Verb.GET
        if token is None:
            if anybody:
                return None
            raise TokenMissing

        def screen(claimed: TokenChain) -> None:
            # What strangers sign for themselves costs no verification: nobody but the owner can give anything here.
            if not anybody and VaultId(claimed.root.signer) != bucket.owner:
                resource = resource_of(wanted, bucket.owner)
                raise self._access.refuse_claimed(claimed.holder, resource, wanted.verb, now_ms, source)

        return self._book.open(token, now_ms, over_web=over_web, screen=screen)

    def _admit_anybody(
        self,
        wanted: Wanted,
        bucket: Bucket,
        chain: TokenChain | None,
        request: ActivityRequest | None,
        now_ms: int,
        source: str,
    ) -> Admitted:
        holder = ANYBODY
        if request is not None:
            holder = request.signer
        elif chain is not None and chain.last.subject is None:
            holder = chain.last.signer
        self._book.revocations.require_account(holder)
        rights = public_read(owner=bucket.owner, bucket_id=bucket.id, holder=holder)
        resource = resource_of(wanted, bucket.owner)
        access = self._access.decide_by(rights, holder, resource, wanted.verb, now_ms, source)
        return Admitted(
            access=access,
            bucket=bucket,
            request=request,
            through=None,
            expect=None,
            chain=chain,
            public=True,
            source=source,
        )

    async def _admit_holder(
        self,
        wanted: Wanted,
        bucket: Bucket,
        chain: TokenChain,
        request: ActivityRequest | None,
        now_ms: int,
        source: str,
    ) -> Admitted:
        rights = capabilities_of_chain(chain, owner=bucket.owner, bucket_id=bucket.id)
        through = None
        if chain.piece is not None and not wanted.names:
            if wanted.stores and wanted.cid is None:
                wanted = replace(wanted, cid=chain.piece)
            through = await self._find_way(wanted, bucket, chain, chain.piece, rights, now_ms)
        resource = resource_of(wanted, bucket.owner, through)
        # Spent only where the rights would do: strangers must not fill the memory of what was used.
        allowed = not isinstance(check(rights, chain.holder, resource, wanted.verb, now_ms), Deny)
        if request is not None and chain.wants_request and allowed:
            await self._spend(wanted, bucket, request, now_ms)
            self._book.confirm(chain, self._clock.now_ms())
        access = self._access.decide_by(rights, chain.holder, resource, wanted.verb, now_ms, source)
        return Admitted(
            access=access,
            bucket=bucket,
            request=request,
            through=through,
            expect=wanted.cid if wanted.stores else None,
            chain=chain,
            public=False,
            source=source,
        )

    async def _find_way(
        self, wanted: Wanted, bucket: Bucket, chain: TokenChain, scope: Cid, rights: Sequence[Capability], now_ms: int
    ) -> Cid | None:
        """The piece the chain is for, if the one asked for is another and lies below it."""
        if wanted.stores or wanted.cid is None or wanted.cid == scope:
            return None
        # Walking costs reads: only for who may read the root itself.
        root = resource_of(replace(wanted, cid=scope), bucket.owner)
        if isinstance(check(rights, chain.holder, root, wanted.verb, now_ms), Deny):
            return None
        return scope if await self._reaches(bucket, scope, wanted.cid) else None

    async def _spend(self, wanted: Wanted, bucket: Bucket, request: ActivityRequest, now_ms: int) -> None:
        # Remembered by owner: signers are many and some live for one browser session, owners stand in a table.
        owner = PublicKey(bucket.owner)
        if wait_ms := self._horizons.wait_ms(owner, request.t_ms):
            raise SignedBeforeStart(wait_ms)
        if not self._spent.spend(bucket.owner, request.signer, request.request_id, request.t_ms, now_ms):
            raise RequestReplayed
        try:
            await self._horizons.cover(owner, request.t_ms, now_ms)
        except NotWritable:
            # As for other signed requests: read once more after a restart, it changes nothing.
            if wanted.stores:
                raise

    async def confirm(self, admitted: Admitted) -> None:
        """Raise what ends an access that outlives its beginning: a revocation, an end, a bucket that is closed."""
        now_ms, access = self._clock.now_ms(), admitted.access
        bucket = await require_bucket(self._buckets, admitted.bucket.id)
        if bucket.owner != admitted.bucket.owner:
            raise UnknownBucket(bucket.id)
        if admitted.request is not None:
            self._book.revocations.require_account(admitted.request.signer)
        if admitted.public:
            if not bucket.public:
                raise AccessDenied(access.holder, access.resource, access.verb, "the bucket is public no longer")
            self._book.revocations.require_account(access.holder)
            rights = public_read(owner=bucket.owner, bucket_id=bucket.id, holder=access.holder)
        else:
            assert admitted.chain is not None, "only a public read goes without"
            self._book.confirm(admitted.chain, now_ms)
            rights = capabilities_of_chain(admitted.chain, owner=bucket.owner, bucket_id=bucket.id)
        self._access.confirm_by(access, rights, now_ms, admitted.source)
