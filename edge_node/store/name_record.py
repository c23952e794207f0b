"""A CNS record: what a name of a bucket leads to, as its signer wrote it (docs/specs/store-records.md)."""

from dataclasses import dataclass

from edge_node.base.ids import Cid, PublicKey
from edge_node.store.bucket_errors import MalformedName, NameForged, NameUnsigned
from edge_node.trust.wallet_signature import SIGNER_BYTES, VALUE_BYTES, Algorithm, verify_wallet
from edge_node.wire.cid import read_cid
from edge_node.wire.ddc_messages import WireSignature, read_cns_record, read_new_cns_record
from edge_node.wire.protobuf_fields import cut_field

RECORD_BYTES_MAX = 4_096
NAME_CHARACTERS_MAX = 255
TTL_S_MIN, TTL_S_MAX, TTL_S_DEFAULT = 30, 86_400, 300
_SIGNATURE_FIELD = 1


@dataclass(frozen=True, slots=True)
class NameRecord:
    """A record, verified: its bytes as they came, what they say, and who signed them. `ttl_s` None: it has none."""

    raw: bytes
    cid: Cid
    name: str
    ttl_s: int | None
    signer: PublicKey

    @property
    def lives_s(self) -> int:
        """How long a reader may keep the answer, seconds."""
        return TTL_S_DEFAULT if self.ttl_s is None else self.ttl_s


def open_record(raw: bytes) -> NameRecord:
    """Check a record that came in, signature included: two verifications at most, some 100 us.

    MalformedName, NameUnsigned, NameForged, MalformedProtobuf, MalformedCid.
    """
    if len(raw) > RECORD_BYTES_MAX:
        raise MalformedName(f"more than {RECORD_BYTES_MAX} bytes")
    record = read_new_cns_record(raw)
    signature = record.signature
    if signature is None or len(signature.signer) != SIGNER_BYTES or len(signature.value) != VALUE_BYTES:
        raise NameUnsigned
    require_name(record.name)
    if record.ttl_s is not None and not TTL_S_MIN <= record.ttl_s <= TTL_S_MAX:
        raise MalformedName(f"a ttl of {record.ttl_s} seconds")
    cid = read_cid(record.cid)
    if not _is_signed(raw, signature):
        raise NameForged
    return NameRecord(raw, cid, record.name, record.ttl_s, PublicKey(signature.signer))


def reopen_record(raw: bytes) -> NameRecord:
    """Read a record that was checked before it was kept, by whichever release: what is in it beside is passed over."""
    record = read_cns_record(raw)
    assert record.signature is not None
    return NameRecord(raw, read_cid(record.cid), record.name, record.ttl_s, PublicKey(record.signature.signer))


def require_name(name: str) -> None:
    """MalformedName unless it has 1 to 255 characters and no control among them."""
    if not 1 <= len(name) <= NAME_CHARACTERS_MAX:
        raise MalformedName(f"a name of {len(name)} characters")
    if any(letter < " " or "\x7f" <= letter < "\xa0" for letter in name):
        raise MalformedName("a control character in the name")


def _is_signed(raw: bytes, signature: WireSignature) -> bool:
    if signature.algorithm not in (Algorithm.ED25519, Algorithm.SR25519):
        return False
    message = cut_field(raw, _SIGNATURE_FIELD)
    return bool(verify_wallet(Algorithm(signature.algorithm), signature.signer, message, signature.value))
