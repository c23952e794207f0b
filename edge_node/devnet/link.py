"""A device's network link that can be cut: a TCP relay on the loopback, closed and opened again like a cable."""

import trio

from edge_node.base.limits import KIB

_CHUNK = 64 * KIB


class Link:
    """Relays one loopback port to a node's. `cut` closes it with every connection, `restore` opens the same port."""

    def __init__(self, target_port: int, nursery: trio.Nursery) -> None:
        self._target_port, self._nursery = target_port, nursery
        self._scope: trio.CancelScope | None = None
        self.port = 0

    async def restore(self) -> None:
        """Listen; the first time on a free port, later on the same one."""
        listener = (await trio.open_tcp_listeners(self.port, host="127.0.0.1"))[0]
        self.port = listener.socket.getsockname()[1]
        await self._nursery.start(self._serve, listener)

    def cut(self) -> None:
        """Nothing answers on the port any more, and what was connected is gone."""
        if self._scope is not None:
            self._scope.cancel()

    async def _serve(self, listener: trio.SocketListener, task_status: trio.TaskStatus[None]) -> None:
        with trio.CancelScope() as self._scope:
            task_status.started()
            await trio.serve_listeners(self._relay, [listener])

    async def _relay(self, near: trio.SocketStream) -> None:
        try:
            far = await trio.open_tcp_stream("127.0.0.1", self._target_port)
        except OSError:
            return  # the node is down: the device sees its connection close
        async with near, far, trio.open_nursery() as nursery:
            nursery.start_soon(self._copy, near, far, nursery.cancel_scope)
            nursery.start_soon(self._copy, far, near, nursery.cancel_scope)

    async def _copy(self, source: trio.SocketStream, target: trio.SocketStream, scope: trio.CancelScope) -> None:
        try:
            while data := await source.receive_some(_CHUNK):
                await target.send_all(data)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            pass  # either end's hang-up ends the other
        scope.cancel()
