"""An endpoint for tests: JSON-RPC on 127.0.0.1, answered from a table, and misbehaving when told to."""

import datetime as dt
import ipaddress
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import trio
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from trio_websocket import ConnectionClosed, WebSocketConnection, WebSocketRequest, serve_websocket

from edge_node.base.ids import Hash256
from edge_node.chain_light.header import Header, genesis_header, hash_header, json_of_header
from edge_node.chain_light.rpc import RpcSource, connect
from edge_node.chain_light.spec import Endpoint

GENESIS_HEADER = genesis_header(Hash256(b"\x07" * 32))
GENESIS = hash_header(GENESIS_HEADER)
FINAL = Header(GENESIS, 40, Hash256(b"\x08" * 32), Hash256(b"\x09" * 32))
BEST = Header(hash_header(FINAL), 42, Hash256(b"\x0a" * 32), Hash256(b"\x0b" * 32))

Reply = Callable[[WebSocketConnection, list[dict], bool], Awaitable[None]]


def header_at(number: int) -> Header:
    return Header(GENESIS, number, Hash256(b"\x08" * 32), Hash256(b"\x09" * 32))


def answer_to(call: dict, result: object) -> dict:
    return {"jsonrpc": "2.0", "id": call["id"], "result": result}


def notice(method: str, subscription: object, result: object) -> str:
    return json.dumps({"jsonrpc": "2.0", "method": method, "params": {"subscription": subscription, "result": result}})


class Rig:
    """`table` has by a method's name its result, or a function of the parameters; errors are {"error": …}.

    `reply` takes the place of answering: what it does with a socket, the calls that came in one message, and whether
    they were a batch. `asked` has every call in its order.
    """

    def __init__(self) -> None:
        self.finalized, self.best, self.genesis = FINAL, BEST, GENESIS
        self.asked: list[tuple[str, list]] = []
        self.connections = 0
        self.sockets: list[WebSocketConnection] = []
        self.reply: Reply = self.answer
        self.reject_with: int | None = None
        self.port = 0
        self.scheme = "ws"
        self.table: dict[str, object] = {
            "chain_getBlockHash": lambda numbers: [f"0x{self.genesis}" if number == 0 else None for number in numbers],
            "chain_getFinalizedHead": lambda: f"0x{hash_header(self.finalized)}",
            "chain_getHeader": self._header,
        }

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}"

    def endpoint(self, group: str = "one") -> Endpoint:
        return Endpoint(url=self.url, group=group)

    def _header(self, block: str | None = None) -> object:
        known = {f"0x{hash_header(header)}": header for header in (self.finalized, self.best)}
        header = self.best if block is None else known.get(block)
        return None if header is None else json_of_header(header)

    def form(self, call: dict) -> dict:
        """The answer to one call by the table."""
        if call["method"] not in self.table:
            return {"jsonrpc": "2.0", "id": call["id"], "error": {"code": -32601, "message": "Method not found"}}
        result = self.table[call["method"]]
        if callable(result):
            result = result(*call["params"])
        if isinstance(result, dict) and result.keys() == {"error"}:
            return {"jsonrpc": "2.0", "id": call["id"], **result}
        return answer_to(call, result)

    async def answer(self, socket: WebSocketConnection, calls: list[dict], batch: bool) -> None:
        """As an honest node does."""
        forms = [self.form(call) for call in calls]
        await socket.send_message(json.dumps(forms if batch else forms[0]))

    async def serve(self, request: WebSocketRequest) -> None:
        self.connections += 1
        if self.reject_with is not None:
            await request.reject(self.reject_with, body=b"<html>not here</html>")
            return
        socket = await request.accept()
        self.sockets.append(socket)
        try:
            while True:
                message = json.loads(await socket.get_message())
                batch = isinstance(message, list)
                calls = message if batch else [message]
                self.asked += [(call["method"], call["params"]) for call in calls]
                await self.reply(socket, calls, batch)
        except (ConnectionClosed, trio.BrokenResourceError, trio.ClosedResourceError):
            return
        finally:
            self.sockets.remove(socket)


@asynccontextmanager
async def serving(rig: Rig, tls: ssl.SSLContext | None = None) -> AsyncIterator[Rig]:
    """The rig on a port of its own, until the end of the `with`."""
    async with trio.open_nursery() as nursery:
        server = await nursery.start(serve_websocket, rig.serve, "127.0.0.1", 0, tls)
        rig.port, rig.scheme = server.port, "wss" if tls else "ws"
        yield rig
        nursery.cancel_scope.cancel()


@asynccontextmanager
async def connected(rig: Rig, tls: ssl.SSLContext | None = None) -> AsyncIterator[RpcSource]:
    """A Source that asks the rig."""
    async with trio.open_nursery() as nursery:

        async def carry(task_status: trio.TaskStatus[RpcSource]) -> None:
            await connect(rig.endpoint(), tls=tls, task_status=task_status)

        yield await nursery.start(carry)
        nursery.cancel_scope.cancel()


def certificate(folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's context with a certificate of nobody's, and a client's that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "rig")])
    now = dt.datetime.now(dt.UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = folder / "rig.pem"
    pem.write_bytes(
        built.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(pem)
    return server, ssl.create_default_context(cafile=str(pem))


async def eventually(condition: Callable[[], bool]) -> None:
    """Until it holds, which takes a moment at most."""
    with trio.fail_after(20):
        while not condition():
            await trio.sleep(0.002)
