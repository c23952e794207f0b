"""A CNS record is checked whole before it is kept: form, limits, signature."""

import json
from pathlib import Path

import pytest
import sr25519
from hypothesis import given
from hypothesis import strategies as st

from edge_node.base.ids import PublicKey
from edge_node.store.bucket_errors import MalformedName, NameForged, NameUnsigned
from edge_node.store.name_record import RECORD_BYTES_MAX, open_record, reopen_record, require_name
from edge_node.wire.cid import MalformedCid, raw_piece_cid
from edge_node.wire.protobuf_fields import MalformedProtobuf
from tests.store.name_rig import field, signed_record, unsigned_record
from tests.store.rig import key_of

VECTORS = {v["id"]: v for v in json.loads((Path(__file__).parents[1] / "vectors/ddc.json").read_text())["vectors"]}
CID, KEY = raw_piece_cid(b"target"), key_of("ann")


def test_the_vector() -> None:
    """What the SDK sends is taken, its signature verified, and kept to the byte."""
    vector = VECTORS["cns-put"]
    raw = bytes.fromhex(vector["putRequestProtoHex"])[5:]
    record = open_record(raw)
    assert (record.raw, record.cid.hex(), record.name) == (raw, vector["recordCidHex"], vector["name"])
    assert record.signer.hex() == VECTORS["key-owner-ed25519"]["publicKeyHex"]
    assert (record.ttl_s, record.lives_s) == (None, 300)
    assert reopen_record(raw) == record
    for at in (len(raw) - 1, 40, 110):
        spoilt = bytearray(raw)
        spoilt[at] ^= 1
        with pytest.raises((NameForged, MalformedCid)):
            open_record(bytes(spoilt))


def test_sr25519_and_wrapped_signatures() -> None:
    """As browser wallets sign; the algorithm counts."""
    said = unsigned_record(CID, "name")
    public, secret = sr25519.pair_from_seed(b"s" * 32)
    for message in (said, b"<Bytes>" + said + b"</Bytes>"):
        value = sr25519.sign((public, secret), message)
        signature = field(2, public) + field(3, value)
        assert open_record(field(1, b"\x08\x01" + signature) + said).signer == PublicKey(public)
        for algorithm in (b"", b"\x08\x02"):
            with pytest.raises(NameForged):
                open_record(field(1, algorithm + signature) + said)


@pytest.mark.parametrize("ttl_s", [None, 30, 300, 86_400])
def test_ttl(ttl_s: int | None) -> None:
    """Absent is not the same as said; within its limits it is kept as it is."""
    record = open_record(signed_record(KEY, CID, "name", ttl_s))
    assert record.ttl_s == ttl_s
    assert record.lives_s == (ttl_s or 300)


@pytest.mark.parametrize("ttl_s", [0, 29, 86_401, 2**32 - 1])
def test_ttl_outside_its_limits(ttl_s: int) -> None:
    """One second beside the limit is refused."""
    with pytest.raises(MalformedName, match="ttl"):
        open_record(signed_record(KEY, CID, "name", ttl_s))


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=255))
def test_any_text_without_controls_is_a_name(name: str) -> None:
    """Slashes, blanks and letters of every script."""
    assert open_record(signed_record(KEY, CID, name)).name == name


@pytest.mark.parametrize("name", ["", "x" * 256, "a\nb", "a\0", "\x1f", "\x7f", "\x9f"])
def test_what_is_no_name(name: str) -> None:
    """Nothing, too much, or a control character."""
    with pytest.raises(MalformedName):
        require_name(name)
    with pytest.raises(MalformedName):
        open_record(signed_record(KEY, CID, name))


def test_a_name_of_255_characters() -> None:
    """The longest is one."""
    assert open_record(signed_record(KEY, CID, "ü" * 255)).name == "ü" * 255


@pytest.mark.parametrize(
    "signature",
    [b"", field(1, b""), field(1, field(2, b"k" * 31) + field(3, b"v" * 64)), field(1, field(2, b"k" * 32))],
)
def test_a_record_without_a_whole_signature(signature: bytes) -> None:
    """Nobody could be held to it."""
    with pytest.raises(NameUnsigned):
        open_record(signature + unsigned_record(CID, "name"))


def test_a_field_without_a_meaning() -> None:
    """Refused in a new record, signed or not; read past in one that was kept."""
    said = unsigned_record(CID, "name")
    for more in (field(5, b"x"), b"\x28\x01"):
        signature = field(2, KEY.public) + field(3, KEY.sign(said + more))
        unsigned = field(2, KEY.public) + field(3, KEY.sign(said)) + more
        for raw in (field(1, signature) + said + more, field(1, unsigned) + said):
            with pytest.raises(MalformedProtobuf, match="field 5 is unknown"):
                open_record(raw)
            kept = reopen_record(raw)
            assert (kept.raw, kept.cid, kept.name, kept.signer) == (raw, CID, "name", KEY.public)


def test_other_faults() -> None:
    """A target that is no CID, another record's signature, a record too large, bytes that are no record."""
    with pytest.raises(MalformedCid):
        open_record(signed_record(KEY, b"no cid", "name"))
    record = signed_record(KEY, CID, "name")
    with pytest.raises(NameForged) as refusal:
        open_record(record[: len(record) - len(unsigned_record(CID, "name"))] + unsigned_record(CID, "other"))
    assert (refusal.value.status, refusal.value.forged) == (400, True)
    with pytest.raises(MalformedName, match="4096 bytes"):
        open_record(record + bytes(RECORD_BYTES_MAX))
    with pytest.raises(MalformedProtobuf):
        open_record(record + b"\x0a")
