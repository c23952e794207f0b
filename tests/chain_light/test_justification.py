"""Justifications as bytes: the same again, and none but well-formed ones."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_node.base.ids import Hash256, PublicKey, Signature
from edge_node.chain_light.header import (
    DIGEST_PAYLOAD_MAX,
    DigestItem,
    DigestKind,
    encode_header,
    genesis_header,
)
from edge_node.chain_light.justification import (
    ANCESTRIES_MAX,
    JUSTIFICATION_BYTES_MAX,
    PRECOMMITS_MAX,
    Justification,
    Precommit,
    decode_justification,
    encode_justification,
    read_justification,
)
from edge_node.wire.scale import MalformedScale, Scale, compact
from tests.chain_light.electorate import ROOT, block, blocks, justify, polkadot

U32, U64 = st.integers(0, 2**32 - 1), st.integers(0, 2**64 - 1)
HASHES = st.binary(min_size=32, max_size=32).map(Hash256)
VOTES = st.builds(
    Precommit,
    HASHES,
    U32,
    st.binary(min_size=64, max_size=64).map(Signature),
    st.binary(min_size=32, max_size=32).map(PublicKey),
)
HEADERS = st.integers(0, 2**20).map(lambda extra: block(genesis_header(ROOT), extra=extra))
JUSTIFICATIONS = st.builds(
    Justification,
    U64,
    HASHES,
    U32,
    st.lists(VOTES, max_size=4).map(tuple),
    st.lists(HEADERS, max_size=3).map(tuple),
)
HEAD = bytes(8 + 32 + 4)


@settings(max_examples=60, deadline=None)
@given(JUSTIFICATIONS, st.data())
def test_what_is_written_is_read(justification: Justification, data: st.DataObject) -> None:
    """All of it, and nothing that is cut short or goes on."""
    raw = encode_justification(justification)
    assert decode_justification(raw) == justification
    assert decode_justification(memoryview(raw)) == justification
    cut = data.draw(st.integers(0, len(raw) - 1))
    for other in (raw[:cut], raw + b"\x00"):
        with pytest.raises(MalformedScale):
            decode_justification(other)


def test_the_real_one_field_by_field() -> None:
    """What Polkadot's block 302592 was finalized with."""
    raw, _ = polkadot()
    justification = decode_justification(raw)
    assert (justification.round, justification.target_number) == (439_559, 302_592)
    assert str(justification.target_hash) == "29f1abec90ac199df06dee3ba0734c08c3fd6df06caa3f78952f8f95164058d2"
    assert len(justification.precommits) == 5
    assert justification.ancestries == ()
    assert encode_justification(justification) == raw


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    """What is read is written as it stood."""
    try:
        justification = decode_justification(raw)
    except MalformedScale:
        return
    assert encode_justification(justification) == raw


@pytest.mark.parametrize("count", [1, 100, 7_944, 2**20, 2**30, 2**32 - 1])
def test_a_count_without_its_bytes_costs_nothing(count: int) -> None:
    """Huge counts in few bytes are refused before anything is made of them: of votes, and of headers."""
    for raw in (HEAD + compact(count) + bytes(131), HEAD + b"\x00" + compact(count) + bytes(97)):
        with pytest.raises(MalformedScale):
            decode_justification(raw)


def test_headers_at_their_limit() -> None:
    """512 headers beside the votes are read, one more is refused."""
    header = encode_header(genesis_header(ROOT))
    for count, fits in ((ANCESTRIES_MAX, True), (ANCESTRIES_MAX + 1, False)):
        raw = HEAD + b"\x00" + compact(count) + header * count
        if fits:
            assert len(decode_justification(raw).ancestries) == count
        else:
            with pytest.raises(MalformedScale, match="512 are the most"):
                decode_justification(raw)


def test_bytes_at_their_limit() -> None:
    """One MiB and no more, be it of votes or of headers, and also where a justification stands within a proof."""
    fits = HEAD + compact(PRECOMMITS_MAX) + bytes(132) * PRECOMMITS_MAX + b"\x00"
    assert len(fits) <= JUSTIFICATION_BYTES_MAX
    assert len(decode_justification(fits).precommits) == PRECOMMITS_MAX
    with pytest.raises(MalformedScale, match="7943 are the most"):
        read_justification(Scale(HEAD + compact(PRECOMMITS_MAX + 1) + bytes(132) * (PRECOMMITS_MAX + 1) + b"\x00"))
    with pytest.raises(MalformedScale, match="above"):
        decode_justification(bytes(JUSTIFICATION_BYTES_MAX + 1))
    long = replace(genesis_header(ROOT), digest=(DigestItem(DigestKind.OTHER, b"", bytes(DIGEST_PAYLOAD_MAX)),))
    with pytest.raises(MalformedScale, match="above"):
        read_justification(Scale(HEAD + b"\x00" + compact(2) + encode_header(long) * 2))


def test_ancestries_keep_their_order() -> None:
    """Headers come out as they went in."""
    ahead = blocks(genesis_header(ROOT), 3)
    justification = justify(genesis_header(ROOT), [0, 1, 2], ahead=ahead)
    assert decode_justification(encode_justification(justification)).ancestries == tuple(ahead)
