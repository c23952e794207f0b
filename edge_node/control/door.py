"""The operator's door as one service: both sockets served, the feed and the figures behind them kept going."""

from collections.abc import Sequence
from typing import Any

import trio

from edge_node.control.api import ControlApi
from edge_node.control.chain_commands import ConfirmBlock, ImportCheckpoint
from edge_node.control.commands import Command, CommandDesk
from edge_node.control.device_commands import ActOnDevice, EnrolDevice
from edge_node.control.feed import EventFeed
from edge_node.control.figures import Figures
from edge_node.control.grant_commands import RevokeGrant
from edge_node.control.house import DoorFigures, House
from edge_node.control.lists import Lists
from edge_node.control.node_commands import ApplySettings, SetLogLevel, StopNode
from edge_node.control.pin_commands import PinMetadata
from edge_node.control.sockets import ControlSocket, close_sockets
from edge_node.control.store_commands import PublishEvent, VerifyPiece
from edge_node.serving import HttpServer
from edge_node.settings import HttpSettings
from edge_node.trust.device import DeviceAction

# One process of an operator has a screen, a feed and some requests open; a socket's users are few.
SERVING = HttpSettings(hosts=("*",), connections_max=64, connections_per_address_max=16, drain_s=2.0)


class ControlDoor:
    """Serves the sockets it is given; `run` once. `more` are commands of rooms that not every node has."""

    def __init__(self, house: House, sockets: Sequence[ControlSocket], more: Sequence[Command[Any]] = ()) -> None:
        self._sockets = sockets
        self.figures, self.lists = Figures(house), Lists(house)
        self.feed = EventFeed(house, self.lists, self.figures)
        self.desk = CommandDesk(house, [*_commands(house, self.feed), *more], self.feed.report)
        self.api = ControlApi(house, self.lists, self.figures, self.feed, self.desk)
        house.settings.on_applied(self.feed.report_settings)
        self._servers = [
            HttpServer([one.door], self.api.handler(one.standing), SERVING, clock=house.clock) for one in sockets
        ]

    @property
    def doors(self) -> list[DoorFigures]:
        """The two sockets as they are now."""
        return [
            DoorFigures(
                name=one.name,
                kind="unix",
                url="",
                address=str(one.path),
                connections=len(server.connections),
                connections_max=SERVING.connections_max,
                access=str(one.standing),
            )
            for one, server in zip(self._sockets, self._servers, strict=True)
        ]

    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Serve until cancelled or drained; the socket files go with it."""
        try:
            async with trio.open_nursery() as behind:
                await behind.start(self.figures.run)
                await behind.start(self.feed.run)
                async with trio.open_nursery() as serving:
                    for server in self._servers:
                        await serving.start(server.run)
                    task_status.started()
                    if not self._servers:
                        await trio.sleep_forever()
                behind.cancel_scope.cancel()
        finally:
            close_sockets(self._sockets)

    async def drain(self) -> None:
        """Tell the readers of the feed, and let commands under way finish."""
        self.feed.close()
        async with trio.open_nursery() as nursery:
            for server in self._servers:
                nursery.start_soon(server.drain)


def _commands(house: House, feed: EventFeed) -> list[Command[Any]]:
    return [
        EnrolDevice(house),
        *(ActOnDevice(house, action) for action in DeviceAction),
        RevokeGrant(house),
        VerifyPiece(house, feed.report_advance),
        PublishEvent(house),
        ImportCheckpoint(house),
        ConfirmBlock(house),
        PinMetadata(house),
        ApplySettings(house),
        SetLogLevel(house),
        StopNode(house),
    ]
