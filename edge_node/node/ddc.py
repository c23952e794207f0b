"""The DDC node behind its doors: the gate, the services it guards, and the routes by which HTTP reaches them."""

from edge_node.gateway.answer_room import AnswerRoom
from edge_node.gateway.ddc_cns import CnsApi
from edge_node.gateway.ddc_dag import DagApi
from edge_node.gateway.ddc_file import FileApi
from edge_node.gateway.ddc_gate import DdcGate
from edge_node.gateway.ddc_http import ContentRoutes
from edge_node.gateway.ddc_json import JsonRoutes
from edge_node.gateway.ddc_records import DdcRecords
from edge_node.gateway.ddc_site import Site
from edge_node.gateway.ddc_web import GrpcWebRoutes
from edge_node.gateway.room import Room
from edge_node.node.rooms import Rooms
from edge_node.serving import Router
from edge_node.serving.call import CallTable
from edge_node.serving.web_room import WebRoom
from edge_node.settings import Settings
from edge_node.settings.doors import Mode


class Ddc:
    """The DDC services of one node, the same behind every door; `table` answers calls, in gRPC and grpc-web."""

    def __init__(self, settings: Settings, rooms: Rooms, bodies: Room, answers: AnswerRoom) -> None:
        """`bodies` and `answers`: the budgets of HTTP. Pieces and files of calls have their own."""
        self._rooms, self._bodies, self._answers = rooms, bodies, answers
        self._grpc, self._web = settings.grpc, WebRoom()
        self.puts, self.reads = AnswerRoom(settings.grpc.puts_bytes_max), AnswerRoom(settings.grpc.reads_bytes_max)
        self._gate = gate = DdcGate(
            rooms.buckets, rooms.tokens, rooms.access, rooms.clock, rooms.horizons, settings.trust, rooms.dag.reaches
        )
        self._records = records = DdcRecords(rooms.activity, rooms.clock)
        self.table = CallTable()
        self._files = FileApi(
            gate, rooms.pieces, rooms.files, records, self.puts, self.reads, settings.ddc, settings.store
        )
        self._files.add_to(self.table)
        DagApi(gate, rooms.dag, records, bodies, self.reads).add_to(self.table)
        CnsApi(gate, rooms.names, records).add_to(self.table)
        site = Site(gate, rooms.dag, rooms.names)
        self._content = ContentRoutes(gate, site, rooms.dag, rooms.files, records, answers)

    def add_to(self, router: Router, mode: Mode) -> None:
        """Register the routes of a door in this mode; after all others, as content's paths are nearly any."""
        rooms = self._rooms
        GrpcWebRoutes(self.table, self._web, mode, lambda: self._grpc.stream_idle_timeout_s).add_to(router)
        JsonRoutes(self._gate, rooms.dag, rooms.names, self._records, self._bodies, self._answers, mode).add_to(router)
        self._content.add_to(router)

    def apply(self, settings: Settings) -> None:
        """Take over another snapshot."""
        self._grpc = settings.grpc
        self.puts.resize(settings.grpc.puts_bytes_max)
        self.reads.resize(settings.grpc.reads_bytes_max)
        self._files.apply(settings.ddc, settings.store)
