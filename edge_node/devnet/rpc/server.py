"""The listener: JSON-RPC over WebSocket, on this machine alone."""

import errno
import ipaddress
import os
from collections.abc import Callable
from functools import partial
from typing import Final

import trio
from trio_websocket import ConnectionClosed, WebSocketRequest, WebSocketServer

from edge_node.base.errors import LocalError, Refusal
from edge_node.base.ids import PublicKey
from edge_node.base.limits import MIB
from edge_node.base.log import get_log
from edge_node.devnet.chain_service import ChainService
from edge_node.devnet.errors import DevnetError
from edge_node.devnet.faults import Lies
from edge_node.devnet.rpc.connection import Connection
from edge_node.devnet.rpc.served import Served

log = get_log("devnet")

REQUEST_BYTES_MAX: Final = 15 * MIB  # as real nodes read
CONNECTIONS_MAX: Final = 100
PEER_BYTES: Final = 32
_CLOSE_S: Final = 1.0


class NotLoopback(DevnetError, LocalError):
    """The chain was to be served beyond this machine, where anybody could spend what its known keys hold."""

    slug = "not-loopback"

    def __init__(self, host: str) -> None:
        self.host = host
        super().__init__(f"a development chain is served on this machine alone, not on {host}")


class PortTaken(DevnetError, Refusal):
    """Another process listens at this port."""

    slug = "port-taken"
    status = 409
    remedy = "End the other process, or name another port (0 for any that is free)."

    def __init__(self, host: str, port: int) -> None:
        self.host, self.port = host, port
        super().__init__(f"port {port} of {host} is in use")


class RpcServer:
    """A server that runs. `lies` are its own; `connections` and `subscriptions` count what it holds."""

    def __init__(self, served: Served, host: str, port: int) -> None:
        self.served, self.lies = served, served.lies
        self.connections = 0
        self.url = f"ws://{host}:{port}"
        self.port = port

    @property
    def subscriptions(self) -> int:
        """How many there are, those to extrinsics aside."""
        return len(self.served.board)


async def serve_rpc(
    service: ChainService,
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    lies: Lies | None = None,
    random: Callable[[int], bytes] = os.urandom,
    task_status: trio.TaskStatus[RpcServer] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Serve a chain until cancelled; `task_status` gets the RpcServer. NotLoopback, PortTaken."""
    if not ipaddress.ip_address(host).is_loopback:
        raise NotLoopback(host)
    served = Served(service, lies or Lies(), random, PublicKey(random(PEER_BYTES)))
    listeners = await _listen(host, port)
    server = RpcServer(served, host, listeners[0].socket.getsockname()[1])
    websocket = WebSocketServer(
        partial(_serve_one, server), listeners, max_message_size=REQUEST_BYTES_MAX, disconnect_timeout=_CLOSE_S
    )
    service.listen(served.board)
    try:
        async with trio.open_nursery() as nursery:
            await nursery.start(websocket.run)
            task_status.started(server)
    finally:
        service.forget(served.board)


async def _listen(host: str, port: int) -> list[trio.SocketListener]:
    try:
        return await trio.open_tcp_listeners(port, host=host)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        raise PortTaken(host, port) from None


async def _serve_one(server: RpcServer, request: WebSocketRequest) -> None:
    """Serve one client, and end no other whatever becomes of it."""
    if server.connections >= CONNECTIONS_MAX:
        await request.reject(503, body=b"as many connections as may are open")
        return
    server.connections += 1
    try:
        socket = await request.accept()
        await Connection(server.served, socket).run()
    except (ConnectionClosed, trio.BrokenResourceError):
        return
    except Exception:  # one client's fault, or ours while it was served: the others stay
        log.exception("devnet.connection_failed")
    finally:
        server.connections -= 1
