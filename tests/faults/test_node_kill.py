"""Node kills: whatever moment the process dies at, every acknowledged event and piece is read back and proved."""

import base64
import json
import os
import random  # noqa: TID251 - a seeded choice of moments and sizes
import signal
import subprocess
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import trio
from blake3 import blake3

from edge_node.base.clock import ClockQuality
from edge_node.base.ids import Digest, Nonce, StreamName
from edge_node.trust.signed_event import EventHeader, format_event_header, parse_event_header, sign_event, verify_event
from edge_node.trust.signed_request import sign_request
from edge_node.wire.cid import format_cid, raw_piece_cid
from tests.gateway.rig import CLOCK, Site, key_of, make_site

ROUNDS = int(os.environ.get("EDGE_NODE_KILL_ROUNDS", "3"))
SENDERS = 6
LONGEST_LIFE_S = 0.5
STREAM = StreamName("site/kill")
NDJSON = "application/x-ndjson"
PIECE_BYTES = (100, 5_000, 70_000, 1_500_000)
START_S = 30
WHOLE_EVERY = 40  # lives between two readings of everything: in each life it would make the campaign quadratic
OLD_PIECES = 10  # of those that were read before, as many are read again in every life


class Witness:
    """What was sent, what was acknowledged, and what must therefore be true for ever.

    Content is not kept: an acknowledged CID says what must come back. `read_to` and `pieces_read` are where the
    reading of the life before the last ended: what came since is read in this life, and in the next once more.
    """

    def __init__(self, site: Site, chance: random.Random) -> None:
        self.site, self.chance = site, chance
        self.seq = 0
        self.receipts: list[dict[str, Any]] = []
        self.unanswered: dict[int, tuple[EventHeader, bytes]] = {}
        self.pieces: list[str] = []
        self.read_to, self.pieces_read = [0, 0], [0, 0]

    def next_event(self) -> tuple[EventHeader, bytes]:
        self.seq += 1
        count = self.chance.choice((1, 1, 10, 100))
        body = b"".join(b'{"seq":%d,"item":%d,"pad":"%s"}\n' % (self.seq, item, b"x" * 50) for item in range(count))
        header = sign_event(
            key_of("device"),
            audience=self.site.vault,
            stream=STREAM,
            content_type=NDJSON,
            seq=self.seq,
            t_ms=CLOCK.now_ms(),
            quality=ClockQuality.NETWORK,
            body=body,
        )
        self.unanswered[self.seq] = header, body
        return header, body

    def acknowledge(self, header: EventHeader, body: bytes, receipt: dict[str, Any]) -> None:
        assert receipt["cid"] == format_cid(raw_piece_cid(body))
        assert receipt["count"] == body.count(b"\n")
        self.receipts.append(receipt)
        del self.unanswered[header.seq]


class Client:
    """A device's and a writer's way to one life of the node."""

    def __init__(self, http: httpx.AsyncClient, witness: Witness) -> None:
        self.http, self.witness = http, witness

    async def post(self, header: EventHeader, body: bytes) -> None:
        sent = {"content-type": NDJSON, "edge-signature": format_event_header(header)}
        answer = await self.http.post("/events", content=body, headers=sent)
        assert answer.status_code == 202, answer.text
        self.witness.acknowledge(header, body, answer.json())

    async def ask(self, method: str, target: str, content: bytes = b"") -> httpx.Response:
        proof = sign_request(
            key_of("neighbour"),
            to=self.witness.site.node,
            method=method,
            target=target,
            body_digest=Digest(blake3(content).digest()),
            t_ms=CLOCK.now_ms(),
            nonce=Nonce(os.urandom(16)),
        )
        return await self.http.request(method, target, content=content or None, headers={"edge-request": proof})

    async def send_events(self) -> None:
        """Until the node dies."""
        try:
            while True:
                await self.post(*self.witness.next_event())
        except httpx.TransportError:
            return

    async def send_pieces(self) -> None:
        """Until the node dies."""
        try:
            while True:
                content = self.witness.chance.randbytes(self.witness.chance.choice(PIECE_BYTES))
                answer = await self.ask("POST", "/api/v1/pieces", content)
                assert answer.status_code == 201, answer.text
                target = answer.headers["location"]
                assert target.endswith(format_cid(raw_piece_cid(content)))
                self.witness.pieces.append(target)
        except httpx.TransportError:
            return

    async def send_again(self) -> None:
        """What the last life did not answer, as a device would: signed before, stored or not, acknowledged now."""
        for header, body in list(self.witness.unanswered.values()):
            await self.post(header, body)

    async def check(self, *, whole: bool) -> None:
        """Read with proofs what the last two lives stored, or everything, trusting the node in nothing."""
        witness = self.witness
        start, first = (0, 0) if whole else (witness.read_to[0], witness.pieces_read[0])
        seen, end = await self._read_bodies(start)
        for receipt in witness.receipts:
            if receipt["first_offset"] >= start:
                assert seen[receipt["first_offset"]] == (receipt["cid"], receipt["count"])
        older = witness.pieces[:first]
        for target in witness.pieces[first:] + witness.chance.sample(older, min(OLD_PIECES, len(older))):
            answer = await self.ask("GET", target)
            assert answer.status_code == 200
            assert target.endswith(format_cid(raw_piece_cid(answer.content)))
        witness.read_to = [witness.read_to[1], end]
        witness.pieces_read = [witness.pieces_read[1], len(witness.pieces)]

    async def _read_bodies(self, start: int) -> tuple[dict[int, tuple[str, int]], int]:
        """CID and count of every body from the offset `start` on, by first offset, and where the stream ends."""
        bodies: dict[int, tuple[str, int]] = {}
        numbers: list[int] = []
        at, end = start, start + 1
        while at < end:
            answer = await self.ask("GET", f"/api/v1/streams/{STREAM}?from={at}&limit=1000&proof=1")
            if answer.status_code == 404:
                return {}, 0
            page = answer.json()
            for proof in page["proofs"]:
                body = base64.b64decode(proof["body_base64"])
                header = parse_event_header(proof["signature"], proof["content_type"])
                assert verify_event(header, body)
                assert proof["cid"] == format_cid(raw_piece_cid(body))
                if proof["first_offset"] not in bodies:
                    numbers.append(header.seq)
                bodies[proof["first_offset"]] = proof["cid"], proof["count"]
            at, end = page["next"], page["end"]
        assert len(numbers) == len(set(numbers)), "a sequence number was stored twice"
        offset = start
        for first, (_, count) in sorted(bodies.items()):
            assert first == offset, "offsets have a gap"
            offset += count
        assert offset == end
        return bodies, end


@asynccontextmanager
async def life(witness: Witness) -> AsyncGenerator[tuple[subprocess.Popen[bytes], Client], None]:
    """A node process on the directory, ready; killed at the end if it still lives."""
    root = witness.site.root
    environ = os.environ | {
        "EDGE_NODE__NODE__DATA_DIR": str(root),
        "EDGE_NODE__HTTP__LISTEN": "127.0.0.1:0",
        "EDGE_NODE__HTTP__LISTEN_TLS": "",
        "EDGE_NODE__GRPC__LISTEN": "",
        "EDGE_NODE__LOG__LEVEL": "warning",
    }
    config = root / "edge-node.toml"
    config.touch()
    command = [sys.executable, "-m", "edge_node", "run", "--config", str(config)]
    with subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]) as process:
        try:
            assert process.stdout is not None
            with trio.fail_after(START_S):
                line = await trio.to_thread.run_sync(process.stdout.readline)
            async with httpx.AsyncClient(base_url=json.loads(line)["http"], timeout=START_S) as http:
                yield process, Client(http, witness)
        finally:
            process.kill()


# httpx leaves its own body iterators unclosed when a connection dies under it.
@pytest.mark.filterwarnings("ignore:Async generator 'httpx:ResourceWarning")
async def test_no_kill_loses_what_was_acknowledged(tmp_path: Path) -> None:
    """Life after life: sent, killed, sent again, read back with proof; sometimes without the index."""
    site = await trio.to_thread.run_sync(make_site, tmp_path / "data")
    chance = random.Random(7)
    witness = Witness(site, chance)
    for number in range(ROUNDS):
        async with life(witness) as (process, client):
            await client.check(whole=number % WHOLE_EVERY == WHOLE_EVERY - 1)
            await client.send_again()
            async with trio.open_nursery() as nursery:
                for _ in range(SENDERS):
                    nursery.start_soon(client.send_events)
                nursery.start_soon(client.send_pieces)
                await trio.sleep(chance.uniform(0.05, LONGEST_LIFE_S))
                process.kill()
        if chance.random() < 0.4:
            for path in site.root.glob("index.db*"):
                path.unlink()
    assert len(witness.receipts) > ROUNDS
    async with life(witness) as (process, client):
        await client.send_again()
        await client.check(whole=True)
        process.send_signal(signal.SIGTERM)
        assert await trio.to_thread.run_sync(process.wait) == 0
