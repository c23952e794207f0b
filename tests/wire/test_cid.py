"""Content identifiers against the DDC SDK's answers, against themselves, and against hostile text."""

import contextlib
import json
from pathlib import Path

import blake3
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.base.ids import Cid, Digest, MalformedId
from edge_node.wire.cid import (
    CidKind,
    MalformedCid,
    cid_digest,
    cid_kind,
    content_matches,
    format_cid,
    make_cid,
    parse_cid,
    raw_piece_cid,
    read_cid,
)

FILE = json.loads((Path(__file__).parents[1] / "vectors/ddc_cid.json").read_text())
VECTORS = {vector["id"]: vector for vector in FILE["vectors"]}
REFUSED = {case["why"]: case["text"] for case in FILE["refused"]}
LEGACY_HEAD = bytes.fromhex("0155a0e40220")

digests = st.binary(min_size=32, max_size=32)
cids = st.builds(make_cid, st.sampled_from(CidKind), digests) | digests.map(lambda d: Cid(LEGACY_HEAD + d))


def content_of(vector: dict) -> bytes | None:
    """The vector's content: given in hex, or by the rule byte[i] = i mod 251."""
    if "content_hex" in vector:
        return bytes.fromhex(vector["content_hex"])
    size = vector.get("pattern_bytes")
    return None if size is None else (bytes(range(251)) * (size // 251 + 1))[:size]


@pytest.mark.parametrize("vector", VECTORS.values(), ids=VECTORS.keys())
def test_text_and_bytes_are_those_of_the_official_sdk(vector):
    """Each vector reads from text and from bytes to the same CID and prints as it came."""
    cid = parse_cid(vector["cid_text"])
    assert cid == read_cid(bytes.fromhex(vector["cid_hex"]))
    assert format_cid(cid) == vector["cid_text"]
    assert cid_kind(cid) is CidKind(vector["kind"])
    assert cid_digest(cid) == cid[-32:]


@pytest.mark.parametrize("vector", [v for v in VECTORS.values() if content_of(v) is not None], ids=lambda v: v["id"])
def test_content_is_matched_by_its_digest(vector):
    """The vector's content matches its CID and content with one byte more does not."""
    content, cid = content_of(vector), parse_cid(vector["cid_text"])
    assert content_matches(cid, content)
    assert not content_matches(cid, content + b"\x00")


def test_raw_piece_cid_is_blake3_of_the_content():
    """A raw piece's CID is the fixed head and the content's BLAKE3-256."""
    for name in ("raw-empty", "raw-hello", "raw-1024-pattern", "raw-1MiB-pattern"):
        vector = VECTORS[name]
        assert raw_piece_cid(content_of(vector)).hex() == vector["cid_hex"]
    assert raw_piece_cid(b"x") == make_cid(CidKind.RAW_PIECE, blake3.blake3(b"x").digest())


def test_digest_of_another_length_makes_no_cid():
    """A CID is made from exactly 32 bytes of digest."""
    for size in (31, 33):
        with pytest.raises(MalformedId):
            make_cid(CidKind.RAW_PIECE, bytes(size))


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED.keys())
def test_hostile_text_is_refused(text):
    """No spelling but the canonical one, and no unknown field, is read."""
    with pytest.raises(MalformedCid) as refused:
        parse_cid(text)
    assert refused.value.status == 400
    assert refused.value.slug == "malformed-cid"


@given(cids)
def test_text_round_trips(cid):
    """What is printed is read back as the same CID."""
    assert parse_cid(format_cid(cid)) == cid == read_cid(bytes(cid))


@given(cids, st.data())
def test_every_text_names_one_cid_in_one_way(cid, data):
    """A changed digit names another CID or is refused, never the same CID."""
    text = format_cid(cid)
    place = data.draw(st.integers(0, len(text) - 1))
    digit = data.draw(st.sampled_from("abcdefghijklmnopqrstuvwxyz234567A=1"))
    changed = text[:place] + digit + text[place + 1 :]
    if changed == text:
        return
    with contextlib.suppress(MalformedCid):
        assert parse_cid(changed) != cid


@given(st.binary(max_size=60))
def test_bytes_are_read_or_refused(raw):
    """Any bytes are either a CID that keeps every byte or MalformedCid."""
    with contextlib.suppress(MalformedCid):
        assert read_cid(raw) == raw


@given(st.text(max_size=80))
def test_text_is_read_or_refused(text):
    """Any text is either a CID's one spelling or MalformedCid."""
    with contextlib.suppress(MalformedCid):
        assert format_cid(parse_cid(text)) == text


def test_kind_is_part_of_the_identity():
    """The same digest under two kinds is two CIDs."""
    digest = Digest(bytes(32))
    assert len({make_cid(kind, digest) for kind in CidKind}) == len(CidKind)
