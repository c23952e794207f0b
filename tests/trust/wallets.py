"""Wallets and what they sign, written field by field, so that a test can also write what no SDK would."""

import base64
from dataclasses import dataclass

import sr25519

from edge_node.base.base58 import encode_base58
from edge_node.base.ids import PublicKey
from edge_node.trust.keys import SigningKey
from edge_node.trust.wallet_signature import Algorithm
from edge_node.wire.protobuf_fields import field_head, write_varint

NOW_MS = 1_700_000_000_000
DAY_MS = 86_400_000
PUT, GET, DELETE = 1, 2, 3
EVERYTHING = (GET, PUT, DELETE)  # in the SDK's order


@dataclass(frozen=True)
class Wallet:
    """A key pair of either algorithm."""

    algorithm: Algorithm
    public: PublicKey
    secret: bytes

    @classmethod
    def ed(cls, number: int) -> "Wallet":
        """The ed25519 wallet of the seed `number` 32 times, as in the SDK's vectors."""
        seed = bytes((number,)) * 32
        with SigningKey.from_seed(seed) as key:
            return cls(Algorithm.ED25519, key.public, seed)

    @classmethod
    def sr(cls, number: int) -> "Wallet":
        """The sr25519 wallet of such a seed."""
        public, secret = sr25519.pair_from_seed(bytes((number,)) * 32)
        return cls(Algorithm.SR25519, PublicKey(public), secret)

    def sign(self, message: bytes, *, wrapped: bool = False) -> bytes:
        """64 bytes; `wrapped` as a browser wallet does."""
        message = b"<Bytes>" + message + b"</Bytes>" if wrapped else message
        if self.algorithm is Algorithm.SR25519:
            return bytes(sr25519.sign((bytes(self.public), self.secret), message))
        with SigningKey.from_seed(self.secret) as key:
            return bytes(key.sign(message))

    def signature(self, message: bytes, *, wrapped: bool = False) -> bytes:
        """The message common.Signature, as the SDK writes it."""
        head = b"" if self.algorithm is Algorithm.ED25519 else number_field(1, 1)
        return head + bytes_field(2, self.public) + bytes_field(3, self.sign(message, wrapped=wrapped))


OWNER, BOB, CAROL = Wallet.ed(1), Wallet.ed(3), Wallet.ed(4)
PHONE = Wallet.sr(2)


def number_field(number: int, value: int) -> bytes:
    """A varint field; a negative value as int64 writes it."""
    return write_varint(number << 3) + write_varint(value % 2**64)


def bytes_field(number: int, value: bytes) -> bytes:
    """A field of bytes or a message."""
    return field_head(number, len(value)) + value


def payload(
    *,
    prev: bytes | None = None,
    subject: bytes | None = None,
    can_delegate: bool | None = False,
    bucket: int | None = None,
    operations: tuple[int, ...] = EVERYTHING,
    expires_ms: int | None = NOW_MS + DAY_MS,
    piece: bytes | None = None,
) -> bytes:
    """An AuthToken's payload as the SDK writes it; None leaves a field out."""
    return b"".join(
        (
            b"" if prev is None else bytes_field(1, prev),
            b"" if subject is None else bytes_field(2, subject),
            b"" if can_delegate is None else number_field(3, can_delegate),
            b"" if bucket is None else number_field(4, bucket),
            bytes_field(5, bytes(operations)) if operations else b"",
            b"" if expires_ms is None else number_field(6, expires_ms),
            b"" if piece is None else bytes_field(7, piece),
        )
    )


def token(signer: Wallet, content: bytes, *, wrapped: bool = False) -> bytes:
    """A signed AuthToken over a payload."""
    signed = bytes_field(2, content)
    return bytes_field(1, signer.signature(signed, wrapped=wrapped)) + signed


def text_of(raw: bytes) -> str:
    """A token's text."""
    return encode_base58(raw)


def bearer(signer: Wallet = OWNER, **fields) -> str:
    """The text of a single token for bucket 7."""
    return text_of(token(signer, payload(**{"bucket": 7, **fields})))


def chain_text(links: int, *, wrapped: bool = False) -> str:
    """The text of a chain of so many good tokens for bucket 7, from OWNER through BOB and CAROL in turn."""
    hands = [OWNER, *([BOB, CAROL] * 4)]
    raw: bytes | None = None
    for number in range(links):
        last = number == links - 1
        content = payload(prev=raw, subject=None if last else hands[number + 1].public, can_delegate=not last, bucket=7)
        raw = token(hands[number], content, wrapped=wrapped and number == 0)
    assert raw is not None
    return text_of(raw)


def request_fields(**changed) -> dict[int, bytes]:
    """The unsigned fields of an ActivityRequest by number: a GET in bucket 7; b"" leaves one out."""
    fields = {
        2: bytes_field(2, b"5dbceb9-9a80-4cfd"),
        3: number_field(3, 1),
        5: number_field(5, 7),
        9: number_field(9, NOW_MS),
    }
    fields.update({int(name.removeprefix("f")): value for name, value in changed.items()})
    return fields


def request_raw(signer: Wallet = BOB, *, wrapped: bool = False, **changed) -> bytes:
    """A signed ActivityRequest."""
    message = b"".join(value for _, value in sorted(request_fields(**changed).items()))
    return message + bytes_field(10, signer.signature(message, wrapped=wrapped))


def request_text(signer: Wallet = BOB, *, wrapped: bool = False, **changed) -> str:
    """The metadata `request`."""
    return base64.b64encode(request_raw(signer, wrapped=wrapped, **changed)).decode("ascii")


def acknowledgment_raw(signer: Wallet = BOB, *, request_id: bytes = b"5dbceb9-9a80-4cfd", received: int = 9) -> bytes:
    """A signed ActivityAcknowledgment."""
    message = bytes_field(1, request_id) + number_field(2, received) + number_field(3, NOW_MS)
    return message + bytes_field(4, signer.signature(message))
