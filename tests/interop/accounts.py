"""A DDC account as a small client has it: an ed25519 key that signs tokens, requests and acknowledgements."""

import base64
import time
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from nacl.signing import SigningKey

from edge_node.base.base58 import encode_base58
from edge_node.wire.proto import activity_report_pb2, auth_token_pb2, cns_pb2, common_pb2

MONTH_MS = 30 * 24 * 3_600_000
PUT, GET, DELETE = 1, 2, 3
STORE, READ = 0, 1


def now_ms() -> int:
    """The machine's clock."""
    return time.time_ns() // 1_000_000


@dataclass(frozen=True)
class Account:
    """Who calls; made from a seed."""

    key: SigningKey

    @classmethod
    def of(cls, byte: int) -> "Account":
        """The account of a seed that repeats one byte, as in tests/vectors/ddc.json."""
        return cls(SigningKey(bytes([byte]) * 32))

    @property
    def public(self) -> bytes:
        """The account: 32 bytes."""
        return bytes(self.key.verify_key)

    def signature(self, message: bytes) -> common_pb2.Signature:
        """A signature as the DDC messages carry it."""
        return common_pb2.Signature(algorithm=0, signer=self.public, value=self.key.sign(message).signature)

    def token(
        self,
        *,
        bucket: int | None = None,
        operations: Sequence[int] = (GET, PUT, DELETE),
        ends_in_ms: int = MONTH_MS,
    ) -> str:
        """A token of one link; without `bucket` it is the SDK's ordinary one."""
        payload = auth_token_pb2.Payload(canDelegate=False, operations=operations, expiresAt=now_ms() + ends_in_ms)
        if bucket is not None:
            payload.bucketId = bucket
        token = auth_token_pb2.AuthToken(payload=payload)
        token.signature.CopyFrom(self.signature(token.SerializeToString()))
        return encode_base58(token.SerializeToString())

    def request(self, kind: int, bucket: int, cid: bytes = b"", *, size: int = 0, t_ms: int | None = None) -> str:
        """A signed request as its metadata value."""
        request = activity_report_pb2.ActivityRequest(
            requestId=str(uuid.uuid4()), requestType=kind, bucketId=bucket, id=cid, size=size,
            timestamp=now_ms() if t_ms is None else t_ms,
        )  # fmt: skip
        request.signature.CopyFrom(self.signature(request.SerializeToString()))
        return base64.b64encode(request.SerializeToString()).decode()

    def acknowledgment(self, request_text: str, size: int) -> activity_report_pb2.ActivityAcknowledgment:
        """That `size` bytes in all came of the read that the request began."""
        request = activity_report_pb2.ActivityRequest.FromString(base64.b64decode(request_text))
        ack = activity_report_pb2.ActivityAcknowledgment(
            requestId=request.requestId, bytesStoredOrDelivered=size, timestamp=now_ms()
        )
        ack.signature.CopyFrom(self.signature(ack.SerializeToString()))
        return ack

    def record(self, name: str, cid: bytes) -> cns_pb2.Record:
        """A name of content, signed."""
        record = cns_pb2.Record(cid=cid, name=name)
        record.signature.CopyFrom(self.signature(record.SerializeToString()))
        return record

    def metadata(self, kind: int, bucket: int, cid: bytes = b"", *, token: str | None = None) -> list[tuple[str, str]]:
        """What the SDK sends with a call."""
        return [
            ("token", self.token() if token is None else token),
            ("correlation-id", str(uuid.uuid4())),
            ("request", self.request(kind, bucket, cid)),
        ]


def request_of(metadata: Iterable[tuple[str, str]]) -> str:
    """The request among a call's metadata."""
    return dict(metadata)["request"]
