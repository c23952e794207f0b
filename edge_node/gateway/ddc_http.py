"""/{bucket}/…: content of buckets for browsers and players, by CID, by name and as websites (docs/specs/http.md)."""

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

import trio

from edge_node.base.errors import Refusal
from edge_node.base.ids import Cid
from edge_node.base.limits import EXTENT_BYTES, KIB
from edge_node.base.offload import offload
from edge_node.gateway.answer_room import AnswerRoom, Held
from edge_node.gateway.ddc_call import payer_of
from edge_node.gateway.ddc_gate import DdcGate
from edge_node.gateway.ddc_headers import PREFLIGHT as PREFLIGHT_HEADERS
from edge_node.gateway.ddc_headers import STANDING, Headers, cache_headers, open_to_pages, type_headers
from edge_node.gateway.ddc_operations import GET_CONTENT, PREFLIGHT
from edge_node.gateway.ddc_path import with_slash
from edge_node.gateway.ddc_records import DdcRecords
from edge_node.gateway.ddc_site import Found, Site
from edge_node.gateway.errors import ServiceWorkerRefused
from edge_node.gateway.ranged import ranged_answer
from edge_node.serving import Request, Response, Router, problem_response
from edge_node.serving.askers import asker_of
from edge_node.store.dag import Dag
from edge_node.store.files import Files, OpenFile
from edge_node.store.pieces import READ_AHEAD
from edge_node.wire.cid import CidKind, cid_kind, format_cid
from edge_node.wire.content_type import SNIFF_BYTES, type_of_content, type_of_name
from edge_node.wire.dag_node import read_node

READ_BYTES = READ_AHEAD * EXTENT_BYTES  # what a download holds at most: the extents read in one hop
ROOM_S = 2.0  # how long an answer waits for room before its client is told to come back
TYPES_MAX = 4_096  # types told by content and remembered, so that a player's ranges do not each read the beginning
HERE_MAX = 256 * KIB  # a node that is parsed on the loop

Read = Callable[[int, int], AsyncGenerator[bytes, None]]


class ContentRoutes:
    """The content door of buckets."""

    def __init__(
        self, gate: DdcGate, site: Site, dag: Dag, files: Files, records: DdcRecords, answers: AnswerRoom
    ) -> None:
        self._gate, self._site, self._dag, self._files = gate, site, dag, files
        self._records, self._answers = records, answers
        self._types: dict[Cid, str] = {}

    def add_to(self, router: Router) -> None:
        """Register the routes; after all others, for their paths are any path with a number first."""
        GET_CONTENT.mount(router, self.get)
        PREFLIGHT.mount(router, self.preflight)

    async def preflight(self, _request: Request) -> Response:
        """What a page of any origin may ask of these paths."""
        return Response(204, PREFLIGHT_HEADERS)

    async def get(self, request: Request) -> Response:
        """Content, or a refusal that a page may read too."""
        try:
            answer = await self._get(request)
        except Refusal as refusal:
            if refusal.forged:
                raise  # counted by the connection, which ends when there are too many
            asker = asker_of(request.peer, secure=request.secure, fields=request.headers)
            return open_to_pages(problem_response(refusal, asker=asker))
        return answer if answer.status < 400 else open_to_pages(answer)

    async def _get(self, request: Request) -> Response:
        # The headers that say so stand in no program's way: only a browser that installs a worker sends them.
        if "service-worker" in request.headers:
            raise ServiceWorkerRefused
        found = await self._site.find(request)
        kept = cache_headers(public=found.admitted.bucket.public, max_age_s=found.ttl_s)
        if found.slash:
            location = ("location", with_slash(request.head.raw_path, request.head.query))
            return Response(308 if found.ttl_s is None else 307, (*STANDING, *kept, location))
        with self._answers.hold(payer_of(found.admitted, request.peer)) as held:
            if cid_kind(found.cid) is CidKind.DAG_NODE:
                answer = await self._of_node(request, found, kept, held)
            else:
                answer = await self._of_file(request, found, kept, held)
            if answer.length is not None:
                answer.done = held.hand_over()
        return answer

    async def _of_file(self, request: Request, found: Found, kept: Headers, held: Held) -> Response:
        admitted = found.admitted
        file = await self._files.open(admitted.access, admitted.bucket, found.cid, through=found.through)
        await self._take_room(held, min(file.size, READ_BYTES))
        media_type = type_of_name(found.name) or await self._type_of(file)

        def read(start: int, stop: int) -> AsyncGenerator[bytes, None]:
            return self._files.read(file, start, stop)

        return self._answer(request, found, file.size, kept, media_type, read)

    async def _take_room(self, held: Held, size: int) -> None:
        # A page asks for many things at once, and most are gone in milliseconds; who reads slowly is not waited for.
        with trio.move_on_after(ROOM_S):
            while not held.may_resize(size):
                await self._answers.wait()
        held.resize(size)

    async def _of_node(self, request: Request, found: Found, kept: Headers, held: Held) -> Response:
        """A node's own data; what links to others is asked for by its path, or in JSON."""
        admitted = found.admitted
        there = await self._dag.find(admitted.access, admitted.bucket, found.cid, through=found.through)
        await self._take_room(held, there.size)
        node = await self._dag.read(there)
        parsed = read_node(node.raw) if len(node.raw) <= HERE_MAX else await offload(read_node, node.raw)
        data = parsed.data

        async def read(start: int, stop: int) -> AsyncGenerator[bytes, None]:
            yield bytes(data[start:stop])

        media_type = type_of_name(found.name) or type_of_content(bytes(data[:SNIFF_BYTES]))
        return self._answer(request, found, len(data), kept, media_type, read)

    def _answer(
        self, request: Request, found: Found, size: int, kept: Headers, media_type: str, read: Read
    ) -> Response:
        etag = f'"{format_cid(found.cid)}"'
        standing = (*STANDING, *kept, ("etag", etag), ("accept-ranges", "bytes"))

        def counted(start: int, stop: int) -> AsyncGenerator[bytes, None]:
            return self._counted(found, read(start, stop))

        return ranged_answer(request, etag, size, standing, type_headers(media_type), counted)

    async def _counted(self, found: Found, content: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
        """The content as long as the right to it lasts, written down as what its reader got."""
        reading = self._records.reading(found.admitted, found.cid)
        try:
            async with aclosing(content):
                async for chunk in content:
                    await self._gate.confirm(found.admitted)
                    yield chunk
                    reading.sent(len(chunk))
        finally:
            reading.close()

    async def _type_of(self, file: OpenFile) -> str:
        if (known := self._types.get(file.cid)) is not None:
            return known
        start = b""
        async with aclosing(self._files.read(file, 0, min(file.size, SNIFF_BYTES))) as extents:
            async for extent in extents:
                start += extent
        if len(self._types) >= TYPES_MAX:
            del self._types[next(iter(self._types))]
        self._types[file.cid] = media_type = type_of_content(start)
        return media_type
