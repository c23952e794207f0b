"""DDC access tokens as they come: text to a chain of links, field by field; nothing is judged here (ddc-access.md)."""

import hashlib

from edge_node.base.base58 import MalformedBase58, decode_base58
from edge_node.base.ids import Cid, Digest, PublicKey
from edge_node.base.limits import U53_MAX
from edge_node.trust.token_chain import LINKS_MAX_WALLET, Operation, TokenChain, TokenLink
from edge_node.trust.token_errors import TokenMalformed, TokenMissing, TokenTooDeep, TokenTooLong
from edge_node.trust.wallet_signature import read_wallet_signature
from edge_node.wire.cid import MalformedCid, read_cid
from edge_node.wire.protobuf_fields import MalformedProtobuf, WireType
from edge_node.wire.protobuf_message import Message, Shape, read_exact_message

TEXT_MAX_CHARACTERS = 2_048  # five full links make about 1,300; longer text is not decoded

_TOKEN = Shape({1: WireType.BYTES, 2: WireType.BYTES}, required=(1, 2))
_PAYLOAD = Shape(
    {
        1: WireType.BYTES,  # prev
        2: WireType.BYTES,  # subject
        3: WireType.VARINT,  # canDelegate
        4: WireType.VARINT,  # bucketId
        5: WireType.VARINT,  # operations
        6: WireType.VARINT,  # expiresAt
        7: WireType.BYTES,  # pieceCid
    },
    # A right without an end cannot be told from a slip, and the SDK always writes one.
    required=(6,),
    repeated=frozenset({5}),
)


def parse_token(text: str | None) -> TokenChain:
    """Read a token's text; nothing is judged or verified but its form.

    TokenMissing, TokenTooLong (before decoding), TokenMalformed, TokenTooDeep (from the sixth link on).
    """
    if not text:
        raise TokenMissing
    if len(text) > TEXT_MAX_CHARACTERS:
        raise TokenTooLong(len(text), TEXT_MAX_CHARACTERS)
    try:
        return TokenChain(_read_links(decode_base58(text, characters_max=TEXT_MAX_CHARACTERS)))
    except (MalformedBase58, MalformedProtobuf, MalformedCid) as error:
        raise TokenMalformed(error.why) from None


def _read_links(raw: bytes) -> tuple[TokenLink, ...]:
    """From the outermost in, without recursion: nesting is the sender's choice."""
    links: list[TokenLink] = []
    rest: bytes | memoryview = raw
    while rest:
        if len(links) == LINKS_MAX_WALLET:
            raise TokenTooDeep(LINKS_MAX_WALLET)
        link, rest = _read_link(rest)
        links.append(link)
    if not links:
        raise TokenMalformed("nothing in it")
    return tuple(reversed(links))


def _read_link(raw: bytes | memoryview) -> tuple[TokenLink, memoryview]:
    """One link, and the raw token before it (empty for the root)."""
    token = read_exact_message(raw, _TOKEN)
    payload = read_exact_message(token.view(2), _PAYLOAD)
    signature = read_wallet_signature(token.view(1))
    signed = token.without(1)
    previous = payload.view(1)
    if payload.has(1) and not previous:
        raise MalformedProtobuf("an empty token before it")
    link = TokenLink(
        signature=signature,
        subject=PublicKey(payload.exact(2, PublicKey.size, "a subject")) if payload.has(2) else None,
        can_delegate=payload.flag(3),
        bucket=payload.uint(4) if payload.has(4) else None,
        operations=_operations(payload),
        expires_ms=_expiry(payload),
        piece=_piece(payload),
        signed=signed,
        # The signature itself stays out: it is the one part that others could write in another way.
        digest=Digest(hashlib.blake2b(signature.signer + signed, digest_size=32).digest()),
    )
    return link, previous


def _operations(payload: Message) -> frozenset[Operation]:
    numbers = set(payload.uints(5))
    if unknown := numbers - set(Operation):
        raise MalformedProtobuf(f"operation {min(unknown)}, known are 1 to 3")
    return frozenset(map(Operation, numbers))


def _expiry(payload: Message) -> int:
    expires_ms = payload.uint(6)
    if not 0 < expires_ms <= U53_MAX:  # a negative int64 is above it, too
        raise MalformedProtobuf("expiresAt outside 1 to 2^53-1 ms")
    return expires_ms


def _piece(payload: Message) -> Cid | None:
    return read_cid(payload.exact(7, Cid.size, "a pieceCid")) if payload.has(7) else None
