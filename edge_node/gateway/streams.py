"""GET /api/v1/streams: what streams there are, and their events by offset."""

import msgspec

from edge_node.base.ids import StreamName, VaultId
from edge_node.gateway.answer_room import AnswerRoom
from edge_node.gateway.parameters import read_flag, read_number, read_vault
from edge_node.gateway.requests import RequestDoor
from edge_node.serving import Request, Response, Router
from edge_node.settings import IngestSettings
from edge_node.store.streams.topics import Topics
from edge_node.trust.access import Verb, stream_resource

PAGE_DEFAULT = 100
_OFFSET_MAX = 2**63 - 1  # SQLite's largest integer; no stream gets there
_ENCODER = msgspec.json.Encoder()
_JSON = (("content-type", "application/json"), ("cache-control", "no-store"))


class StreamRoutes:
    """The reading door of the event log."""

    def __init__(
        self, topics: Topics, door: RequestDoor, vault: VaultId, settings: IngestSettings, room: AnswerRoom
    ) -> None:
        self._topics, self._door, self._vault, self._settings, self._room = topics, door, vault, settings, room

    def add_to(self, router: Router) -> None:
        """Register the routes."""
        router.add("GET", "/api/v1/streams", self.list_streams)
        router.add("GET", "/api/v1/streams/{stream:path}", self.read)

    async def list_streams(self, request: Request) -> Response:
        """Every stream of a vault."""
        vault = read_vault(request, self._vault)
        access = await self._door.authorise(request, stream_resource(vault), Verb.LIST)
        rows = await self._topics.list_streams(access, vault)
        listed = _ENCODER.encode({"vault": vault.hex(), "streams": rows})
        with self._room.hold(access.holder) as held:
            held.resize(len(listed))
            return Response(200, _JSON, listed, done=held.hand_over())

    async def read(self, request: Request) -> Response:
        """One page of a stream."""
        vault, stream = read_vault(request, self._vault), StreamName(request.params["stream"])
        access = await self._door.authorise(request, stream_resource(vault, stream), Verb.READ)
        start = read_number(request, "from", 0, 0, _OFFSET_MAX)
        limit = read_number(
            request, "limit", min(PAGE_DEFAULT, self._settings.page_events_max), 1, self._settings.page_events_max
        )
        proof = read_flag(request, "proof")
        with self._room.hold(access.holder) as held:
            page = await self._topics.read_page(access, vault, stream, start, limit, proof=proof, reserve=held.resize)
            held.resize(len(page))
            return Response(200, _JSON, page, done=held.hand_over())
