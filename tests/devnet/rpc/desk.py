"""A served chain and a client on a real socket: what the tests of every method ask through."""

import json
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import trio
from trio_websocket import open_websocket_url

from edge_node.base.clock import SystemClock
from edge_node.base.ids import Hash256
from edge_node.chain_light.header import hash_header, header_of_json
from edge_node.devnet.chain_service import ChainService
from edge_node.devnet.pallets import sdk_profile
from edge_node.devnet.rpc import serve_rpc
from edge_node.devnet.runtime import call_of
from tests.devnet.runtime.stage import ALICE, BOB, SUDO, Stage, make_genesis

CHILD = {b"shelf": {bytes((n,)): bytes((n,)) * 40 for n in range(20)}}
WAIT_S = 20


class Refused(Exception):
    """The server answered with an error."""

    def __init__(self, error):
        super().__init__(f"{error['code']} {error['message']}: {error.get('data')}")
        self.code, self.message, self.data = error["code"], error["message"], error.get("data")


@dataclass
class Client:
    """One connection: `ask` for a result, `told` for the next notification of a subscription."""

    socket: object
    last_id: int = 0
    notes: dict = field(default_factory=dict)

    async def ask(self, method, *params):
        """The result; Refused for an error."""
        self.last_id += 1
        await self.socket.send_message(
            json.dumps({"jsonrpc": "2.0", "id": self.last_id, "method": method, "params": params})
        )
        answer = await self.answer()
        assert answer["id"] == self.last_id
        if "error" in answer:
            raise Refused(answer["error"])
        return answer["result"]

    async def raw(self, text):
        """What a message of any bytes is answered with."""
        await self.socket.send_message(text)
        return await self.answer()

    async def answer(self):
        """The next message that is no notification."""
        while True:
            message = await self._receive()
            if isinstance(message, list) or "id" in message:
                return message
            self._keep(message)

    async def told(self, subscription):
        """The next notification's result."""
        while not self.notes.get(subscription):
            message = await self._receive()
            assert "id" not in message, message
            self._keep(message)
        return self.notes[subscription].pop(0)["result"]

    async def told_header(self, subscription):
        """The next header, read."""
        return header_of_json(await self.told(subscription))

    async def quiet(self, seconds=0.2):
        """Whether nothing comes for a moment."""
        with trio.move_on_after(seconds):
            self._keep(await self._receive())
            return False
        return True

    async def _receive(self):
        with trio.fail_after(WAIT_S):
            return json.loads(await self.socket.get_message())

    def _keep(self, message):
        params = message["params"] | {"method": message["method"]}
        self.notes.setdefault(params["subscription"], []).append(params)


@dataclass
class Desk:
    """A chain that is served, and a first client of it."""

    service: ChainService
    server: object
    client: Client
    stage: Stage

    @property
    def chain(self):
        """The chain."""
        return self.service.chain

    async def ask(self, method, *params):
        """See Client."""
        return await self.client.ask(method, *params)

    async def refusal(self, method, *params):
        """The error that a request must meet."""
        try:
            answer = await self.ask(method, *params)
        except Refused as refused:
            return refused
        raise AssertionError(f"{method} was answered with {answer}")

    def transfer(self, source=ALICE, dest=BOB, value=10_000_000_000, **how):
        """A signed transfer in hex."""
        call = call_of("Balances", "transfer_allow_death", dest=dest.address, value=value)
        return self.signed(source, call, **how)

    def signed(self, account, call, **how):
        """A signed call in hex; its nonce is the next one that nothing waits with."""
        how.setdefault("nonce", self.service.next_nonce(account.id))
        return f"0x{self.stage.signed(account, call, **how).hex()}"

    async def final(self, number):
        """Wait until a block is final."""
        with trio.fail_after(WAIT_S):
            while self.chain.final.number < number:
                await trio.sleep(0.01)

    async def blocks(self, count=1):
        """Write some and wait until they are final; the last one."""
        number = await self.ask("devnet_writeBlocks", count)
        await self.final(number)
        return self.chain.block_at(number)


@asynccontextmanager
async def connected(server):
    """A client of a server."""
    async with open_websocket_url(server.url, max_message_size=64 << 20) as socket:
        try:
            yield Client(socket)
        finally:
            # When the server closes first, the library leaves its own end of the wire to the garbage collector.
            await socket.aclose()
            await socket._stream.aclose()


@asynccontextmanager
async def serving(profile=None, *, genesis=None, **how):
    """A fresh chain, served; blocks at once and final 20 ms later unless it is asked for otherwise."""
    how = {"clock": SystemClock(), "finality_delay_s": 0.02} | how
    first = make_genesis(**({"children": CHILD} | (genesis or {})))
    service = ChainService(profile or sdk_profile(), first, **how)
    async with trio.open_nursery() as nursery:
        await nursery.start(service.run)
        server = await nursery.start(serve_rpc, service)
        async with connected(server) as client:
            yield Desk(service, server, client, Stage(service.chain))
        nursery.cancel_scope.cancel()


def hash_of(text):
    """A hash from an answer."""
    return Hash256(bytes.fromhex(text.removeprefix("0x")))


def shown(raw):
    """Bytes as requests and answers show them."""
    return f"0x{bytes(raw).hex()}"


def bytes_of(text):
    """Bytes from an answer."""
    assert text.startswith("0x")
    return bytes.fromhex(text[2:])


__all__ = [
    "ALICE",
    "BOB",
    "CHILD",
    "SUDO",
    "Client",
    "Desk",
    "Refused",
    "bytes_of",
    "connected",
    "hash_header",
    "hash_of",
    "serving",
    "shown",
]
