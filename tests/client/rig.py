"""A tiny HTTP server that speaks docs/specs/http.md far enough, over real sockets, and misbehaves on demand."""

import base64
import functools
import os
import threading
from collections import deque
from collections.abc import Callable, Coroutine
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self, TypeVar
from urllib.parse import parse_qs, urlsplit

import anyio
import msgspec
import pytest
from blake3 import blake3

from edge_node.base.clock import ClockQuality
from edge_node.base.errors import Refusal
from edge_node.base.ids import VaultId
from edge_node.trust.keys import SigningKey
from edge_node.trust.signed_event import EventHeader, format_event_header, parse_event_header, verify_event
from edge_node.trust.signed_request import parse_request_header, verify_request
from edge_node.wire.cid import format_cid, raw_piece_cid
from edge_node.wire.event_body import inspect_body, split_items

Result = TypeVar("Result")

both_backends = pytest.mark.parametrize("backend", ["trio", "asyncio"])


def run(backend: str, main: Callable[..., Coroutine[Any, Any, Result]], *args: Any) -> Result:
    """Run an async function under one of the two event loops."""
    return anyio.run(functools.partial(main, *args), backend=backend)


class FixedClock:
    """Wall time as set, monotonic time as it is."""

    def __init__(self, now_ms: int = 1_790_000_000_000, quality: ClockQuality = ClockQuality.NETWORK) -> None:
        self.ms, self.q = now_ms, quality

    def now_ms(self) -> int:
        return self.ms

    def monotonic_s(self) -> float:
        return self.ms / 1_000

    def quality(self) -> ClockQuality:
        return self.q


class Problem(Exception):
    """An answer that is a refusal."""

    def __init__(self, status: int, slug: str, headers: dict[str, str] | None = None, **data: Any) -> None:
        self.status, self.slug, self.headers, self.data = status, slug, headers or {}, data


class Stored(msgspec.Struct):
    header: EventHeader
    body: bytes
    cid: str
    first_offset: int
    count: int


class TinyNode:
    """A context manager; `misbehave` queues one fault per event post.

    Faults: an int (a problem of that status), "portal" (a 403 of HTML), "wrong-cid", "hang-up" (after the commit),
    "hold" (after the commit, until `release`), "garbage" (a 202 that is no receipt), "retry-later" (a 503 with
    Retry-After: 60), "" (none).
    """

    def __init__(self, clock: FixedClock | None = None) -> None:
        self.key = SigningKey.generate(os.urandom)
        self.clock = clock
        self.refuse_keys = False
        self.faults: deque[int | str] = deque()
        self.stored: list[Stored] = []
        self.posts: list[str] = []
        self.pieces: dict[str, bytes] = {}
        self.spoil: Callable[[dict[str, Any]], None] = lambda page: None
        self.committed, self.release = threading.Event(), threading.Event()
        self._nonces: set[bytes] = set()
        self._server: ThreadingHTTPServer | None = None
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def vault(self) -> VaultId:
        return VaultId(self.key.public)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Listen, on the same port as before if there was one."""
        handler = type("Handler", (_Handler,), {"node": self})
        self._server = _Server(("127.0.0.1", self.port), handler)
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    def stop(self) -> None:
        """Nothing listens any more."""
        if self._server is not None:
            self.release.set()
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()
            self._server = None

    def misbehave(self, *faults: int | str) -> None:
        self.faults.extend(faults)

    def post(self, text: str, content_type: str, body: bytes) -> tuple[dict[str, Any], str]:
        self.posts.append(text)
        fault = self.faults.popleft() if self.faults else ""
        if isinstance(fault, int):
            raise Problem(fault, f"made-{fault}", {"retry-after": "0"} if fault in {429, 503} else {}, limit=7)
        if fault == "retry-later":
            raise Problem(503, "overloaded", {"retry-after": "60"})
        if fault in {"portal", "garbage"}:
            return {}, fault
        header = parse_event_header(text, content_type)
        if self.refuse_keys:
            raise Problem(401, "unknown-key")
        if not verify_event(header, body):
            raise Problem(401, "bad-signature")
        if self.clock is not None and header.t_ms > self.clock.now_ms() + 600_000 and header.quality:
            raise Problem(422, "time-ahead")
        found = [s for s in self.stored if (s.header.key, s.header.stream, s.header.seq)
                 == (header.key, header.stream, header.seq)]  # fmt: skip
        if found and found[0].body != body:
            raise Problem(409, "sequence-conflict")
        highest = max((s.header.seq for s in self.stored if s.header.stream == header.stream), default=None)
        if highest is not None and header.seq > highest + 2**32:
            raise Problem(409, "sequence-jump")
        stored = found[0] if found else self._store(header, body)
        receipt = {
            "cid": stored.cid, "stream": str(header.stream), "first_offset": stored.first_offset,
            "count": stored.count, "duplicate": bool(found),
        }  # fmt: skip
        return receipt, str(fault)

    def _store(self, header: EventHeader, body: bytes) -> Stored:
        count = inspect_body(header.content_type, body, items_max=10_000).count
        offset = sum(s.count for s in self.stored if s.header.stream == header.stream)
        stored = Stored(header, body, format_cid(raw_piece_cid(body)), offset, count)
        self.stored.append(stored)
        return stored

    def page(self, stream: str, start: int, limit: int, *, proof: bool) -> bytes:
        bodies = [s for s in self.stored if s.header.stream == stream and s.first_offset + s.count > start]
        if not any(s.header.stream == stream for s in self.stored):
            raise Problem(404, "unknown-stream")
        bodies = [s for s in bodies if s.first_offset < start + limit]
        events = [
            {
                "offset": s.first_offset + i, "cid": s.cid, "item": i, "t": s.header.t_ms, "q": int(s.header.quality),
                "late": False, "received": s.header.t_ms, "clock": 2, "key": s.header.key.hex(),
                "seq": s.header.seq if s.header.seq < 2**53 else str(s.header.seq),
                "content_type": s.header.content_type,
                **({"event": msgspec.Raw(item)} if "json" in s.header.content_type
                   else {"data_base64": base64.b64encode(item).decode()}),
            }
            for s in bodies for i, item in enumerate(split_items(s.header.content_type, s.body))
            if start <= s.first_offset + i < start + limit
        ]  # fmt: skip
        end = sum(s.count for s in self.stored if s.header.stream == stream)
        page: dict[str, Any] = {
            "stream": stream, "vault": self.vault.hex(), "events": events,
            "next": events[-1]["offset"] + 1 if events else min(start, end), "end": end,
        }  # fmt: skip
        if proof:
            page["proofs"] = [
                {"cid": s.cid, "first_offset": s.first_offset, "count": s.count,
                 "signature": format_event_header(s.header), "content_type": s.header.content_type,
                 "body_base64": base64.b64encode(s.body).decode()}
                for s in bodies
            ]  # fmt: skip
        self.spoil(page)
        return msgspec.json.encode(page)

    def check_request(self, text: str | None, method: str, target: str, body: bytes) -> None:
        if text is None:
            raise Problem(401, "signature-missing")
        proof = parse_request_header(text)
        if not verify_request(proof, method, target, self.key.public) or proof.nonce in self._nonces:
            raise Problem(401, "bad-signature")
        self._nonces.add(proof.nonce)
        if blake3(body).digest() != proof.body:
            raise Problem(422, "body-digest-mismatch")


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    block_on_close = True


class _Handler(BaseHTTPRequestHandler):
    node: TinyNode
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 0.5  # an idle connection must not hold the server's end

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        self._guarded(self._get)

    def do_POST(self) -> None:
        self._guarded(self._post)

    def do_PUT(self) -> None:
        self._guarded(self._put)

    def do_DELETE(self) -> None:
        self._guarded(self._delete)

    def _guarded(self, act: Callable[[bytes], None]) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", "0")))
        try:
            act(body)
        except Problem as problem:
            document = {"type": f"urn:edge-node:problem:{problem.slug}", "title": "t", "status": problem.status,
                        "detail": f"made for a test: {problem.slug}", "remedy": "none", **problem.data}  # fmt: skip
            self._answer(problem.status, msgspec.json.encode(document), "application/problem+json", problem.headers)
        except Refusal as refusal:
            raise AssertionError("the client sent something malformed") from refusal

    def _answer(
        self, status: int, body: bytes, content_type: str = "application/json", headers: dict[str, str] | None = None
    ) -> None:
        self.send_response(status)
        for name, value in {"content-type": content_type, "content-length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _post(self, body: bytes) -> None:
        receipt, fault = self.node.post(self.headers["edge-signature"], self.headers["content-type"], body)
        if fault == "portal":
            self._answer(403, b"<html>pay here</html>", "text/html")
            return
        if fault == "garbage":
            self._answer(202, b'{"thanks": true}')
            return
        self.node.committed.set()
        if fault == "hang-up":
            self.close_connection = True
            return
        if fault == "hold":
            self.node.release.wait(20)
            self.close_connection = True
            return
        if fault == "wrong-cid":
            receipt["cid"] = format_cid(raw_piece_cid(b"other"))
        self._answer(202, msgspec.json.encode(receipt))

    def _get(self, body: bytes) -> None:
        url = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        if url.path == "/info":
            key = self.node.key.public.hex()
            self._answer(200, msgspec.json.encode(
                {"name": "tiny", "version": "0", "node": key, "vault": key, "time": 5, "clock": 2}))  # fmt: skip
            return
        if url.path == "/readyz":
            self._answer(503, b'{"ready": false, "rooms": {"journal": {"state": "low", "reason": "disk full"}}}')
            return
        self.node.check_request(self.headers["edge-request"], "GET", self.path, body)
        if url.path == "/api/v1/streams":
            self._answer(200, self._streams())
        elif url.path.startswith("/api/v1/streams/"):
            stream = url.path.removeprefix("/api/v1/streams/")
            self._answer(200, self.node.page(
                stream, int(query["from"]), int(query["limit"]), proof=query["proof"] == "1"))  # fmt: skip
        else:
            self._piece(url.path.rpartition("/")[2])

    def _streams(self) -> bytes:
        names = sorted({str(s.header.stream) for s in self.node.stored})
        return msgspec.json.encode({"streams": [
            {"stream": name, "events": 1, "bodies": 1, "bytes": 1, "first_offset": 0, "next_offset": 1,
             "last_received": 1} for name in names]})  # fmt: skip

    def _piece(self, cid: str) -> None:
        content = self.node.pieces.get(cid)
        if content is None:
            raise Problem(404, "unknown-piece")
        wanted = self.headers["range"]
        if wanted is None:
            self._answer(200, content, "application/octet-stream")
            return
        first, last = map(int, wanted.removeprefix("bytes=").split("-"))
        part = content[first : last + 1]
        where = f"bytes {first}-{first + len(part) - 1}/{len(content)}"
        self._answer(206, part, "application/octet-stream", {"content-range": where})

    def _put(self, body: bytes) -> None:
        self.node.check_request(self.headers["edge-request"], "PUT", self.path, body)
        cid = urlsplit(self.path).path.rpartition("/")[2]
        had = cid in self.node.pieces
        self.node.pieces[cid] = body
        self._answer(200 if had else 201, msgspec.json.encode({"cid": cid, "size": len(body), "duplicate": had}))

    def _delete(self, body: bytes) -> None:
        self.node.check_request(self.headers["edge-request"], "DELETE", self.path, body)
        del self.node.pieces[urlsplit(self.path).path.rpartition("/")[2]]
        self.send_response(204)
        self.end_headers()
