"""A wallet as the SDK has one: tokens, signed requests and acknowledgements, made by key."""

import base64
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from edge_node.base.base58 import encode_base58
from edge_node.base.ids import PublicKey
from edge_node.trust.keys import SigningKey
from edge_node.wire.proto.activity_report_pb2 import ActivityAcknowledgment, ActivityRequest
from edge_node.wire.proto.auth_token_pb2 import AuthToken
from edge_node.wire.proto.cns_pb2 import Record
from edge_node.wire.proto.common_pb2 import Signature
from tests.gateway.rig import CLOCK, key_of

PUT, GET, DELETE = 1, 2, 3
STORE_REQUEST, GET_REQUEST = 0, 1
DAY_MS = 86_400_000


def _signed(key: SigningKey, message: bytes) -> Signature:
    return Signature(algorithm=Signature.ED_25519, signer=bytes(key.public), value=bytes(key.sign(message)))


@dataclass(frozen=True)
class Wallet:
    """One account by its name in these tests."""

    name: str

    @property
    def key(self) -> SigningKey:
        return key_of(self.name)

    @property
    def account(self) -> PublicKey:
        return self.key.public

    def token(
        self,
        *,
        operations: Sequence[int] = (GET, PUT, DELETE),
        bucket: int | None = None,
        subject: "Wallet | None" = None,
        can_delegate: bool = False,
        expires_ms: int | None = None,
        piece: bytes | None = None,
        prev: AuthToken | None = None,
    ) -> AuthToken:
        """A token signed by this account; what is left out is not in it."""
        token = AuthToken()
        payload = token.payload
        payload.canDelegate = can_delegate
        payload.operations.extend(operations)
        payload.expiresAt = CLOCK.now_ms() + DAY_MS if expires_ms is None else expires_ms
        if prev is not None:
            payload.prev.CopyFrom(prev)
        if subject is not None:
            payload.subject = bytes(subject.account)
        if bucket is not None:
            payload.bucketId = bucket
        if piece is not None:
            payload.pieceCid = piece
        token.signature.CopyFrom(_signed(self.key, token.SerializeToString(deterministic=True)))
        return token

    def accept(self, grant: AuthToken, **changed: object) -> AuthToken:
        """This account's use of a grant that was made to it: the same without its subject."""
        said: dict[str, object] = {"operations": list(grant.payload.operations), "prev": grant}
        said["expires_ms"] = grant.payload.expiresAt
        if grant.payload.HasField("bucketId"):
            said["bucket"] = grant.payload.bucketId
        return self.token(**(said | changed))  # type: ignore[arg-type]

    def request(
        self,
        kind: int,
        bucket: int,
        cid: bytes = b"",
        *,
        request_id: str | None = None,
        t_ms: int | None = None,
        size: int = 0,
    ) -> str:
        """The metadata `request`."""
        message = ActivityRequest(
            requestId=str(uuid.uuid4()) if request_id is None else request_id,
            requestType=kind,  # type: ignore[arg-type]
            bucketId=bucket,
            id=cid,
            size=size,
            timestamp=CLOCK.now_ms() if t_ms is None else t_ms,
        )
        message.signature.CopyFrom(_signed(self.key, message.SerializeToString(deterministic=True)))
        return base64.b64encode(message.SerializeToString(deterministic=True)).decode()

    def ack(self, request: str, delivered: int) -> ActivityAcknowledgment:
        """An acknowledgement of the read that `request` asked for."""
        asked = ActivityRequest.FromString(base64.b64decode(request))
        message = ActivityAcknowledgment(
            requestId=asked.requestId, bytesStoredOrDelivered=delivered, timestamp=CLOCK.now_ms()
        )
        message.signature.CopyFrom(_signed(self.key, message.SerializeToString(deterministic=True)))
        return message

    def record(self, name: str, cid: bytes) -> Record:
        """A signed CNS record."""
        record = Record(cid=cid, name=name)
        record.signature.CopyFrom(_signed(self.key, record.SerializeToString(deterministic=True)))
        return record


def text_of(token: AuthToken) -> str:
    """The metadata `token`."""
    return encode_base58(token.SerializeToString(deterministic=True))
