"""Reads sockets for connections whose own task waits for something else: one task and one epoll for all of them.

A live connection has two things to wait for: what its client sends, which is next to nothing, and what its handler
wants to send. A second task for each would cost 6 KiB and a registration with epoll per read; a cancel scope around
every wait would make each wake-up an exception. Here a connection costs one entry in the kernel, registered once, and
is called when its socket has something. trio waits for the epoll itself, which is a file like any other.
"""

import select
from collections.abc import Callable

import trio

TURN_MAX = 256  # sockets served before other tasks have their turn: about 5 ms


class SocketWatch:
    """Calls back when sockets are ready. A callback does not wait and does not raise."""

    def __init__(self) -> None:
        self._epoll = select.epoll()
        self._callbacks: dict[int, Callable[[], None]] = {}

    def __len__(self) -> int:
        return len(self._callbacks)

    def add(self, descriptor: int, callback: Callable[[], None]) -> None:
        """Call back whenever there is something to read, or an end, until `remove`."""
        self._epoll.register(descriptor, select.EPOLLIN)
        self._callbacks[descriptor] = callback

    def want(self, descriptor: int, *, write: bool) -> None:
        """Call back also when there is room to send, or no longer so; nothing if the socket is not watched."""
        if descriptor in self._callbacks:
            self._epoll.modify(descriptor, select.EPOLLIN | (select.EPOLLOUT if write else 0))

    def remove(self, descriptor: int) -> None:
        """Forget a socket, before it is closed; nothing if it is not watched."""
        if self._callbacks.pop(descriptor, None) is not None:
            self._epoll.unregister(descriptor)

    async def run(self) -> None:
        """Call back until cancelled."""
        try:
            while True:
                await trio.lowlevel.wait_readable(self._epoll.fileno())
                for descriptor, _ in self._epoll.poll(0, TURN_MAX):
                    callback = self._callbacks.get(descriptor)
                    if callback is not None:  # an earlier callback of this turn may have removed it
                        callback()
        finally:
            trio.lowlevel.notify_closing(self._epoll.fileno())
            self._epoll.close()
