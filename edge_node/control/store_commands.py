"""piece.verify and stream.publish: a piece read back whole, a test event signed by the operator."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial

import trio

from edge_node.base.errors import Refusal
from edge_node.base.ids import Cid, PublicKey, StreamName, VaultId
from edge_node.base.offload import FILE, offload
from edge_node.control.arguments import PublishArguments, VerifyArguments
from edge_node.control.commands import Draft, Outcome
from edge_node.control.errors import ArgumentsMalformed, CommandUnavailable, NoSuchPiece
from edge_node.control.house import House
from edge_node.control.payload import Standing
from edge_node.control.rights import access_of, bucket_of
from edge_node.control.views import KINDS, size_of
from edge_node.store.errors import PieceDamaged
from edge_node.store.listing import CidDetail, find_cid, next_number
from edge_node.store.scope import Scope
from edge_node.trust.access import Access, Verb
from edge_node.trust.keystore import KeyFileRefused, read_key_file
from edge_node.trust.signed_event import EventHeader, sign_event
from edge_node.wire.cid import cid_kind, format_cid, parse_cid
from edge_node.wire.strict_json import canonical

CONTENT_TYPE = "application/json"
SOURCE = "control"
QUIET_S, ADVANCE_S = 1.0, 0.25  # what is done within a second needs no word on the way


@dataclass(frozen=True, slots=True)
class Advance:
    """How far a command is: `done` of `bytes`, on its `subject`."""

    command: str
    subject: str
    done: int
    bytes: int


class Pace:
    """Says when it is time to say something again: from the first second on, and then four times a second at most."""

    def __init__(self, now_s: Callable[[], float]) -> None:
        self._now_s = now_s
        self._due_s = now_s() + QUIET_S

    def due(self) -> bool:
        """Whether it is; then the next word is due later."""
        now_s = self._now_s()
        if now_s < self._due_s:
            return False
        self._due_s = now_s + ADVANCE_S
        return True


class VerifyPiece:
    """Read a piece, a multipart through all of its parts, or a DAG node, and hash it against its CID."""

    name, about, danger = "piece.verify", "Read a piece from the disk and hash it against its CID.", False
    arguments = VerifyArguments

    def __init__(self, house: House, tell: Callable[[Advance], None] = lambda _advance: None) -> None:
        self._house, self._tell = house, tell

    def unavailable(self) -> str:
        """See Command."""
        return ""

    async def plan(self, arguments: VerifyArguments) -> Draft:
        """See Command; NoSuchPiece."""
        cid, found, scope = await self._find(arguments)
        parts = next((f" in {file.parts_count} parts" for file in found.files if file.scope == scope), "")
        return Draft(
            summary=f"Read {size_of(found)} bytes{parts} and hash them.",
            consequences=["Nothing is changed. A piece found damaged is marked, so that the next put heals it."],
            subject=format_cid(cid),
        )

    async def execute(self, arguments: VerifyArguments) -> Outcome:
        """See Command. Damage is what was found out, not a refusal."""
        house = self._house
        cid, found, scope = await self._find(arguments)
        text, began_s = format_cid(cid), house.clock.monotonic_s()
        access = access_of(house, Standing.OPERATOR, SOURCE, scope.owner, scope.resource(cid), Verb.GET)
        size, reason = size_of(found), ""
        try:
            size = await self._verify(access, scope, cid, size)
        except PieceDamaged as damage:
            reason = str(damage)
        return Outcome(
            {
                "cid": text,
                "kind": KINDS[cid_kind(cid)],
                "bytes": size,
                "bucket": scope.bucket,
                "intact": not reason,
                "reason": reason,
                "took_ms": int((house.clock.monotonic_s() - began_s) * 1_000),
            }
        )

    async def _verify(self, access: Access, scope: Scope, cid: Cid, size: int) -> int:
        house = self._house
        if scope.bucket is None:
            return await house.pieces.verify(access, scope.owner, cid)
        pace = Pace(house.clock.monotonic_s)

        def told(done: int) -> None:
            if pace.due():
                self._tell(Advance(self.name, format_cid(cid), done, size))

        return await house.files.verify(access, bucket_of(scope), cid, told=told)

    async def _find(self, given: VerifyArguments) -> tuple[Cid, CidDetail, Scope]:
        """The CID, what lies under it, and who it is read from."""
        try:
            cid = parse_cid(given.cid)
            vault = None if given.vault is None else VaultId.parse(given.vault)
        except Refusal as refusal:
            raise ArgumentsMalformed("cid" if "cid" in refusal.slug else "vault", str(refusal)) from refusal
        found = await self._house.journal.query(find_cid, cid)
        scopes = [Scope(one.vault, one.bucket) for one in found.holders]
        scopes += [Scope(found.body.vault)] if found.body is not None else []
        chosen = next(
            (one for one in scopes if vault in {None, one.owner} and given.bucket in {None, one.bucket}), None
        )
        if chosen is None:
            raise NoSuchPiece(cid)
        return cid, found, chosen


class PublishEvent:
    """Publish a test event.

    It takes the way of every event: signed, judged, counted. The only key the node may use for that is the
    operator's own, where its file lies on this box; a key made up for the occasion would have to be enrolled, which is
    a right an operator gives knowingly, not a side effect of a test.
    """

    name, about, danger = "stream.publish", "Publish a test event, signed by the operator's key on this box.", False
    arguments = PublishArguments

    def __init__(self, house: House) -> None:
        self._house = house
        self._one_at_a_time = trio.Lock()  # each takes the number after the last one stored

    def unavailable(self) -> str:
        """See Command."""
        if self._house.operator_key.exists():
            return ""
        return f"the operator's key is not on this box ({self._house.operator_key} is absent)"

    async def plan(self, arguments: PublishArguments) -> Draft:
        """See Command; the refusal the event would meet where that is known."""
        header, body = await self._signed(arguments)
        self._house.ingest.screen(header, SOURCE)
        return Draft(
            summary=f"Publish {len(body)} bytes to {header.stream}, signed by {header.key}.",
            consequences=["The event is stored like any other and is delivered to every subscriber."],
            subject=header.stream,
        )

    async def execute(self, arguments: PublishArguments) -> Outcome:
        """See Command."""
        async with self._one_at_a_time:
            header, body = await self._signed(arguments)
            self._house.ingest.screen(header, SOURCE)
            receipt = await self._house.ingest.submit(header, body, SOURCE)
        return Outcome({"receipt": {**asdict(receipt), "cid": format_cid(receipt.cid)}})

    async def _signed(self, given: PublishArguments) -> tuple[EventHeader, bytes]:
        house = self._house
        try:
            stream = StreamName(given.stream)
        except Refusal as refusal:
            raise ArgumentsMalformed("stream", str(refusal)) from refusal
        key = await offload(self._public_key, limiter=FILE)
        seq = await house.journal.query(next_number, house.vault, stream, key)
        body = canonical(given.data)
        return await offload(partial(self._sign, stream, seq, body), limiter=FILE), body

    def _public_key(self) -> PublicKey:
        try:
            with read_key_file(self._house.operator_key) as key:
                return key.public
        except (KeyFileRefused, OSError) as error:
            raise CommandUnavailable(self.name, str(error)) from error

    def _sign(self, stream: StreamName, seq: int, body: bytes) -> EventHeader:
        house = self._house
        with read_key_file(house.operator_key) as key:
            return sign_event(
                key,
                audience=house.vault,
                stream=stream,
                content_type=CONTENT_TYPE,
                seq=seq,
                t_ms=house.now_ms,
                quality=house.clock.quality(),
                body=body,
            )
