"""The node's services as grpcio sees them: stubs made of the messages, without generated service code."""

from collections.abc import Iterator
from queue import SimpleQueue
from typing import Any, Self

import grpc
from google.protobuf.message import Message

from edge_node.wire.proto import cns_pb2, dag_pb2, file_pb2
from tests.interop.accounts import READ, STORE, Account, request_of

MESSAGE_BYTES = 4_000_000
# A channel of its own each time: grpcio shares connections between channels that look alike.
OPTIONS = [("grpc.use_local_subchannel_pool", 1), ("grpc.max_send_message_length", 16 << 20)]
CALL_S = 120


class Stubs:
    """Every method on one channel."""

    def __init__(self, channel: grpc.Channel) -> None:
        self.channel = channel
        self.put_raw = _method(channel.stream_unary, "file.FileApi/putRawPiece", file_pb2.PutRawPieceResponse)
        self.join = _method(channel.unary_unary, "file.FileApi/putMultipartPiece", file_pb2.PutMultiPartPieceResponse)
        self.get_file = _method(channel.stream_stream, "file.FileApi/getFile", file_pb2.GetFileResponse)
        self.put_node = _method(channel.unary_unary, "dag.DagApi/Put", dag_pb2.PutResponse)
        self.get_node = _method(channel.unary_unary, "dag.DagApi/Get", dag_pb2.GetResponse)
        self.put_name = _method(channel.unary_unary, "cns.CnsApi/Put", cns_pb2.PutResponse)
        self.get_name = _method(channel.unary_unary, "cns.CnsApi/Get", cns_pb2.GetResponse)


def _method(make: Any, path: str, reply: type[Message]) -> Any:
    return make(f"/{path}", request_serializer=_serialize, response_deserializer=reply.FromString)


def _serialize(message: Message | bytes) -> bytes:
    """Bytes go as they are, for messages that no library would make."""
    return message if isinstance(message, bytes) else message.SerializeToString()


class Client:
    """One account on one channel."""

    def __init__(self, target: str, account: Account, **options: Any) -> None:
        self.account, self.channel = account, grpc.insecure_channel(target, OPTIONS, **options)
        self.stubs = Stubs(self.channel)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.channel.close()

    def put(self, bucket: int, raw: bytes, *, chunk: int = MESSAGE_BYTES, said: int | None = None) -> bytes:
        """Store a raw piece; its CID."""
        metadata = self.account.metadata(STORE, bucket)
        messages = put_messages(bucket, raw, chunk=chunk, said=said)
        reply = self.stubs.put_raw(messages, metadata=metadata, timeout=CALL_S)
        return bytes(reply.cid)

    def get(self, bucket: int, cid: bytes, *, start: int | None = None, end: int | None = None) -> bytes:
        """Read a file or a range of it, acknowledging every message."""
        reading = Reading(self, bucket, cid, start=start, end=end)
        return b"".join(reading)


class Reading:
    """One getFile: an iterator over its data that acknowledges what it hands out (`acks`)."""

    def __init__(
        self,
        client: Client,
        bucket: int,
        cid: bytes,
        *,
        start: int | None = None,
        end: int | None = None,
        acks: bool = True,
        timeout: float = CALL_S,
    ) -> None:
        asked = file_pb2.GetFileRequest.Request(cid=cid, bucketId=bucket)
        if start is not None:
            asked.range.start, asked.range.end = start, end or 0
        self._account, self._acks, self.size = client.account, acks, 0
        self._metadata = client.account.metadata(READ, bucket, cid)
        self._outbox = Outbox()
        self._outbox.put(file_pb2.GetFileRequest(request=asked))
        self.call = client.stubs.get_file(iter(self._outbox), metadata=self._metadata, timeout=timeout)

    def __iter__(self) -> Iterator[bytes]:
        try:
            for reply in self.call:
                self.size += len(reply.data)
                yield reply.data
                if self._acks:
                    self.acknowledge(self.size)
        finally:
            self._outbox.close()

    def acknowledge(self, size: int, account: Account | None = None) -> None:
        """Say that `size` bytes came."""
        ack = (account or self._account).acknowledgment(request_of(self._metadata), size)
        self._outbox.put(file_pb2.GetFileRequest(ack=ack))

    def close(self) -> None:
        """Give it up."""
        self._outbox.close()
        self.call.cancel()


class Outbox:
    """Messages for a stream, as they come; grpcio takes them from a thread of its own."""

    def __init__(self) -> None:
        self._waiting: SimpleQueue[Any] = SimpleQueue()

    def put(self, message: Any) -> None:
        """Send one more."""
        self._waiting.put(message)

    def close(self) -> None:
        """No more come."""
        self._waiting.put(None)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._waiting.get, None)


def put_messages(
    bucket: int, raw: bytes, *, chunk: int = MESSAGE_BYTES, said: int | None = None
) -> Iterator[file_pb2.PutRawPieceRequest]:
    """The messages of a putRawPiece."""
    size = len(raw) if said is None else said
    yield file_pb2.PutRawPieceRequest(metadata=file_pb2.PutRawPieceRequest.Metadata(bucketId=bucket, size=size))
    for at in range(0, len(raw), chunk):
        content = file_pb2.PutRawPieceRequest.Content(data=raw[at : at + chunk])
        yield file_pb2.PutRawPieceRequest(content=content)
