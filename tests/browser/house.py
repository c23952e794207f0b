"""A real node with a public and a private bucket, filled over its own doors: files by gRPC, nodes and names in JSON."""

import base64
from collections.abc import AsyncGenerator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import grpc
import trio

from edge_node.wire.cid import format_cid, parse_cid, read_cid
from edge_node.wire.proto import file_pb2
from tests.gateway.rig import RunningNode, Site, running
from tests.gateway.wallet import GET, PUT, Wallet, text_of

OWNER = Wallet("owner")
PUBLIC, PRIVATE = 7, 8
PAGES = Path(__file__).parent / "pages"
CHUNK = 4_000_000
SECRET = b"the private bucket's secret"


@dataclass
class House:
    """The node, and what puts content into its buckets."""

    node: RunningNode

    def url(self, path: str) -> str:
        """Where a browser finds it."""
        return self.node.url + path

    def token(self, bucket: int, *operations: int) -> str:
        """The owner's for one bucket."""
        return text_of(OWNER.token(bucket=bucket, operations=operations or (GET, PUT)))

    async def put(self, content: bytes, bucket: int = PUBLIC) -> str:
        """A raw piece, as the SDK puts it."""
        return await trio.to_thread.run_sync(self._put, content, bucket)

    def _put(self, content: bytes, bucket: int) -> str:
        request = file_pb2.PutRawPieceRequest
        messages: Iterable[file_pb2.PutRawPieceRequest] = (
            request(metadata=request.Metadata(bucketId=bucket, size=len(content))),
            *(request(content=request.Content(data=content[at : at + CHUNK])) for at in range(0, len(content), CHUNK)),
        )
        with grpc.insecure_channel(self.node.grpc) as channel:
            call = channel.stream_unary(
                "/file.FileApi/putRawPiece",
                request_serializer=request.SerializeToString,
                response_deserializer=file_pb2.PutRawPieceResponse.FromString,
            )
            answer = call(iter(messages), metadata=(("token", self.token(bucket)),), timeout=30)
        return format_cid(read_cid(answer.cid))

    async def put_site(self, files: Mapping[str, bytes], name: str = "", bucket: int = PUBLIC) -> str:
        """A node whose links are these files by their paths, and a name for it."""
        links = [
            {"cid": _base64(parse_cid(await self.put(content, bucket))), "name": path, "size": str(len(content))}
            for path, content in files.items()
        ]
        answer = await self._post(f"/v1/dag/{bucket}", {"node": {"links": links}}, bucket)
        cid = read_cid(base64.b64decode(answer["cid"]))
        if name:
            record = OWNER.record(name, bytes(cid))
            signature = {"signer": _base64(record.signature.signer), "value": _base64(record.signature.value)}
            said = {"name": name, "cid": _base64(cid), "signature": signature}
            await self._post(f"/v1/cns/{bucket}", {"record": said}, bucket)
        return format_cid(cid)

    async def _post(self, path: str, message: object, bucket: int) -> dict[str, str]:
        answer = await self.node.client.post(path, json=message, headers={"token": self.token(bucket)})
        assert answer.status_code == 200, answer.text
        said: dict[str, str] = answer.json()
        return said


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


@asynccontextmanager
async def house(site: Site) -> AsyncGenerator[House, None]:
    """The node of `site` with its buckets, running."""
    buckets = (f"{PUBLIC} owner={OWNER.account.hex()} public", f"{PRIVATE} owner={OWNER.account.hex()}")
    async with running(site, ddc={"buckets": buckets}, http={"metrics": True}) as node:
        yield House(node)
