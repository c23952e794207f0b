"""The routes of the HTTP doors over the rooms, and the DDC services that are also spoken to in gRPC."""

import os
from collections.abc import Callable
from dataclasses import dataclass

from edge_node import __version__
from edge_node.gateway.anchors import AnchorRoutes
from edge_node.gateway.answer_room import AnswerRoom
from edge_node.gateway.bearer import BearerRoutes
from edge_node.gateway.events import EventRoutes
from edge_node.gateway.live import LiveRoutes
from edge_node.gateway.openapi import OpenApiRoutes
from edge_node.gateway.pieces import PieceRoutes
from edge_node.gateway.requests import RequestDoor
from edge_node.gateway.room import Room
from edge_node.gateway.status import Identity, StatusRoutes
from edge_node.gateway.streams import StreamRoutes
from edge_node.node.ddc import Ddc
from edge_node.node.rooms import Rooms
from edge_node.node.status import Status
from edge_node.serving import Router
from edge_node.settings import Settings
from edge_node.settings.doors import Mode
from edge_node.store.streams.anchors import Anchors
from edge_node.trust.bearer import BOOT_KEY_BYTES, BearerMint


@dataclass(frozen=True, slots=True, kw_only=True)
class Routes:
    """What is answered over HTTP, mounted once per pair of doors, and the budgets that bodies and answers share."""

    bodies: Room
    answers: AnswerRoom
    bearers: BearerRoutes
    events: EventRoutes
    streams: StreamRoutes
    pieces: PieceRoutes
    anchors: AnchorRoutes
    ddc: Ddc
    status: Callable[[Mode], StatusRoutes]

    def router_of(self, mode: Mode) -> Router:
        """The routes of a door in this mode."""
        router = Router()
        self.status(mode).add_to(router)
        OpenApiRoutes(__version__).add_to(router)
        for routes in (self.anchors, self.bearers, self.events, self.streams, self.pieces):
            routes.add_to(router)
        self.ddc.add_to(router, mode)
        return router

    def apply(self, settings: Settings) -> None:
        """Take over another snapshot: each route its section."""
        self.events.apply(settings.ingest)
        self.streams.apply(settings.ingest)
        self.pieces.apply(settings.store)
        self.bearers.apply(settings.trust)
        self.bodies.resize(settings.http.bodies_bytes_max)
        self.answers.resize(settings.http.answers_bytes_max)
        self.ddc.apply(settings)


def build_routes(settings: Settings, rooms: Rooms, status: Status) -> Routes:
    """The routes over the rooms."""
    clock, vault = rooms.clock, rooms.vault
    bodies, answers = Room(settings.http.bodies_bytes_max), AnswerRoom(settings.http.answers_bytes_max)
    mint = BearerMint(os.urandom(BOOT_KEY_BYTES))
    door = RequestDoor(rooms.access, rooms.node_key, clock, settings.trust, rooms.horizons, mint, rooms.forward)
    live = LiveRoutes(rooms.subscriptions, door, vault, answers)

    def status_routes(mode: Mode) -> StatusRoutes:
        identity = Identity(settings.node.name, __version__, rooms.node_key, vault, mode)
        return StatusRoutes(identity, clock, status.readiness, lambda: rooms.retainer.certificates)

    return Routes(
        bodies=bodies,
        answers=answers,
        bearers=BearerRoutes(door, mint, clock, rooms.forward, vault, settings.trust),
        events=EventRoutes(rooms.ingest, settings.ingest, bodies),
        streams=StreamRoutes(rooms.topics, door, vault, settings.ingest, answers, live),
        pieces=PieceRoutes(rooms.pieces, door, vault, settings.store, bodies, answers),
        anchors=AnchorRoutes(Anchors(rooms.journal), door, vault, answers),
        ddc=Ddc(settings, rooms, bodies, answers),
        status=status_routes,
    )
