"""The second process of a trial: re-reads every acknowledged event over HTTP and believes only what it can verify.

It knows the devices' public keys from the devices themselves and the receipts from their ledgers; from the node it
takes nothing but bytes.
"""

from dataclasses import dataclass
from pathlib import Path

import msgspec
import trio

from edge_node.base.ids import PublicKey, VaultId
from edge_node.client import Node, NodeRefusal, Proof, VerifiedBody, verify_proof
from edge_node.devnet.chain_check import chain_claims, look_through
from edge_node.devnet.claim import Claim
from edge_node.devnet.layout import ChainHistory, History, Place, SiteFiles, read_value
from edge_node.devnet.ledger import Entry, read_ledger
from edge_node.devnet.sensors import SENSORS
from edge_node.paths import Paths
from edge_node.trust.keystore import read_key_file
from edge_node.trust.signed_event import format_event_header, sign_event
from edge_node.wire.cid import format_cid, raw_piece_cid


class DeviceTally(msgspec.Struct, frozen=True):
    """What was proved of one device, in events; `duplicates` in bodies."""

    device: str
    acknowledged: int
    verified: int
    duplicates: int


class CheckReport(msgspec.Struct, frozen=True):
    """Everything the check found."""

    claims: list[Claim]
    devices: list[DeviceTally]


@dataclass(frozen=True, slots=True)
class _Stream:
    """One device's ledger beside what its stream really holds: bodies by first offset, all of them verified."""

    device: str
    key: PublicKey
    entries: list[Entry]
    stored: dict[int, tuple[Proof, VerifiedBody]]
    end: int

    def proved(self, entry: Entry) -> bool:
        """The stored body at the receipt's offset has the receipt's CID and the device's own signature."""
        found = self.stored.get(entry.first_offset)
        if found is None:
            return False
        proof, body = found
        return (
            proof.cid == entry.cid
            and body.header.key == self.key
            and body.header.seq == entry.seq
            and len(body.items) == entry.count
        )


def check_site(root: Path) -> CheckReport:
    """Check a trial's directory against its running node."""
    return trio.run(_check, SiteFiles(root))


async def _check(files: SiteFiles) -> CheckReport:
    place, history = read_value(files.place, Place), read_value(files.history, History)
    with read_key_file(files.operator_key) as key:
        async with Node(place.url, key, node=PublicKey.parse(place.node)) as node:
            streams = [await _read_stream(node, files, name) for name in SENSORS]
            claims = [*_stored_claims(streams, history), *await _refusal_claims(node, files, streams)]
    if files.chain_history.exists():  # of a site without a chain there is nothing to claim
        now = await look_through(Paths(files.node).control_socket)
        claims += await chain_claims(read_value(files.chain_history, ChainHistory), now)
    return CheckReport(claims, [_tally(stream) for stream in streams])


async def _read_stream(node: Node, files: SiteFiles, device: str) -> _Stream:
    station = files.station(device)
    stored, end = dict[int, tuple[Proof, VerifiedBody]](), 0
    async for page in node.iterate_stream(f"site/{device}", proof=True):
        stored |= {proof.first_offset: (proof, verify_proof(proof)) for proof in page.proofs or []}
        end = page.end
    key = PublicKey.parse(station.public.read_text())
    return _Stream(device, key, read_ledger(station.ledger), stored, end)


def _tally(stream: _Stream) -> DeviceTally:
    distinct = {entry.first_offset: entry for entry in stream.entries}.values()
    return DeviceTally(
        device=stream.device,
        acknowledged=sum(entry.count for entry in distinct),
        verified=sum(entry.count for entry in distinct if stream.proved(entry)),
        duplicates=sum(entry.duplicate for entry in stream.entries),
    )


def _stored_claims(streams: list[_Stream], history: History) -> list[Claim]:
    entries = [(stream, entry) for stream in streams for entry in stream.entries]
    before = [(stream, entry) for stream, entry in entries if entry.t_ms < history.killed_ms]
    cut = [(stream, entry) for stream, entry in entries if _taken_offline(stream, entry, history)]
    return [
        _all_proved("acknowledged events are stored, hash to their CIDs and carry their devices' signatures", entries),
        _all_proved("events acknowledged before the kill -9 survived it", before),
        _all_proved(f"events that {history.cut_device} signed while it was cut off arrived", cut),
        _nothing_else(streams),
    ]


def _taken_offline(stream: _Stream, entry: Entry, history: History) -> bool:
    found = stream.stored.get(entry.first_offset)
    if stream.device != history.cut_device or found is None:
        return False
    return history.cut_ms <= found[1].header.t_ms < history.restored_ms


def _all_proved(what: str, entries: list[tuple[_Stream, Entry]]) -> Claim:
    wanted = {(stream.device, entry.first_offset): entry.count for stream, entry in entries}
    proved = {(stream.device, entry.first_offset) for stream, entry in entries if stream.proved(entry)}
    count, found = sum(wanted.values()), sum(wanted[place] for place in proved)
    return Claim(f"{found} of {count} {what}", 0 < count == found and all(s.proved(e) for s, e in entries))


def _nothing_else(streams: list[_Stream]) -> Claim:
    """Repeats after lost answers must not be stored twice, and every queue was emptied: the counts are equal."""
    acknowledged = sum(_tally(stream).acknowledged for stream in streams)
    held = sum(stream.end for stream in streams)
    return Claim(f"the streams hold {held} events, none twice and none unacknowledged", held == acknowledged)


async def _refusal_claims(node: Node, files: SiteFiles, streams: list[_Stream]) -> list[Claim]:
    stream = streams[0]
    proof, body = stream.stored[min(stream.stored)]
    claims = [
        Claim(
            "a replayed event was answered with its first receipt, duplicate: true", await _replay(node, proof, body)
        ),
        Claim(
            "an event with one flipped bit was refused: 401 bad-signature",
            await _refused(node, proof.signature, body, flip_digit(body.body)) == (401, "bad-signature"),
        ),
        Claim(
            "other bytes under a used sequence number were refused: 409 sequence-conflict",
            await _refused(node, _sign_again(files, stream, body), body, _other(body.body))
            == (409, "sequence-conflict"),
        ),
    ]
    page = await node.read_stream(body.header.stream, limit=1)
    return [*claims, Claim(f"the stream still ends at offset {stream.end}", page.end == stream.end)]


async def _replay(node: Node, proof: Proof, body: VerifiedBody) -> bool:
    receipt = await node.post_event(proof.signature, body.header.content_type, body.body)
    same = (receipt.first_offset, receipt.count) == (proof.first_offset, proof.count)
    return receipt.duplicate and same and receipt.cid == format_cid(raw_piece_cid(body.body))


async def _refused(node: Node, header: str, body: VerifiedBody, content: bytes) -> tuple[int, str]:
    try:
        await node.post_event(header, body.header.content_type, content)
    except NodeRefusal as refusal:
        return refusal.status, refusal.slug
    return 202, "accepted"


def _sign_again(files: SiteFiles, stream: _Stream, body: VerifiedBody) -> str:
    """What a stolen or broken device would do: its key, a number it has used, other bytes."""
    header = body.header
    with read_key_file(files.station(stream.device).key) as key:
        again = sign_event(
            key, audience=VaultId(header.audience), stream=header.stream, content_type=header.content_type,
            seq=header.seq, t_ms=header.t_ms, quality=header.quality, body=_other(body.body),
        )  # fmt: skip
    return format_event_header(again)


def flip_digit(body: bytes) -> bytes:
    """The body with one bit of its last digit turned: still sound JSON, and another reading."""
    place = max(index for index, byte in enumerate(body) if byte in b"0123456789")
    return body[:place] + bytes((body[place] ^ 1,)) + body[place + 1 :]


def _other(body: bytes) -> bytes:
    return body + b" "
