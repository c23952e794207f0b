"""The routes of the operator's door: one table for both sockets, and one place where viewers' limits are kept."""

import re
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from functools import partial
from typing import Any, NamedTuple

import msgspec
import trio

from edge_node.base.ids import Cid, StreamName, VaultId
from edge_node.base.limits import EXTENT_BYTES, KIB
from edge_node.base.offload import CPU, offload
from edge_node.control.arguments import BODY_MAX_BYTES, read_object
from edge_node.control.chain_rows import anchor_document, chain_document
from edge_node.control.commands import ADMIN, CommandDesk
from edge_node.control.errors import (
    BrowserRefused,
    NoChain,
    RequestMalformed,
    TokenMalformed,
    TopicUnknown,
    VersionUnknown,
    ViewOnly,
)
from edge_node.control.events import TOPICS
from edge_node.control.feed import EventFeed
from edge_node.control.figures import Figures
from edge_node.control.history import History
from edge_node.control.holdings import Holdings
from edge_node.control.house import House
from edge_node.control.lists import Lists
from edge_node.control.node_view import API, node_document
from edge_node.control.paging import OFFSET_MAX, read_bucket, read_limit, read_number, read_text, read_vault
from edge_node.control.payload import Standing, encode_for
from edge_node.control.pin_commands import pin_row
from edge_node.control.rights import access_of, bucket_of, source_of
from edge_node.serving import Request, Response, Router
from edge_node.serving.credentials import Credentials
from edge_node.serving.response import JSON_UNSTORED
from edge_node.store.listing import find_streams
from edge_node.store.scope import Scope
from edge_node.trust.access import Access, Verb, stream_resource
from edge_node.trust.audit import AuditRow
from edge_node.wire.cid import format_cid, parse_cid

NODE_EVERY_S = 0.25
CONTENT_DEFAULT_BYTES = 4 * KIB
CONTENT_MAX_BYTES = EXTENT_BYTES  # each is read and checked whole: who asks for less has it read again and again
STRIP_HERE_MAX_BYTES = 64 * KIB  # larger pages are looked through in a thread: a page of 4 MiB takes 50 ms
METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_EVENT_HEADERS = (("content-type", "text/event-stream"), ("cache-control", "no-store"))
_VERSION = re.compile(r"/(v\d{1,9})(?:/|$)")
_READING = frozenset({"GET", "HEAD"})


class Asked(NamedTuple):
    """A request and whose socket it came by."""

    request: Request
    standing: Standing

    @property
    def peer(self) -> Credentials:
        """Who asks, as the kernel said when the connection came."""
        return Credentials.parse(self.request.peer) or Credentials(-1, -1, -1)


Answering = Callable[[Asked], Awaitable[Any]]


class ControlApi:
    """Answers for both sockets; `handler` gives the one of a standing."""

    def __init__(self, house: House, lists: Lists, figures: Figures, feed: EventFeed, desk: CommandDesk) -> None:
        self._house, self._lists, self._figures, self._feed, self._desk = house, lists, figures, feed, desk
        holdings, history = Holdings(house), History(house)
        self._node: dict[str, Any] = {}
        self._node_at_s = -1e9
        self._routes: list[tuple[str, str, Answering]] = [
            ("GET", "/v1/node", self.node),
            ("GET", "/v1/streams", lambda asked: lists.streams(asked.request.query)),
            ("GET", "/v1/streams/{stream}/events", self.events_of_stream),
            ("GET", "/v1/pieces", lambda asked: holdings.pieces(asked.request.query)),
            ("GET", "/v1/pieces/{cid}", lambda asked: holdings.piece(asked.request.params["cid"])),
            ("GET", "/v1/pieces/{cid}/content", self.content),
            ("GET", "/v1/buckets", lambda asked: holdings.buckets(asked.request.query)),
            ("GET", "/v1/names", lambda asked: holdings.names(asked.request.query)),
            ("GET", "/v1/chain", _at_once(lambda _: chain_document(house.chain_status))),
            ("GET", "/v1/chain/anchor", _at_once(lambda _: self.chain_anchor())),
            ("GET", "/v1/chain/pins", lambda _: self.chain_pins()),
            ("GET", "/v1/devices", lambda asked: lists.devices(asked.request.query)),
            ("GET", "/v1/devices/{device}", _at_once(lambda asked: lists.device(asked.request.params["device"]))),
            ("GET", "/v1/revocations", _at_once(lambda asked: lists.revocations(asked.request.query))),
            ("GET", "/v1/settings", _at_once(lambda _: lists.settings())),
            ("GET", "/v1/logs", _at_once(lambda asked: history.logs(asked.request.query))),
            ("GET", "/v1/refusals", _at_once(lambda asked: history.refusals(asked.request.query))),
            ("GET", "/v1/audit", lambda asked: history.audit(asked.request.query)),
            ("GET", "/v1/metrics", self.metrics),
            ("GET", "/v1/commands", _at_once(lambda _: {"commands": desk.listed()})),
            ("GET", "/v1/events", self.events),
            ("POST", "/v1/commands/{name}/plan", self.plan),
            ("POST", "/v1/commands/{name}", self.execute),
        ]

    @property
    def paths(self) -> list[tuple[str, str]]:
        """Every method and template."""
        return [(method, template) for method, template, _ in self._routes]

    def handler(self, standing: Standing) -> Callable[[Request], Awaitable[Response]]:
        """What serves one of the sockets."""
        router = Router()
        for method, template, answer in self._routes:
            router.add(method, template, partial(self._answer, answer, standing))

        def handle(request: Request) -> Awaitable[Response]:
            if standing is Standing.VIEWER and request.method not in _READING:
                self._note_attempt(request)
                raise ViewOnly(request.method)
            _refuse_browsers(request)
            found = _VERSION.match(request.path)
            if found is not None and found[1] != API:
                raise VersionUnknown(found[1], (API,))
            return router.dispatch(request)

        return handle

    def _note_attempt(self, request: Request) -> None:
        """A viewer who tries to act stands in the audit; the path is theirs and is not repeated there."""
        house, source = self._house, source_of(Standing.VIEWER, request.peer)
        house.audit.record(AuditRow(house.now_ms, b"", "control", ADMIN, ViewOnly.slug, source))

    async def _answer(self, answer: Answering, standing: Standing, request: Request) -> Response:
        """The one way out: everything but metrics and the feed is encoded here, for the socket it leaves by."""
        value = await answer(Asked(request, standing))
        if isinstance(value, Response):
            return value
        if isinstance(value, msgspec.Raw) and standing is Standing.VIEWER and len(bytes(value)) > STRIP_HERE_MAX_BYTES:
            return Response(200, JSON_UNSTORED, await offload(encode_for, standing, value, limiter=CPU))
        return Response(200, JSON_UNSTORED, encode_for(standing, value))

    async def node(self, asked: Asked) -> dict[str, Any]:
        """GET /v1/node."""
        slow, now = await self._figures.fresh(), trio.current_time()
        if now - self._node_at_s >= NODE_EVERY_S:
            self._node, self._node_at_s = node_document(self._house, self._figures, slow), now
        return {**self._node, "access": str(asked.standing)}

    async def events_of_stream(self, asked: Asked) -> msgspec.Raw:
        """GET /v1/streams/{stream}/events."""
        house, query = self._house, asked.request.query
        vault, stream = _vault(house, query), StreamName(asked.request.params["stream"])
        access = access_of(house, asked.standing, asked.request.peer, vault, stream_resource(vault, stream), Verb.READ)
        limit, start = read_limit(query), read_number(query, "from", 0)
        limit = min(limit, house.settings.running.ingest.page_events_max)
        if "last" in query:
            limit = min(limit, read_number(query, "last", limit, 1))
            rows = await house.journal.query(find_streams, vault, [stream])
            start = max(rows[0].first_offset, rows[0].next_offset - limit) if rows else 0
        page = await house.topics.read_page(access, vault, stream, start, limit, proof=False)
        return msgspec.Raw(page)

    async def content(self, asked: Asked) -> dict[str, Any]:
        """GET /v1/pieces/{cid}/content."""
        house, query = self._house, asked.request.query
        cid, scope = parse_cid(asked.request.params["cid"]), Scope(_vault(house, query), read_bucket(query))
        access = access_of(house, asked.standing, asked.request.peer, scope.owner, scope.resource(cid), Verb.GET)
        start = read_number(query, "from", 0, 0, OFFSET_MAX)
        length = read_number(query, "length", CONTENT_DEFAULT_BYTES, 1, CONTENT_MAX_BYTES)
        size, read = await _opened(house, access, scope, cid)
        start = min(start, size)
        parts = read(start, min(start + length, size))
        async with aclosing(parts):
            content = b"".join([part async for part in parts])
        return {
            "cid": format_cid(cid),
            "bytes": size,
            "from": start,
            "length": len(content),
            "content_base64": content,
        }

    def chain_anchor(self) -> dict[str, Any]:
        """GET /v1/chain/anchor; NoChain, NoAnchor."""
        if self._house.chain is None:
            raise NoChain
        return anchor_document(*self._house.chain.anchor())

    async def chain_pins(self) -> dict[str, Any]:
        """GET /v1/chain/pins; NoChain, NoAnchor."""
        if self._house.chain is None:
            raise NoChain
        return {"pins": [pin_row(one) for one in await self._house.chain.pins()]}

    async def metrics(self, _asked: Asked) -> Response:
        """GET /v1/metrics."""
        return Response(
            200, (("content-type", METRICS_TYPE), ("cache-control", "no-store")), await self._house.metrics()
        )

    async def events(self, asked: Asked) -> Response:
        """GET /v1/events."""
        wanted = [name for name in read_text(asked.request.query, "topics").split(",") if name]
        for name in wanted:
            if name not in TOPICS:
                raise TopicUnknown(name, TOPICS)
        topics = tuple(name for name in TOPICS if name in wanted) if wanted else TOPICS
        last_id = asked.request.headers.get("last-event-id")
        return Response(200, _EVENT_HEADERS, self._feed.open(topics, asked.standing, last_id or None))

    async def plan(self, asked: Asked) -> dict[str, Any]:
        """POST /v1/commands/{name}/plan."""
        given = read_object(await asked.request.body(BODY_MAX_BYTES))
        return await self._desk.plan(asked.request.params["name"], given, asked.peer)

    async def execute(self, asked: Asked) -> Response:
        """POST /v1/commands/{name}."""
        name, body = asked.request.params["name"], read_object(await asked.request.body(BODY_MAX_BYTES))
        token, arguments = body.pop("token", None), body.pop("arguments", None)
        if body:
            raise RequestMalformed(f"it has a member {next(iter(body))[:32]!r}, and only token and arguments are known")
        if arguments is not None and not isinstance(arguments, dict):
            raise RequestMalformed("its arguments are no object")
        if not isinstance(token, str):
            raise TokenMalformed
        outcome = await self._desk.execute(name, token, arguments, asked.peer)
        answer = encode_for(asked.standing, {"command": name, "result": outcome.result})
        after = outcome.after
        return Response(200, JSON_UNSTORED, answer, done=None if after is None else lambda: void(after()))


Reading = Callable[[int, int], AsyncGenerator[bytes, None]]


async def _opened(house: House, access: Access, scope: Scope, cid: Cid) -> tuple[int, Reading]:
    """The size of what a scope holds under a CID, and how its bytes are read."""
    if scope.bucket is None:
        piece = await house.pieces.open(access, scope.owner, cid)
        return piece.size, partial(house.pieces.read, piece)
    file = await house.files.open(access, bucket_of(scope), cid)
    return file.size, partial(house.files.read, file)


def void(_value: object) -> None:
    """Nobody wants the value."""


def _at_once(answer: Callable[[Asked], Any]) -> Answering:
    async def answered(asked: Asked) -> Any:
        return answer(asked)

    return answered


def _vault(house: House, query: Any) -> VaultId:
    return read_vault(query) or house.vault


def _refuse_browsers(request: Request) -> None:
    for name in request.headers:
        if name == "origin" or name.startswith("sec-fetch-"):
            raise BrowserRefused(name)
