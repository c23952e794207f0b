"""The three doors a signed request may come by, asked for one DAG node: gRPC, grpc-web over WebSocket, and plain HTTP.

Each answers with a gRPC status' name and the node's words, so that the same request can be tried at any of them.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import NamedTuple
from urllib.parse import unquote

import grpc
import httpx
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from edge_node.wire.cid import format_cid, read_cid
from edge_node.wire.proto import dag_pb2
from tests.interop.accounts import Account
from tests.interop.grpc_client import Client
from tests.interop.place import Place

ANSWER_S = 30
STATUSES = {200: "OK", 401: "UNAUTHENTICATED", 503: "UNAVAILABLE"}
CODES = {code.value[0]: code.name for code in grpc.StatusCode}
SERVED = "OK", ""


class Answer(NamedTuple):
    """How a call ended: `SERVED`, or a status and why."""

    status: str
    why: str


class Asked(NamedTuple):
    """A read of one node with a token and a signed request, or with an empty one without."""

    bucket: int
    cid: bytes
    token: str
    request: str

    @property
    def message(self) -> dag_pb2.GetRequest:
        """The call's message."""
        return dag_pb2.GetRequest(bucketId=self.bucket, cid=self.cid)

    @property
    def metadata(self) -> Mapping[str, str]:
        """The call's metadata, or its headers."""
        return {"token": self.token} | ({"request": self.request} if self.request else {})


def by_grpc(place: Place, asked: Asked) -> Answer:
    """On a channel of its own."""
    with Client(place.target, Account.of(1)) as client:
        try:
            client.stubs.get_node(asked.message, metadata=list(asked.metadata.items()), timeout=ANSWER_S)
        except grpc.RpcError as error:
            return Answer(error.code().name, error.details() or "")
    return Answer(*SERVED)


def by_web(place: Place, asked: Asked) -> Answer:
    """As the SDK's browser build calls."""
    url = f"ws://127.0.0.1:{place.http[0]}/dag.DagApi/Get"
    raw = asked.message.SerializeToString()
    head = "".join(f"{name}: {value}\r\n" for name, value in asked.metadata.items())
    with connect(url, subprotocols=[Subprotocol("grpc-websockets")], open_timeout=ANSWER_S) as socket:
        with suppress(ConnectionClosed):  # who is refused by the metadata alone hears it before the message
            for one in (head.encode(), b"\x00\x00" + len(raw).to_bytes(4, "big") + raw, b"\x01"):
                socket.send(one)
        blocks = [block for block in socket if isinstance(block, bytes)]
    trailers = next(block[5:].decode() for block in reversed(blocks) if block[0] == 0x80)
    said = dict(line.split(": ", 1) for line in trailers.split("\r\n") if line)
    return Answer(CODES[int(said["grpc-status"])], unquote(said.get("grpc-message", "")))


def by_http(place: Place, asked: Asked) -> Answer:
    """As any program asks for content by its CID."""
    path = f"/{asked.bucket}/{format_cid(read_cid(asked.cid))}"
    answer = httpx.get(place.url + path, headers=dict(asked.metadata), timeout=ANSWER_S)
    return Answer(STATUSES[answer.status_code], "" if answer.is_success else answer.json()["detail"])


DOORS: Mapping[str, Callable[[Place, Asked], Answer]] = {"grpc": by_grpc, "web": by_web, "http": by_http}


def put_node(place: Place, owner: Account, bucket: int, data: bytes) -> bytes:
    """Store a node, whose CID is answered, with a token that names the bucket: no signed request counts for it."""
    with Client(place.target, owner) as client:
        asked = dag_pb2.PutRequest(bucketId=bucket, node=dag_pb2.Node(data=data))
        token = owner.token(bucket=bucket)
        return bytes(client.stubs.put_node(asked, metadata=[("token", token)], timeout=ANSWER_S).cid)


def reading(place: Place, owner: Account, bucket: int, cid: bytes, request: str, door: str = "grpc") -> Answer:
    """Ask at a door with the owner's ordinary token, which counts with `request` alone."""
    return DOORS[door](place, Asked(bucket, cid, owner.token(), request))
