"""What the service manager is told: ready, alive, stopping, and in words how it is (sd_notify(3)).

A datagram that would have to wait is dropped: a manager that does not read must never hold up the loop. What it has to
know (ready, stopping) goes out with the next one.
"""

import os
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import trio

from edge_node.base.clock import Clock
from edge_node.base.log import get_log
from edge_node.base.log_text import cut, inert
from edge_node.supervise.health import Beat, Health

PERIOD_S = 10.0  # how often the words are renewed where no watchdog asks for more
STATUS_MAX_CHARS = 200  # `systemctl status` shows one line

log = get_log("supervise")


class Notifier:
    """One process's line to its service manager; without one every call does nothing."""

    def __init__(self, address: str = "", watchdog_s: float | None = None, *, clock: Clock) -> None:
        self._clock = clock
        self.period_s = PERIOD_S if watchdog_s is None else watchdog_s / 3
        self.dropped = 0
        self._watched = watchdog_s is not None
        self._socket = _open(address)
        self._address = "\0" + address[1:] if address.startswith("@") else address  # unix(7): abstract names
        self._owed: tuple[str, ...] = ()
        self._stopping = False
        self._status = ""

    @classmethod
    def of(cls, environ: Mapping[str, str], clock: Clock) -> "Notifier":
        """As NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID say; what is malformed there is passed over."""
        return cls(environ.get("NOTIFY_SOCKET", ""), watchdog_of(environ, os.getpid()), clock=clock)

    def say_ready(self, status: str) -> None:
        """The node serves; also the end of a reload."""
        self._tell("READY=1", status=status)

    def say_stopping(self) -> None:
        """The ordered shutdown has begun: the last change of state there is."""
        self._tell("STOPPING=1", status="stopping")
        self._stopping = True

    def say(self, status: str) -> None:
        """How it is, in words."""
        self._tell(status=status)

    @contextmanager
    def reloading(self) -> Iterator[None]:
        """The block takes over new settings."""
        monotonic_us = int(self._clock.monotonic_s() * 1_000_000)
        former = self._status
        self._tell("RELOADING=1", f"MONOTONIC_USEC={monotonic_us}", status="taking over new settings")
        try:
            yield
        finally:
            self.say_ready(former)

    async def run(self, beats: Callable[[], Mapping[str, Beat]], health: Callable[[], Health]) -> None:
        """Renew words and watchdog until cancelled: the watchdog only while every promised heartbeat is fresh.

        A loop that stalls feeds nothing either, which is meant.
        """
        while True:
            self.look(beats(), health())
            await trio.sleep(self.period_s)

    def look(self, beats: Mapping[str, Beat], health: Health) -> None:
        """One round of `run`."""
        stalled = [f"{name} ({beat.age_s:.0f} s)" for name, beat in sorted(beats.items()) if not beat.fresh]
        if stalled:
            self._tell(status=f"stalled: {', '.join(stalled)}")
        else:
            feed = ("WATCHDOG=1",) if self._watched else ()
            self._tell(status=words_of(health), also=feed)

    def close(self) -> None:
        """Let go of the socket."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _tell(self, *state: str, status: str, also: tuple[str, ...] = ()) -> None:
        """Send a change of state and words; a state that is not taken is owed, until a newer one replaces it."""
        if not self._stopping:
            self._owed = state or self._owed
        self._status = status = cut(inert(status), STATUS_MAX_CHARS)
        if self._socket is None:
            return
        message = "\n".join((*self._owed, f"STATUS={status}", *also))
        try:
            self._socket.sendto(message.encode(), self._address)
        except BlockingIOError:
            self.dropped += 1
        except OSError as error:
            self.dropped += 1
            if self.dropped == 1:
                log.warning("notice.dropped", reason=str(error))
        else:
            self._owed = ()


def watchdog_of(environ: Mapping[str, str], pid: int) -> float | None:
    """The watchdog's time in seconds; None when it is not meant for this process."""
    text, meant_for = environ.get("WATCHDOG_USEC", ""), environ.get("WATCHDOG_PID", str(pid))
    if not (text.isascii() and text.isdigit()) or meant_for != str(pid):
        return None
    return int(text) / 1_000_000 or None


def words_of(health: Health) -> str:
    """One line on how the node is: every room that is not well, or that all are."""
    unwell = [f"{name} {room.state}: {room.reason}".rstrip(": ") for name, room in health.rooms.items() if room.reason]
    if not unwell:
        return "ready" if health.ready else "not ready"
    return f"{'ready' if health.ready else 'not ready'}; {'; '.join(unwell)}"


def _open(address: str) -> socket.socket | None:
    """A socket for datagrams to `address`, which begins with `/` (a path) or `@` (abstract); None for any other."""
    if address[:1] not in {"/", "@"}:
        return None
    kind = socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK
    return socket.socket(socket.AF_UNIX, kind)
