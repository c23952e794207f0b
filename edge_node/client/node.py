"""A node as its users see it: typed requests over HTTP, and nothing believed that can be checked."""

import math
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

import anyio
import msgspec
from blake3 import blake3

from edge_node.base.clock import Clock, SystemClock
from edge_node.base.ids import Cid, PublicKey, StreamName, VaultId
from edge_node.base.limits import PIECE_MAX_BYTES
from edge_node.client.anchors import verify_anchor, verify_chain
from edge_node.client.answers import read_answer
from edge_node.client.connection import Connection, length_of, open_body, read_body
from edge_node.client.contents import Cut, hash_file, read_file, save_verified
from edge_node.client.errors import AnswerNotUnderstood, ContentMismatch, ProofBroken
from edge_node.client.models import (
    AnchorList,
    Bearer,
    Info,
    Page,
    PieceReceipt,
    Readiness,
    Receipt,
    StreamInfo,
    StreamList,
)
from edge_node.client.progress import Progress, Told, untold
from edge_node.client.proofs import verify_page
from edge_node.client.subscription import From, Subscription
from edge_node.trust.signed_event import HEADER_NAME
from edge_node.trust.signing_key import SigningKey
from edge_node.wire.cid import CidKind, content_matches, format_cid, make_cid, raw_piece_cid

PAGE_EVENTS = 1_000  # the most a node gives at once


class Node:
    """An async context manager, under trio and asyncio alike. Every method raises a ClientError and nothing else.

    `key` must be enrolled for what is asked; /info and /readyz need none. `vault` None is the operator's own. `node`
    pins the node key (default: what /info says first). `verify`: see tls_context.
    """

    def __init__(
        self,
        url: str,
        key: SigningKey | None = None,
        *,
        vault: VaultId | None = None,
        node: PublicKey | None = None,
        verify: Path | str | None = None,
        clock: Clock | None = None,
        random: Callable[[int], bytes] = os.urandom,
    ) -> None:
        self._random = random
        self._vault = {} if vault is None else {"vault": vault.hex()}
        self._connection = Connection(url, key, node=node, verify=verify, clock=clock or SystemClock(), random=random)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections; the key stays the caller's."""
        await self._connection.close()

    async def info(self) -> Info:
        """Who the node says it is, and its time."""
        return await self._connection.info()

    async def ready(self) -> Readiness:
        """Whether the node takes writes, and if not, which room does not."""
        async with self._connection.open("GET", "/readyz", signed=False, accept=(503,)) as response:
            return read_answer(response, await read_body(response), Readiness)

    async def list_streams(self) -> list[StreamInfo]:
        """Every stream of the vault."""
        response, body = await self._connection.fetch("GET", "/api/v1/streams", query=self._vault)
        return read_answer(response, body, StreamList).streams

    async def read_stream(self, stream: str, start: int = 0, limit: int = 100, *, proof: bool = False) -> Page:
        """One page of events from offset `start` on. With `proof` it is verified before it is returned."""
        return (await self.read_page(stream, start, limit, proof=proof))[0]

    async def read_page(self, stream: str, start: int, limit: int, *, proof: bool) -> tuple[Page, bytes]:
        """The same, with the page's bytes as they came, for keeping: a proof is checked again from them."""
        query = self._vault | {"from": str(start), "limit": str(limit), "proof": str(int(proof))}
        path = f"/api/v1/streams/{StreamName(stream)}"
        response, body = await self._connection.fetch("GET", path, query=query)
        page = read_answer(response, body, Page)
        if page.stream != stream or page.next < start or (page.events and page.events[0].offset < start):
            raise AnswerNotUnderstood(response.status_code, f"not the page of {stream} from offset {start}")
        if proof:
            await anyio.to_thread.run_sync(verify_page, page)
        return page, body

    async def read_anchors(self, stream: str, start: int = 1, limit: int = 100) -> tuple[AnchorList, bytes]:
        """What retention removed from a stream, from anchor `start` on, verified; and the answer's bytes for keeping.

        ProofBroken if an anchor does not hold, does not follow the one before, or is not vouched for by this node.
        """
        query = self._vault | {"from": str(start), "limit": str(limit)}
        path = f"/api/v1/anchors/{StreamName(stream)}"
        response, body = await self._connection.fetch("GET", path, query=query)
        answer = read_answer(response, body, AnchorList)
        if answer.stream != stream or answer.next < min(start, answer.end):
            raise AnswerNotUnderstood(response.status_code, f"not the anchors of {stream} from {start}")
        verified = [verify_anchor(entry) for entry in answer.anchors]
        verify_chain(answer, verified)
        node = (await self.info()).node
        if any(one.node.hex() != node for one in verified):
            raise ProofBroken("an anchor is vouched for by another node's key")
        return answer, body

    async def iterate_stream(self, stream: str, start: int = 0, *, proof: bool = False) -> AsyncIterator[Page]:
        """Page after page to the stream's end as it is when the last page is read."""
        while True:
            page = await self.read_stream(stream, start, PAGE_EVENTS, proof=proof)
            if page.events:
                yield page
            if page.next >= page.end or page.next == start:
                return
            start = page.next

    async def bearer(self, seconds: int | None = None, stream: str | None = None) -> Bearer:
        """A token that reads in this key's place for a few minutes, for a browser; narrowed to a stream if wished."""
        wish: dict[str, int | str] = {} if seconds is None else {"seconds": seconds}
        if stream is not None:
            wish["stream"] = str(StreamName(stream))
        body = msgspec.json.encode(wish)
        response, answer = await self._connection.fetch(
            "POST", "/api/v1/bearer", query=self._vault, content=body, digest=_blake3(body)
        )
        return read_answer(response, answer, Bearer)

    def subscribe(
        self,
        stream: str,
        from_: From = "end",
        *,
        slow: Literal["wait", "skip", "close"] = "wait",
        patience_s: float = math.inf,
    ) -> Subscription:
        """Events of a stream as they come, from offset `from_` on; resumed after every lost link.

        `async with node.subscribe("site/a", 0) as events: async for event in events: …` gives Event and Gap.
        """
        return Subscription(
            self._connection, stream, from_, slow, self._vault, patience_s=patience_s, random=self._random
        )

    async def post_event(self, header: str, content_type: str, body: bytes) -> Receipt:
        """Post a signed body (`header`: its Edge-Signature text); ContentMismatch unless the receipt names its CID."""
        headers = {HEADER_NAME: header, "content-type": content_type}
        response, answer = await self._connection.fetch("POST", "/events", content=body, headers=headers, signed=False)
        if response.status_code != 202:
            raise AnswerNotUnderstood(response.status_code, "an event post is answered with 202")
        receipt = read_answer(response, answer, Receipt)
        cid = raw_piece_cid(body)
        if receipt.cid != format_cid(cid):
            raise ContentMismatch(cid, f"the receipt is for {receipt.cid[:64]}")
        return receipt

    async def put_piece(self, content: bytes | Path, progress: Progress = untold) -> PieceReceipt:
        """Store bytes or a file; a file is read twice (its digest is signed first) and never held in memory.

        `progress` is told what has left; it is stored only when this returns.
        """
        if isinstance(content, Path):
            digest, size = await hash_file(content)
            chunks: AsyncIterator[bytes] = read_file(content)
        else:
            digest, size = await anyio.to_thread.run_sync(_blake3, content), len(content)
            chunks = Cut(content)
        cid = make_cid(CidKind.RAW_PIECE, digest)
        response, body = await self._connection.fetch(
            "PUT",
            f"/api/v1/pieces/{format_cid(cid)}",
            query=self._vault,
            content=Told(chunks, progress, size),
            digest=digest,
            headers={"content-length": str(size), "content-type": "application/octet-stream"},
        )
        receipt = read_answer(response, body, PieceReceipt)
        if receipt.cid != format_cid(cid) or receipt.size != size:
            raise ContentMismatch(cid, f"the receipt is for {receipt.size} bytes under {receipt.cid[:64]}")
        return receipt

    async def get_piece(self, cid: Cid, progress: Progress = untold) -> bytes:
        """A whole piece, checked against its CID before it is returned; ContentMismatch otherwise."""
        async with self._connection.open("GET", _piece_path(cid), query=self._vault) as response:
            content = await read_body(response, PIECE_MAX_BYTES, progress)
        if not await anyio.to_thread.run_sync(content_matches, cid, content):
            raise ContentMismatch(cid, f"{len(content)} bytes came that hash to something else")
        return content

    async def get_piece_to_file(self, cid: Cid, path: Path, progress: Progress = untold) -> int:
        """A whole piece into a file, which appears only when the content is right; its size in bytes."""
        async with (
            self._connection.open("GET", _piece_path(cid), query=self._vault) as response,
            open_body(response) as chunks,
        ):
            moved = Told(chunks, progress, length_of(response))
            return await save_verified(cid, moved, path, PIECE_MAX_BYTES)

    async def get_piece_range(self, cid: Cid, start: int, length: int) -> bytes:
        """Part of a piece, as the node gives it: a CID proves a whole piece only, so a part cannot be checked.

        Shorter than `length` (at least 1) at the piece's end; NodeRefusal 416 beyond it.
        """
        wanted = {"range": f"bytes={start}-{start + length - 1}"}
        async with self._connection.open("GET", _piece_path(cid), query=self._vault, headers=wanted) as response:
            content = await read_body(response, PIECE_MAX_BYTES)
            said = response.headers.get("content-range", "")
        if response.status_code != 206 or not said.startswith(f"bytes {start}-{start + len(content) - 1}/"):
            raise AnswerNotUnderstood(response.status_code, f"not the range asked for: {said[:64]!r}")
        return content

    async def delete_piece(self, cid: Cid) -> None:
        """Let go of the vault's reference to a piece."""
        await self._connection.fetch("DELETE", _piece_path(cid), query=self._vault)


def _piece_path(cid: Cid) -> str:
    return f"/api/v1/pieces/{format_cid(cid)}"


def _blake3(content: bytes) -> bytes:
    return blake3(content).digest()
