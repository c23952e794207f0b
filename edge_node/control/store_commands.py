"""piece.verify and stream.publish: a piece read back whole, a test event signed by the operator."""

from dataclasses import asdict
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
from edge_node.control.rights import access_of
from edge_node.store.errors import PieceDamaged
from edge_node.store.listing import CidDetail, find_cid, next_number
from edge_node.trust.access import Verb, piece_resource
from edge_node.trust.keystore import KeyFileRefused, read_key_file
from edge_node.trust.signed_event import EventHeader, sign_event
from edge_node.wire.cid import format_cid, parse_cid
from edge_node.wire.strict_json import canonical

CONTENT_TYPE = "application/json"
SOURCE = "control"


class VerifyPiece:
    """Read a piece and hash it against its CID."""

    name, about, danger = "piece.verify", "Read a piece from the disk and hash it against its CID.", False
    arguments = VerifyArguments

    def __init__(self, house: House) -> None:
        self._house = house

    def unavailable(self) -> str:
        """See Command."""
        return ""

    async def plan(self, arguments: VerifyArguments) -> Draft:
        """See Command; NoSuchPiece."""
        cid, found, _ = await self._find(arguments)
        size = found.piece.size if found.piece is not None else found.body.size if found.body is not None else 0
        return Draft(
            summary=f"Read {size} bytes and hash them.",
            consequences=["Nothing is changed. A piece found damaged is marked, so that the next put heals it."],
            subject=format_cid(cid),
        )

    async def execute(self, arguments: VerifyArguments) -> Outcome:
        """See Command. Damage is what was found out, not a refusal."""
        house = self._house
        cid, _, vault = await self._find(arguments)
        text, began_s = format_cid(cid), house.clock.monotonic_s()
        access = access_of(house, Standing.OPERATOR, SOURCE, vault, piece_resource(vault, text), Verb.GET)
        size, reason = 0, ""
        try:
            size = await house.pieces.verify(access, vault, cid)
        except PieceDamaged as damage:
            reason = str(damage)
        took_ms = int((house.clock.monotonic_s() - began_s) * 1_000)
        return Outcome({"cid": text, "bytes": size, "intact": not reason, "reason": reason, "took_ms": took_ms})

    async def _find(self, given: VerifyArguments) -> tuple[Cid, CidDetail, VaultId]:
        """The CID, what lies under it, and a vault it is read from."""
        try:
            cid = parse_cid(given.cid)
            vault = None if given.vault is None else VaultId.parse(given.vault)
        except Refusal as refusal:
            raise ArgumentsMalformed("cid" if "cid" in refusal.slug else "vault", str(refusal)) from refusal
        found = await self._house.journal.query(find_cid, cid)
        owners = [one.vault for one in found.holders] + ([found.body.vault] if found.body is not None else [])
        chosen = next((owner for owner in owners if vault in {None, owner}), None)
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
