"""CNS records as a wallet signs them, for tests."""

from edge_node.trust.keys import SigningKey
from edge_node.wire.protobuf_fields import field_head, write_varint


def field(number: int, value: bytes) -> bytes:
    return field_head(number, len(value)) + value


def unsigned_record(cid: bytes, name: str, ttl_s: int | None = None) -> bytes:
    ttl = b"" if ttl_s is None else b"\x20" + write_varint(ttl_s)
    return field(2, cid) + field(3, name.encode()) + ttl


def signed_record(key: SigningKey, cid: bytes, name: str, ttl_s: int | None = None) -> bytes:
    """A record signed with ed25519, its signature in front as the SDK writes it."""
    said = unsigned_record(cid, name, ttl_s)
    return field(1, field(2, key.public) + field(3, key.sign(said))) + said
