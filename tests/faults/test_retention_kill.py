"""Kills in the middle of retention: what was removed stays removed and accounted for, what was kept is all there."""

import base64
import json
import os
import random  # noqa: TID251 - a seeded choice of moments and sizes
from pathlib import Path
from typing import Any

import httpx
import pytest
import trio

from edge_node.base.clock import ClockQuality
from edge_node.base.ids import StreamName
from edge_node.trust.retention_anchor import (
    RemovedBody,
    RetentionAnchor,
    anchor_digest,
    digest_bodies,
    open_anchor,
    require_chain,
)
from edge_node.trust.signed_event import EventHeader, format_event_header, parse_event_header, sign_event, verify_event
from edge_node.wire.cid import format_cid, parse_cid, raw_piece_cid
from tests.faults.test_node_kill import NDJSON, Client, Witness, life
from tests.gateway.rig import CLOCK, Site, key_of, make_site

ROUNDS = int(os.environ.get("EDGE_NODE_KILL_ROUNDS", "3"))
SENDERS = 4
STREAM = StreamName("site/kill")
KEPT_BYTES = 300_000
PAGE = 1_000


class Campaign:
    """What was sent and acknowledged over all lives, and what must therefore be true after each."""

    def __init__(self, site: Site, chance: random.Random) -> None:
        self.site, self.chance = site, chance
        self.sent: list[tuple[EventHeader, bytes]] = []
        self.receipts: dict[int, dict[str, Any]] = {}
        self.first = 0
        self.proved = 0  # anchors whose digest was made again from what was sent

    def next_event(self) -> int:
        seq, count = len(self.sent), self.chance.choice((1, 10, 100))
        body = b"".join(b'{"seq":%d,"item":%d,"pad":"%s"}\n' % (seq, item, b"x" * 90) for item in range(count))
        header = sign_event(
            key_of("device"),
            audience=self.site.vault,
            stream=STREAM,
            content_type=NDJSON,
            seq=seq,
            t_ms=CLOCK.now_ms(),
            quality=ClockQuality.NETWORK,
            body=body,
        )
        self.sent.append((header, body))
        return seq

    async def post(self, client: Client, seq: int) -> httpx.Response:
        header, body = self.sent[seq]
        said = {"content-type": NDJSON, "edge-signature": format_event_header(header)}
        return await client.http.post("/events", content=body, headers=said)

    async def send(self, client: Client) -> None:
        """Until the node dies."""
        try:
            while True:
                seq = self.next_event()
                answer = await self.post(client, seq)
                assert answer.status_code == 202, answer.text
                self.receipts[seq] = answer.json()
        except httpx.TransportError:
            return

    async def check(self, client: Client) -> None:
        """Nothing acknowledged is missing but what a signed anchor says was removed."""
        anchors = await self._read_anchors(client)
        first = anchors[-1].first if anchors else 0
        assert first >= self.first, "what was removed is back"
        self.first = first
        bodies = await self._read_bodies(client, first)
        for seq, receipt in self.receipts.items():
            offset, body = receipt["first_offset"], self.sent[seq][1]
            if offset >= first:
                assert bodies.get(offset) == (receipt["count"], body), f"{seq} is lost"
            else:
                assert offset not in bodies
        for anchor in anchors:
            self._prove(anchor)
        await self._repeat(client, first)

    async def _read_anchors(self, client: Client) -> list[RetentionAnchor]:
        chain, start = [], 1
        while True:
            answer = (await client.ask("GET", f"/api/v1/anchors/{STREAM}?from={start}&limit=1000")).json()
            for entry in answer.get("anchors", []):
                raw, certificate = (json.dumps(entry[name]).encode() for name in ("anchor", "certificate"))
                chain.append((open_anchor(raw, certificate, self.site.node), anchor_digest(raw)))
            if answer.get("next") == answer.get("end"):
                break
            start = answer["next"]
        require_chain(chain)
        return [anchor for anchor, _ in chain]

    async def _read_bodies(self, client: Client, first: int) -> dict[int, tuple[int, bytes]]:
        found: dict[int, tuple[int, bytes]] = {}
        at, end = 0, 1
        while at < end:
            answer = await client.ask("GET", f"/api/v1/streams/{STREAM}?from={at}&limit={PAGE}&proof=1")
            if answer.status_code == 404:
                return {}
            page = answer.json()
            assert page["first"] == first
            assert ("gap" in page) == (at < first)
            for proof in page["proofs"]:
                body = base64.b64decode(proof["body_base64"])
                assert verify_event(parse_event_header(proof["signature"], proof["content_type"]), body)
                found[proof["first_offset"]] = proof["count"], body
            at, end = page["next"], page["end"]
        stop = first
        for offset, (count, _) in sorted(found.items()):
            assert offset == stop, "offsets have a gap"
            stop += count
        return found

    def _prove(self, anchor: RetentionAnchor) -> None:
        known = {
            receipt["first_offset"]: seq
            for seq, receipt in self.receipts.items()
            if anchor.start <= receipt["first_offset"] < anchor.first
        }
        if len(known) != anchor.bodies:
            return  # some were stored and never acknowledged: only a page could have told where
        bodies = [self._removed(seq) for _, seq in sorted(known.items())]
        assert digest_bodies(anchor.vault, anchor.stream, bodies) == anchor.bodies_digest
        self.proved += 1

    def _removed(self, seq: int) -> RemovedBody:
        header, receipt = self.sent[seq][0], self.receipts[seq]
        return RemovedBody(
            receipt["first_offset"], receipt["count"], parse_cid(receipt["cid"]), header.key, seq, header.t_ms
        )

    async def _repeat(self, client: Client, first: int) -> None:
        """What was removed is refused for ever; what was never answered is stored now, or has been."""
        for seq, (_, body) in enumerate(self.sent):
            receipt = self.receipts.get(seq)
            if receipt is None:
                answer = await self.post(client, seq)
                assert answer.status_code in {202, 409}, answer.text
                if answer.status_code == 202:
                    self.receipts[seq] = answer.json()
                    assert answer.json()["cid"] == format_cid(raw_piece_cid(body))
            elif receipt["first_offset"] < first and self.chance.random() < 0.02:
                answer = await self.post(client, seq)
                assert answer.json()["type"].endswith(":sequence-too-old"), answer.text


# httpx leaves its own body iterators unclosed when a connection dies under it.
@pytest.mark.filterwarnings("ignore:Async generator 'httpx:ResourceWarning")
async def test_no_kill_brings_back_or_loses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Life after life with retention at work, killed at any moment; sometimes the index is lost with it."""
    site = await trio.to_thread.run_sync(make_site, tmp_path / "data")
    chance = random.Random(11)
    campaign, witness = Campaign(site, chance), Witness(site, chance)
    monkeypatch.setenv("EDGE_NODE__JOURNAL__SEGMENT_BYTES", str(1 << 20))
    monkeypatch.setenv("EDGE_NODE__JOURNAL__PREALLOCATE_BYTES", str(1 << 16))
    monkeypatch.setenv("EDGE_NODE__RETENTION__INTERVAL_S", "1")
    for _ in range(ROUNDS):
        monkeypatch.setenv("EDGE_NODE__RETENTION__BYTES_MAX", str(KEPT_BYTES))
        async with life(witness) as (process, client), trio.open_nursery() as nursery:
            for _ in range(SENDERS):
                nursery.start_soon(campaign.send, client)
            await trio.sleep(chance.uniform(1.0, 2.5))
            process.kill()
        if chance.random() < 0.5:
            for path in site.root.glob("index.db*"):
                path.unlink()
        monkeypatch.setenv("EDGE_NODE__RETENTION__BYTES_MAX", "0")  # nothing goes while it is counted
        async with life(witness) as (_, client):
            await campaign.check(client)
    assert campaign.first > 0, "retention never came to work"
    assert campaign.proved > 0
