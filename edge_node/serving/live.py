"""What a response that stays open is given of its connection, and what it must answer to."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from edge_node.serving.limits import Reaper
from edge_node.serving.transport import LiveTransport
from edge_node.serving.watch import SocketWatch


class Live(Protocol):
    """An open response: its connection hands on what comes from outside."""

    def expire(self) -> None:
        """The deadline has passed."""
        ...

    def drain(self) -> None:
        """The server stops: end soon."""
        ...


class Host(Protocol):
    """The connection underneath."""

    deadline: float

    def end(self) -> None:
        """End the connection as it is, without another word."""
        ...


@dataclass(frozen=True, slots=True)
class Link:
    """One connection as a live response sees it."""

    host: Host
    transport: LiveTransport
    watch: SocketWatch
    reaper: Reaper
    write_timeout_s: float

    def watch_for(self, callback: Callable[[], None]) -> None:
        """Call back when the client sent something or left."""
        self.watch.add(self.transport.fileno(), callback)

    def wake_for(self, *, write: bool) -> None:
        """Call back also when there is room to send, or no longer so."""
        self.watch.want(self.transport.fileno(), write=write)

    def unwatch(self) -> None:
        """No longer."""
        self.watch.remove(self.transport.fileno())

    def expect(self, seconds: float) -> None:
        """Set the deadline."""
        self.host.deadline = self.reaper.after(seconds)
