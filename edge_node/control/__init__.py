"""The operator's private door over two Unix sockets: what the node is and does, and commands in two steps."""

from edge_node.control.door import ControlDoor
from edge_node.control.errors import ControlInUse, SocketPathTooLong, SocketUnusable
from edge_node.control.house import DoorFigures, House, LevelDesk
from edge_node.control.reload import Applied, SettingsDesk
from edge_node.control.retain_command import RetainStream
from edge_node.control.roster import Roster
from edge_node.control.sockets import ControlSocket, close_sockets, open_sockets

__all__ = [
    "Applied",
    "ControlDoor",
    "ControlInUse",
    "ControlSocket",
    "DoorFigures",
    "House",
    "LevelDesk",
    "RetainStream",
    "Roster",
    "SettingsDesk",
    "SocketPathTooLong",
    "SocketUnusable",
    "close_sockets",
    "open_sockets",
]
