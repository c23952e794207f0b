"""Answers of grandpa_proveFinality: with headers, without, of another block, cut, and too many."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_node.base.errors import RemoteError
from edge_node.base.ids import Hash256
from edge_node.chain_light.authority_changes import Scheduled
from edge_node.chain_light.finality_errors import BrokenChain, ConflictingFinality, HeaderNeeded, OtherBlock
from edge_node.chain_light.finality_proof import (
    PROOF_BYTES_MAX,
    UNKNOWN_HEADERS_MAX,
    decode_finality_proof,
    verify_finality_proof,
)
from edge_node.chain_light.header import Header, encode_header, hash_header
from edge_node.chain_light.justification import Justification, decode_justification, encode_justification
from edge_node.wire.scale import MalformedScale, blob, compact
from tests.chain_light.electorate import block, blocks, electorate, genesis, justify

START = genesis(4)
CHAIN = blocks(START.header, 3)
CHAIN.append(block(CHAIN[-1], Scheduled(electorate(4, first=10), 0)))
LAST = CHAIN[-1]
PROOF = justify(LAST, [0, 1, 2])


def written(justification: Justification, *headers: Header, block_hash: Hash256 | None = None) -> bytes:
    """An answer as nodes write it."""
    return b"".join(
        (
            block_hash or justification.target_hash,
            blob(encode_justification(justification)),
            compact(len(headers)),
            *map(encode_header, headers),
        )
    )


def test_with_all_headers() -> None:
    """Asked from the anchor, the answer leads to the end of its set, and says who follows."""
    raw = written(PROOF, *CHAIN)
    proof = decode_finality_proof(raw)
    assert (proof.block, proof.justification, proof.unknown_headers) == (hash_header(LAST), PROOF, tuple(CHAIN))
    ahead = verify_finality_proof(START, raw)
    assert (ahead.header, ahead.voters.id) == (LAST, 1)


def test_with_headers_from_anywhere() -> None:
    """Asked for a block below the anchor or above it, the answer is as good."""
    anchor = verify_finality_proof(START, written(justify(CHAIN[1], [0, 1, 2]), *CHAIN[:2]))
    for start in range(4):
        assert verify_finality_proof(anchor, written(PROOF, *CHAIN[start:])).header == LAST


def test_without_headers() -> None:
    """Asked for the very block it proves, it brings none: the block is named, and its header then does."""
    raw = written(PROOF)
    with pytest.raises(HeaderNeeded) as needed:
        verify_finality_proof(START, raw)
    assert needed.value.block == hash_header(LAST)
    assert verify_finality_proof(START, raw, header=LAST).voters.id == 1
    with pytest.raises(BrokenChain):
        verify_finality_proof(START, raw, header=CHAIN[0])


def test_of_another_block_than_it_says() -> None:
    """The block named, the headers' last and the votes' target are one."""
    with pytest.raises(BrokenChain):
        verify_finality_proof(START, written(PROOF, *CHAIN[:3]))
    with pytest.raises(BrokenChain):
        verify_finality_proof(START, written(PROOF, *CHAIN, block_hash=hash_header(CHAIN[0])))
    with pytest.raises(OtherBlock):
        verify_finality_proof(START, written(PROOF, *CHAIN[:3], block_hash=hash_header(CHAIN[2])))


def test_of_a_chain_beside_ours() -> None:
    """Enough votes for a chain that does not hold the anchor are a conflict, not an answer."""
    anchor = verify_finality_proof(START, written(justify(CHAIN[0], [0, 1, 2]), CHAIN[0]))
    rivals = [block(START.header, extra=1)]
    rivals += blocks(rivals[0], 2)
    with pytest.raises(ConflictingFinality):
        verify_finality_proof(anchor, written(justify(rivals[-1], [1, 2, 3]), *rivals))


def test_no_byte_of_it_may_change() -> None:
    """Block, votes, every header that leads there."""
    raw = written(PROOF, *CHAIN)
    for place in range(len(raw)):
        changed = raw[:place] + bytes((raw[place] ^ (1 << place % 8),)) + raw[place + 1 :]
        with pytest.raises((RemoteError, ConflictingFinality)):
            verify_finality_proof(START, changed)


def test_cut_short_or_going_on() -> None:
    """All of the bytes are the answer."""
    raw = written(PROOF, *CHAIN)
    for cut in range(len(raw)):
        with pytest.raises(MalformedScale):
            decode_finality_proof(raw[:cut])
    with pytest.raises(MalformedScale):
        decode_finality_proof(raw + b"\x00")


@pytest.mark.parametrize("count", [1, 1_000, UNKNOWN_HEADERS_MAX + 1, 2**32 - 1])
def test_a_count_without_its_bytes_costs_nothing(count: int) -> None:
    """Huge counts in few bytes are refused."""
    with pytest.raises(MalformedScale):
        decode_finality_proof(written(PROOF)[:-1] + compact(count) + bytes(97))
    with pytest.raises(MalformedScale):
        decode_finality_proof(bytes(32) + compact(count) + b"\x00")


def test_bounds() -> None:
    """Headers at their limit are read, one more is not; nor is anything above 16 MiB."""
    short = encode_header(START.header)
    for count, fits in ((UNKNOWN_HEADERS_MAX, True), (UNKNOWN_HEADERS_MAX + 1, False)):
        raw = written(PROOF)[:-1] + compact(count) + short * count
        assert len(raw) < PROOF_BYTES_MAX
        if fits:
            assert len(decode_finality_proof(raw).unknown_headers) == count
        else:
            with pytest.raises(MalformedScale, match="100000 are the most"):
                decode_finality_proof(raw)
    with pytest.raises(MalformedScale, match="above"):
        decode_finality_proof(bytes(PROOF_BYTES_MAX + 1))


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_refused(raw: bytes) -> None:
    """No bytes of chance are an answer that counts."""
    with pytest.raises(RemoteError):
        verify_finality_proof(START, raw, header=LAST)
    with pytest.raises(MalformedScale):
        decode_justification(raw[:45])
