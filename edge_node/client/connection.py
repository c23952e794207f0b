"""One HTTP connection pool to one node: requests signed, answers bounded, errors typed; for trio and asyncio."""

import ssl
from collections.abc import AsyncIterable, AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import anyio
import httpx
from blake3 import blake3

from edge_node.base.clock import Clock
from edge_node.base.ids import Digest, Nonce, PublicKey
from edge_node.base.limits import MIB
from edge_node.client.answers import read_answer, refusal_of
from edge_node.client.errors import AnswerNotUnderstood, KeyMissing, NodeUnreachable
from edge_node.client.models import Info
from edge_node.client.progress import Progress, Told, untold
from edge_node.client.tls import tls_context
from edge_node.trust.signed_request import HEADER_NAME, sign_request
from edge_node.trust.signing_key import SigningKey

ANSWER_MAX_BYTES = 64 * MIB  # a page of 4 MiB of bodies, twice over with proofs, and JSON's own weight
PROBLEM_MAX_BYTES = MIB

_NO_BODY = Digest(blake3(b"").digest())
_TIMEOUT = httpx.Timeout(30.0, connect=5.0)


class Connection:
    """What Node and Device share. Environment proxies are not used: a node is spoken to directly.

    `node` is the node key that signed requests name; without it, it is asked from /info once and believed from then on.
    """

    def __init__(
        self,
        url: str,
        key: SigningKey | None,
        *,
        node: PublicKey | None,
        verify: Path | str | None,
        clock: Clock,
        random: Callable[[int], bytes],
    ) -> None:
        self.url = url.rstrip("/")
        self._key, self._node, self._clock, self._random = key, node, clock, random
        self._asking = anyio.Lock()
        context: ssl.SSLContext | bool = tls_context(verify) if self.url.startswith("https:") else False
        self._http = httpx.AsyncClient(
            base_url=self.url,
            verify=context,
            timeout=_TIMEOUT,
            trust_env=False,
            headers={"accept-encoding": "identity", "user-agent": "edge-node-client"},
        )

    async def close(self) -> None:
        """Close the sockets."""
        await self._http.aclose()

    async def node_key(self) -> PublicKey:
        """The node key given, or the one /info told first."""
        async with self._asking:
            if self._node is None:
                self._node = (await self.info()).node_key
            return self._node

    async def info(self) -> Info:
        """Who the node says it is."""
        async with self.open("GET", "/info", signed=False) as response:
            return read_answer(response, await read_body(response), Info)

    async def fetch(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str | int] | None = None,
        content: bytes | AsyncIterable[bytes] | None = None,
        digest: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        signed: bool = True,
    ) -> tuple[httpx.Response, bytes]:
        """One whole successful answer and its body; otherwise a ClientError."""
        async with self.open(
            method, path, query=query, content=content, digest=digest, headers=headers, signed=signed
        ) as response:
            return response, await read_body(response)

    @asynccontextmanager
    async def open(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str | int] | None = None,
        content: bytes | AsyncIterable[bytes] | None = None,
        digest: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        signed: bool = True,
        accept: tuple[int, ...] = (),
    ) -> AsyncIterator[httpx.Response]:
        """A successful answer (or one of `accept`) whose body is still to be read.

        Raises a NodeRefusal in the node's words, NodeUnreachable or AnswerNotUnderstood; the same for errors of the
        transport inside the block.
        """
        request = self._http.build_request(
            method, path, params=dict(query) if query else None, content=content, headers=dict(headers or {})
        )
        if signed:
            request.headers[HEADER_NAME] = await self._sign(request, digest)
        try:
            response = await self._http.send(request, stream=True)
            try:
                if not response.is_success and response.status_code not in accept:
                    raise refusal_of(response, await read_body(response, PROBLEM_MAX_BYTES))
                yield response
            finally:
                await response.aclose()
        except (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL) as error:
            raise NodeUnreachable(self.url, reason_of(error)) from error

    async def _sign(self, request: httpx.Request, digest: bytes | None) -> str:
        if self._key is None:
            raise KeyMissing
        return sign_request(
            self._key,
            to=await self.node_key(),
            method=request.method,
            target=request.url.raw_path.decode("ascii"),
            body_digest=_NO_BODY if digest is None else Digest(digest),
            t_ms=self._clock.now_ms(),
            nonce=Nonce(self._random(Nonce.size)),
        )


def reason_of(error: BaseException) -> str:
    """The transport's error, and the cause beneath it where that says more (a certificate that is not believed)."""
    cause: BaseException = error
    while (deeper := cause.__cause__ or cause.__context__) is not None:
        cause = deeper
    words = [f"{type(error).__name__}: {error}" if str(error) else type(error).__name__]
    if str(cause) and str(cause) not in words[0]:
        words.append(str(cause))
    return ", ".join(words)


@asynccontextmanager
async def open_body(response: httpx.Response) -> AsyncIterator[AsyncIterator[bytes]]:
    """The chunks of a body; whoever leaves early leaves nothing of it behind.

    httpx nests async generators, which only end by being read to their end: closed first, they end at once.
    """
    chunks = response.aiter_raw()
    try:
        yield chunks
    except BaseException:
        with anyio.CancelScope(shield=True):
            await response.aclose()
            with suppress(httpx.HTTPError, httpx.StreamError):
                async for _ in chunks:
                    pass
        raise


def length_of(response: httpx.Response) -> int | None:
    """How long its body is said to be."""
    said = response.headers.get("content-length", "")
    return int(said) if said.isascii() and said.isdigit() else None


async def read_body(response: httpx.Response, limit: int = ANSWER_MAX_BYTES, progress: Progress = untold) -> bytes:
    """The whole body; AnswerNotUnderstood beyond `limit` bytes, so that no answer fills the memory."""
    body = bytearray()
    async with open_body(response) as chunks:
        async for chunk in Told(chunks, progress, length_of(response)):
            body += chunk
            if len(body) > limit:
                raise AnswerNotUnderstood(response.status_code, f"longer than {limit} bytes")
    return bytes(body)
