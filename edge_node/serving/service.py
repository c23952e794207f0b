"""What every connection of one HTTP server shares."""

from edge_node.serving.hosts import HostGate
from edge_node.serving.limits import Reaper
from edge_node.serving.origins import OriginGate
from edge_node.serving.router import Handler
from edge_node.serving.watch import SocketWatch
from edge_node.settings.tree import HttpSettings
from edge_node.wire.http1_head import HeadLimits


class Service:
    """The handler, the settings of the moment and what follows from them; `standing` are every response's header lines.

    `draining` once the server stops: no connection begins another request.
    """

    def __init__(self, handler: Handler, settings: HttpSettings, reaper: Reaper) -> None:
        self.handler = handler
        self.reaper = reaper
        self.watch = SocketWatch()
        self.draining = False
        self.standing = ""
        self.answers: dict[int, int] = {}  # responses by status; a status is one of some thirty
        self.apply(settings)

    def apply(self, settings: HttpSettings) -> None:
        """Other settings from the next request on."""
        self.settings = settings
        self.hosts = HostGate(settings.hosts)
        self.origins = OriginGate(settings.origins)
        self.head_limits = HeadLimits(bytes=settings.header_bytes_max)

    def note_answer(self, status: int) -> None:
        """Count a response that is about to be sent."""
        self.answers[status] = self.answers.get(status, 0) + 1
