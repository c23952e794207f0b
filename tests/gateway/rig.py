"""A real node for tests: made once, copied per test, run in this process on real sockets, asked as clients ask."""

import functools
import os
import shutil
import sqlite3
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import msgspec
import trio
from blake3 import blake3

from edge_node.base import counters
from edge_node.base.clock import ClockQuality, SystemClock
from edge_node.base.ids import Digest, Nonce, PublicKey, StreamName, VaultId
from edge_node.journal import FileLayer
from edge_node.node import run_node
from edge_node.offline import change_devices, make_node
from edge_node.paths import Paths
from edge_node.settings import Settings
from edge_node.supervise import Supervisor
from edge_node.trust.device import DeviceAction, Enrolment, Role, next_change
from edge_node.trust.keys import SigningKey
from edge_node.trust.signed_event import EventHeader, format_event_header, sign_event
from edge_node.trust.signed_request import sign_request

CLOCK = SystemClock(ClockQuality.NETWORK)
JSON = "application/json"
ANSWER_S = 30.0  # nothing here waits for it: a test that would is broken

# Who is enrolled on every node of these tests: name, roles, stream prefixes.
ENROLLED: tuple[tuple[str, frozenset[Role], tuple[str, ...]], ...] = (
    ("device", frozenset({Role.DEVICE}), ("site",)),
    ("neighbour", frozenset({Role.DEVICE, Role.READER, Role.WRITER}), ()),
    ("reader", frozenset({Role.READER}), ()),
    ("writer", frozenset({Role.WRITER}), ()),
    ("suspended", frozenset({Role.DEVICE}), ()),
    ("revoked", frozenset({Role.DEVICE}), ()),
    ("modest", frozenset({Role.DEVICE}), ()),
)
MODEST_BYTES_A_DAY = 100


@functools.cache
def key_of(name: str) -> SigningKey:
    """The key that goes by `name` in these tests; `stranger` and the like are never enrolled."""
    return SigningKey.from_seed(blake3(name.encode()).digest())


@dataclass(frozen=True)
class Site:
    """A data directory with a node in it, stopped."""

    root: Path
    node: PublicKey

    @property
    def paths(self) -> Paths:
        return Paths(self.root)

    @property
    def vault(self) -> VaultId:
        return VaultId(self.node)

    def settings(self, **sections: Mapping[str, object]) -> Settings:
        """Settings for this directory; a section's values may lie outside what an operator could set."""
        base = Settings()
        given: dict[str, dict[str, object]] = {
            "node": {"data_dir": str(self.root)},
            "http": {"listen": "127.0.0.1:0", "listen_tls": ""},
            "grpc": {"listen": "127.0.0.1:0"},
            "clock": {"quality": "network"},
            # Smaller than an operator may ask for, so that copying and preallocating cost nothing.
            "journal": {"preallocate_bytes": 65_536, "reserve_bytes": 0, "free_min_bytes": 0},
            # A test's directory may be too deep for a socket's path; who wants the sockets asks for them.
            "control": {"socket": "none", "view_socket": "none"},
        }
        for name, values in sections.items():
            given.setdefault(name, {}).update(values)
        parts = {name: msgspec.structs.replace(getattr(base, name), **values) for name, values in given.items()}
        return msgspec.structs.replace(base, **parts)

    def copy(self, root: Path) -> "Site":
        """The same node in another place."""
        shutil.copytree(self.root, root)
        return Site(root, self.node)


def make_site(root: Path) -> Site:
    """Make a node with everybody of ENROLLED; one suspended and one revoked as their names say."""
    settings = Site(root, PublicKey(bytes(32))).settings()
    made = make_node(settings, CLOCK, os.urandom, os.environ)
    for name, roles, prefixes in ENROLLED:
        enrolment = Enrolment(
            key=key_of(name).public,
            name=name,
            roles=roles,
            vault=VaultId(made.node),
            streams=prefixes,
            t_ms=CLOCK.now_ms(),
            bytes_per_day_max=MODEST_BYTES_A_DAY if name == "modest" else None,
        )
        device = change_devices(settings, CLOCK, os.urandom, lambda _, change=enrolment: change)
        action = {"suspended": DeviceAction.SUSPEND, "revoked": DeviceAction.REVOKE}.get(name)
        if action is not None:
            change = next_change(device, action, CLOCK.now_ms())
            change_devices(settings, CLOCK, os.urandom, lambda _, change=change: change)
    return Site(root, made.node)


@dataclass
class RunningNode:
    """A node that runs, and a client beside it."""

    site: Site
    settings: Settings
    url: str
    client: httpx.AsyncClient
    supervisor: Supervisor
    urls: list[str] = field(default_factory=list)
    numbers: "count[int]" = field(default_factory=lambda: count(1))

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    @property
    def grpc(self) -> str:
        """Where the first gRPC door is, as `host:port`."""
        return next(url.removeprefix("grpc://") for url in self.urls if url.startswith("grpc://"))

    def event(self, body: bytes, who: str = "device", **changed: Any) -> EventHeader:
        """A header signed by `who` for these bytes; `changed` says what differs from the usual."""
        said: dict[str, Any] = {
            "audience": self.site.vault,
            "stream": StreamName("site/a"),
            "content_type": JSON,
            "seq": next(self.numbers),
            "t_ms": CLOCK.now_ms(),
            "quality": ClockQuality.NETWORK,
        }
        return sign_event(key_of(who), body=body, **(said | changed))

    def signature(self, body: bytes, who: str = "device") -> str:
        """An Edge-Signature value for these bytes."""
        return format_event_header(self.event(body, who))

    async def post(
        self,
        header: EventHeader,
        body: bytes | AsyncGenerator[bytes, None],
        *,
        path: str = "/events",
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """Send a signed body as its header says."""
        said = {"content-type": header.content_type, "edge-signature": format_event_header(header)}
        return await self.client.post(path, content=body, headers=said | dict(headers or {}))

    async def say(self, body: bytes, who: str = "device", **changed: Any) -> httpx.Response:
        """Sign and send."""
        return await self.post(self.event(body, who, **changed), body)

    def proof(self, method: str, target: str, content: bytes = b"", who: str = "neighbour", **changed: Any) -> str:
        """An Edge-Request value for this node."""
        said: dict[str, Any] = {
            "to": self.site.node,
            "method": method,
            "target": target,
            "body_digest": Digest(blake3(content).digest()),
            "t_ms": CLOCK.now_ms(),
            "nonce": Nonce(os.urandom(16)),
        }
        return sign_request(key_of(who), **(said | changed))

    async def ask(
        self,
        method: str,
        target: str,
        content: bytes = b"",
        who: str = "neighbour",
        headers: Mapping[str, str] | None = None,
        **changed: Any,
    ) -> httpx.Response:
        """Make a signed request."""
        said = {"edge-request": self.proof(method, target, content, who, **changed)}
        return await self.client.request(method, target, content=content or None, headers=said | dict(headers or {}))

    async def raw(self, data: bytes, *, finish: bool = False) -> httpx.Response:
        """Send bytes as they are on a connection of their own; its first answer. `finish`: close our side."""
        async with await trio.open_tcp_stream("127.0.0.1", self.port) as stream:
            await stream.send_all(data)
            if finish:
                await stream.send_eof()
            return await read_answer(stream)

    def rows(self, *tables: str) -> dict[str, list[tuple[Any, ...]]]:
        """What the index holds (with the position in each log it has come to): equal before and after a refusal."""
        with closing(sqlite3.connect(f"{self.site.paths.index_db.as_uri()}?mode=ro", uri=True)) as conn:
            wanted = tables or [name for (name,) in conn.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            return {name: sorted(conn.execute(f"SELECT * FROM {name}").fetchall(), key=repr) for name in wanted}

    async def is_healthy(self) -> None:
        """Another device's post on another connection is stored."""
        async with httpx.AsyncClient(base_url=self.url, timeout=ANSWER_S) as client:
            body = b'{"healthy":true}'
            header = self.event(body, "neighbour", stream=StreamName("neighbour"))
            said = {"content-type": JSON, "edge-signature": format_event_header(header)}
            answer = await client.post("/events", content=body, headers=said)
            assert answer.status_code == 202, answer.text

    async def refuses(
        self,
        status: int,
        slug: str,
        sending: Callable[[], Awaitable[httpx.Response]],
        *,
        tables: tuple[str, ...] = (),
    ) -> dict[str, Any]:
        """What every refusal owes: its status, its problem, one more on its counter, the same store, a well neighbour.

        `tables` narrows what must be unchanged. The problem's members come back.
        """
        counted, rows = counters.refusals(slug), self.rows(*tables)
        answer = await sending()
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        problem = answer.json()
        assert (problem["type"], problem["status"]) == (f"urn:edge-node:problem:{slug}", status)
        assert problem["detail"]
        assert problem["remedy"]
        assert counters.refusals(slug) == counted + 1
        assert self.rows(*tables) == rows
        await self.is_healthy()
        return dict(problem)


async def read_answer(stream: trio.abc.ReceiveStream) -> httpx.Response:
    """The next response on a connection; its body by Content-Length."""
    data = b""
    with trio.fail_after(ANSWER_S):
        while b"\r\n\r\n" not in data:
            more = await stream.receive_some()
            assert more, f"the connection ended after {data!r}"
            data += more
        head, _, body = data.partition(b"\r\n\r\n")
        status, *lines = head.decode("ascii").split("\r\n")
        headers = httpx.Headers([tuple(line.split(": ", 1)) for line in lines])  # type: ignore[misc]
        while len(body) < int(headers.get("content-length", "0")):
            more = await stream.receive_some()
            assert more, "the connection ended inside the answer"
            body += more
    return httpx.Response(int(status.split()[1]), headers=headers, content=body)


@asynccontextmanager
async def running(
    site: Site, *, files: FileLayer | None = None, **sections: Mapping[str, object]
) -> AsyncGenerator[RunningNode, None]:
    """Run the node of `site`; it is stopped in order at the end."""
    settings, urls = site.settings(**sections), []
    async with trio.open_nursery() as nursery:
        supervisor = await nursery.start(functools.partial(run_node, settings, announce=urls.extend, files=files))
        try:
            async with httpx.AsyncClient(base_url=urls[0], timeout=ANSWER_S) as client:
                yield RunningNode(site, settings, urls[0], client, supervisor, urls)
        finally:
            supervisor.stop()
