"""A real HTTP server on a Unix socket that answers with the recorded scene, and can misbehave on demand."""

import asyncio
import base64
import contextlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.tui import scene


class RecordedNode:
    """Answers as docs/specs/control.md says; `orders` are the commands that were executed."""

    def __init__(self, socket: Path, health: str = "healthy", access: str = "rw") -> None:
        self.socket, self.health, self.access = socket, health, access
        self.orders: list[tuple[str, dict[str, Any]]] = []
        self.tokens: dict[str, tuple[str, dict[str, Any]]] = {}
        self.readers: set[asyncio.StreamWriter] = set()
        self.overrides: dict[str, Any] = {}
        self.rows: dict[str, list[dict[str, Any]]] = {}
        self.raw: dict[str, bytes] = {}
        self.unknown: set[str] = set()
        self.frames = 0
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        self._server = await asyncio.start_unix_server(self._serve, str(self.socket), limit=2**20)

    async def stop(self) -> None:
        """As a killed process leaves it: every connection cut, the socket file gone."""
        if self._server is None:
            return
        self._server.close()
        self._server = None
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.readers.clear()
        self.socket.unlink(missing_ok=True)

    async def send(self, topic: str, data: Any) -> None:
        """One frame to everybody who reads."""
        self.frames += 1
        text = f"id: {self.frames}\nevent: {topic}\ndata: {json.dumps(data)}\n\n"
        for writer in [writer for writer in self.readers if not writer.is_closing()]:
            writer.write(text.encode())
            await writer.drain()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                method, target, _ = head.split(b"\r\n", 1)[0].decode().split(" ")
                length = next(
                    (
                        int(text.split(b":")[1])
                        for text in head.split(b"\r\n")
                        if text.lower().startswith(b"content-length")
                    ),
                    0,
                )
                body = await reader.readexactly(length)
                if not await self._answer(method, target, body, writer):
                    break
        self._tasks.discard(task)
        self.readers.discard(writer)
        writer.close()

    async def _answer(self, method: str, target: str, body: bytes, writer: asyncio.StreamWriter) -> bool:
        parts = urlsplit(target)
        path, query = parts.path, {name: values[0] for name, values in parse_qs(parts.query).items()}
        if path in self.raw:
            writer.write(self.raw[path])
            await writer.drain()
            return False
        if path == "/v1/events":
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n")
            self.readers.add(writer)
            hello = {"boot": "5f0c93aa17be4402", "topics": [], "access": self.access}
            writer.write(f"id: b-0\nevent: hello\ndata: {json.dumps(hello)}\n\n".encode())
            await writer.drain()
            await asyncio.Event().wait()
        status, document = self._post(path, body) if method == "POST" else self._get(path, query)
        kind = "application/json" if status == 200 else "application/problem+json"
        content = json.dumps(document).encode()
        writer.write(
            f"HTTP/1.1 {status} X\r\ncontent-type: {kind}\r\ncontent-length: {len(content)}\r\n\r\n".encode() + content
        )
        await writer.drain()
        return True

    def _get(self, path: str, query: dict[str, str]) -> tuple[int, Any]:
        if path in self.unknown:
            return 404, problem("no-such-path", "There is nothing at this path", 404)
        if path in self.overrides:
            return 200, self.overrides[path]
        parts = [unquote(part) for part in path.split("/")[2:]]
        match parts:
            case ["node"]:
                return 200, scene.node(self.health, self.access)
            case ["streams" | "devices" | "pieces" | "buckets" as name]:
                return 200, self._page(name, query)
            case ["names"]:
                return 200, scene.names(query["bucket"])
            case ["pieces", cid] if cid in scene.CONTENT_OF:
                return 200, scene.piece(cid)
            case ["pieces", cid, "content"] if cid in scene.CONTENT_OF:
                return 200, self._content(cid, int(query["from"]), int(query["length"]))
        return self._get_other(parts)

    def _get_other(self, parts: list[str]) -> tuple[int, Any]:
        match parts:
            case ["streams", stream, "events"]:
                return 200, scene.events(stream, self.access)
            case ["chain"]:
                return 200, scene.chain(scene.CHAIN_OF[self.health])
            case ["settings"]:
                return 200, {"file": "", "applied_ms": 0, "settings": scene.settings(self.health)}
            case ["logs"]:
                return 200, {"lines": scene.logs(self.health), "next": "60", "first": 1, "last": 60}
            case ["refusals"]:
                return 200, scene.refusals(self.health)
        return 404, problem("path-unknown", "There is nothing at this path", 404)

    def _content(self, cid: str, begin: int, length: int) -> Any:
        content = scene.CONTENT_OF[cid][begin : begin + length]
        held = {} if self.access == "ro" else {"content_base64": base64.b64encode(content).decode()}
        return {"cid": cid, "bytes": 0, "from": begin, "length": len(content), **held}

    def _page(self, name: str, query: dict[str, str]) -> Any:
        rows = self.rows.get(name) or getattr(scene, name)(self.health)
        begin = int(query.get("after", "0"))
        end = begin + int(query.get("limit", "100"))
        return {name: rows[begin:end], "next": str(end) if end < len(rows) else None}

    def _post(self, path: str, body: bytes) -> tuple[int, Any]:
        if self.access == "ro":
            return 403, problem("view-only", "This socket only shows", 403)
        name, _, step = path.removeprefix("/v1/commands/").partition("/")
        values = json.loads(body)
        if step == "plan":
            return self._plan(name, values)
        planned = self.tokens.pop(values["token"], None)
        if planned is None:
            return 409, problem("token-used", "This plan was executed before", 409)
        self.orders.append(planned)
        return 200, {"command": name, "result": self._result(name, planned[1])}

    def _plan(self, name: str, values: dict[str, Any]) -> tuple[int, Any]:
        if name == "device.enrol" and len(values.get("key", "")) != 64:
            return 400, problem("arguments-malformed", "key wants 64 hex digits", 400)
        token = f"token-{len(self.tokens) + len(self.orders)}"
        self.tokens[token] = (name, values)
        row = next((row for row in scene.devices() if row["key"] == values.get("device")), None)
        danger = name in {"device.suspend", "device.revoke", "node.stop"}
        confirm = (row["name"] if row else "edge-07") if danger else None
        plan = {
            "command": name, "arguments": values, "summary": f"{name} {row['name'] if row else ''}".strip() + ".",
            "consequences": ["Its posts are refused from then on.", "[bold]no markup[/bold] \x1b[31m is obeyed."],
            "danger": danger, "confirm": confirm,
        }  # fmt: skip
        return 200, {"plan": plan, "token": token, "expires_ms": 0}

    def _result(self, name: str, values: dict[str, Any]) -> dict[str, Any]:
        if name == "piece.verify":
            return {"cid": values["cid"], "bytes": 1, "intact": True, "reason": "", "took_ms": 3}
        row = next((row for row in scene.devices() if row["key"] == values.get("device")), None)
        states = {"device.suspend": "suspended", "device.resume": "active", "device.revoke": "revoked"}
        return {"device": {**row, "status": states[name]}} if row and name in states else {"done": "yes"}


def problem(slug: str, title: str, status: int) -> dict[str, Any]:
    return {
        "type": f"urn:edge-node:problem:{slug}",
        "title": title,
        "status": status,
        "detail": title,
        "remedy": "Mend it.",
    }


@asynccontextmanager
async def recorded_node(socket: Path, health: str = "healthy", access: str = "rw") -> AsyncIterator[RecordedNode]:
    node = RecordedNode(socket, health, access)
    await node.start()
    try:
        yield node
    finally:
        await node.stop()
