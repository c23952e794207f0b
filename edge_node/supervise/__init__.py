"""Services in order: ready one by one, restarted within a budget, stopped in reverse, their health in one answer."""

from edge_node.supervise.budget import RestartBudget
from edge_node.supervise.health import Beat, Health, RoomHealth, RoomState
from edge_node.supervise.last_resort import HUNG_EXIT_CODE, end_process
from edge_node.supervise.lateness import watch_lateness
from edge_node.supervise.notify import Notifier
from edge_node.supervise.progress import Progress
from edge_node.supervise.service import Service, ServiceEnded, StopOverdue
from edge_node.supervise.supervisor import Supervisor

__all__ = [
    "HUNG_EXIT_CODE",
    "Beat",
    "Health",
    "Notifier",
    "Progress",
    "RestartBudget",
    "RoomHealth",
    "RoomState",
    "Service",
    "ServiceEnded",
    "StopOverdue",
    "Supervisor",
    "end_process",
    "watch_lateness",
]
