"""An endpoint that is asked over JSON-RPC: a Substrate node's WebSocket as a `Source` (light-client section 5.1)."""

import ssl
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Final, TypeVar

import trio

from edge_node.base.ids import Hash256
from edge_node.chain_light import rpc_answers as read
from edge_node.chain_light.errors import ChainError
from edge_node.chain_light.header import Header, hash_header
from edge_node.chain_light.json_rpc import BATCH_MAX, Call, Param, Result
from edge_node.chain_light.rpc_connection import RpcConnection
from edge_node.chain_light.rpc_dial import dial, refusal_of, upgrade
from edge_node.chain_light.rpc_feeds import Topic, read_result
from edge_node.chain_light.source_errors import EndpointGone, EndpointRefused, OtherHeader
from edge_node.chain_light.spec import Endpoint
from edge_node.chain_light.trie_proof import CHILD_STORAGE

SMALL_S: Final = 10.0  # for answers of a few KiB
LARGE_S: Final = 30.0  # for those that may have megabytes: a finality proof of a whole set, a subtree

_NOT_PROVABLE: Final = 4  # GRANDPA's own error code: not final yet, or from before what the node keeps
_JUSTIFICATIONS: Final = Topic(
    "grandpa_subscribeJustifications", "grandpa_unsubscribeJustifications", "grandpa_justifications"
)

T = TypeVar("T")


class RpcSource:
    """See `Source`; the connection is `connect`'s."""

    def __init__(self, endpoint: Endpoint, connection: RpcConnection) -> None:
        self._endpoint = endpoint
        self._connection = connection

    @property
    def url(self) -> str:
        """See Source."""
        return self._endpoint.url

    @property
    def group(self) -> str:
        """See Source."""
        return self._endpoint.group

    @property
    def ending(self) -> ChainError | None:
        """Why the connection ended: a BadAnswer where the endpoint said what no node says. None while it goes on."""
        return self._connection.ending

    async def wait_ended(self) -> None:
        """Return when the connection has ended."""
        await self._connection.wait_ended()

    def close(self, why: str) -> None:
        """End the connection: who waits raises EndpointGone with `why`."""
        self._connection.end(EndpointGone(self.url, why))

    async def genesis(self) -> Hash256:
        """See Source."""
        found = await self.block_hashes([0])
        if found[0] is None:
            raise EndpointRefused("chain_getBlockHash", 0, "it has no first block")
        return found[0]

    async def finalized(self) -> Hash256:
        """See Source."""
        return await self._ask(read.hash_of, "chain_getFinalizedHead")

    async def header(self, block: Hash256 | None = None) -> Header | None:
        """See Source."""
        header = await self._ask(read.header_of, "chain_getHeader", *(() if block is None else (_hex(block),)))
        if block is not None and header is not None and (got := hash_header(header)) != block:
            raise OtherHeader(block, got)
        return header

    async def block_hashes(self, numbers: Sequence[int]) -> list[Hash256 | None]:
        """See Source."""
        if not numbers:
            return []
        return await self._ask(lambda found: read.hashes_of(found, len(numbers)), "chain_getBlockHash", list(numbers))

    async def storage(self, key: bytes, blocks: Sequence[Hash256]) -> list[bytes | None]:
        """See Source."""
        calls = [Call("state_getStorage", (_hex(key), _hex(block))) for block in blocks]
        values: list[bytes | None] = []
        for at in range(0, len(calls), BATCH_MAX):
            results = await self._connection.call_all(calls[at : at + BATCH_MAX], SMALL_S)
            values += [await read_result(read.bytes_of, result) for result in results]
        return values

    async def finality(self, number: int) -> bytes | None:
        """See Source. None as well where the node says that it cannot prove it (yet)."""
        try:
            return await self._ask(read.bytes_of, "grandpa_proveFinality", number, within_s=LARGE_S)
        except EndpointRefused as refused:
            if refused.code == _NOT_PROVABLE:
                return None
            raise

    async def proof(self, block: Hash256, keys: Sequence[bytes]) -> list[bytes]:
        """See Source."""
        method, form = "state_getReadProof", [_hex(key) for key in keys]
        return await self._ask(lambda found: read.proof_of(found, block), method, form, _hex(block), within_s=LARGE_S)

    async def child_proof(self, block: Hash256, child: bytes, keys: Sequence[bytes]) -> list[bytes]:
        """See Source."""
        params = _hex(CHILD_STORAGE + child), [_hex(key) for key in keys], _hex(block)
        return await self._ask(
            lambda found: read.proof_of(found, block), "state_getChildReadProof", *params, within_s=LARGE_S
        )

    async def keys_under(self, block: Hash256, prefix: bytes, after: bytes | None, count: int) -> list[bytes]:
        """See Source. A page has at most KEYS_PER_PAGE_MAX, whatever `count` is."""
        most = min(count, read.KEYS_PER_PAGE_MAX)
        params = _hex(prefix), most, None if after is None else _hex(after), _hex(block)
        return await self._ask(lambda found: read.keys_of(found, prefix, after, most), "state_getKeysPaged", *params)

    async def metadata(self, block: Hash256) -> bytes:
        """See Source."""
        return await self._ask(read.metadata_of, "state_getMetadata", _hex(block), within_s=LARGE_S)

    async def submit(self, extrinsic: bytes) -> Hash256:
        """See Source."""
        return await self._ask(read.hash_of, "author_submitExtrinsic", _hex(extrinsic))

    def justifications(self) -> AbstractAsyncContextManager[trio.MemoryReceiveChannel[bytes]]:
        """See Source. Who reads slower than they come misses the oldest."""
        return self._connection.subscribe(_JUSTIFICATIONS, read.new_justification_of)

    async def _ask(self, meaning: Callable[[Result], T], method: str, *params: Param, within_s: float = SMALL_S) -> T:
        return await read_result(meaning, await self._connection.call(Call(method, params), within_s))


async def connect(
    endpoint: Endpoint,
    *,
    tls: ssl.SSLContext | None = None,
    task_status: trio.TaskStatus[RpcSource] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Connect, hand over the Source by `task_status`, and carry its messages until the connection has ended.

    EndpointUnreachable before that; afterwards it returns, and the Source's `ending` says why. Certificates of wss are
    checked against the machine's authorities, or by `tls`.
    """
    stream = await dial(endpoint.url, tls)
    connection = RpcConnection(endpoint.url)
    try:
        async with trio.open_nursery() as nursery:
            socket = await upgrade(endpoint.url, stream, nursery)
            task_status.started(RpcSource(endpoint, connection))
            await connection.run(socket, stream)
            nursery.cancel_scope.cancel()
    except ExceptionGroup as group:
        refusal = refusal_of(endpoint.url, group)
        if refusal is None:
            raise
        if connection.ending is None:
            raise refusal from None
    finally:
        await trio.aclose_forcefully(stream)


def _hex(raw: bytes) -> str:
    return f"0x{raw.hex()}"
