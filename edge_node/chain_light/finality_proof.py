"""Answers of `grandpa_proveFinality`: a justification and the headers up to its block (Substrate, "Finality Proof")."""

from dataclasses import dataclass
from typing import Final

from edge_node.base.ids import Hash256
from edge_node.base.limits import MIB
from edge_node.chain_light.anchor import Anchor, advance
from edge_node.chain_light.finality import Verify
from edge_node.chain_light.finality_errors import BrokenChain, HeaderNeeded
from edge_node.chain_light.header import HEADER_BYTES_MIN, Header, hash_header, read_header
from edge_node.chain_light.justification import JUSTIFICATION_BYTES_MAX, Justification, decode_justification
from edge_node.trust.keys import verify_signature
from edge_node.wire.scale import MalformedScale, Scale

PROOF_BYTES_MAX: Final = 16 * MIB  # a set of Polkadot's has 9,700 headers, 3.2 MB
UNKNOWN_HEADERS_MAX: Final = 100_000  # where nodes cut them off


@dataclass(frozen=True, slots=True)
class FinalityProof:
    """What proves `block`: its justification, and the headers above the block that was asked for, oldest first."""

    block: Hash256
    justification: Justification
    unknown_headers: tuple[Header, ...]


def decode_finality_proof(raw: bytes | memoryview) -> FinalityProof:
    """The proof that `raw` is the encoding of, all of it; MalformedScale otherwise."""
    if len(raw) > PROOF_BYTES_MAX:
        raise MalformedScale(f"a finality proof above {PROOF_BYTES_MAX} bytes", 0)
    scale = Scale(raw)
    block = Hash256(scale.take(32))
    justification = decode_justification(scale.blob(JUSTIFICATION_BYTES_MAX))
    start = scale.at
    count = scale.length(HEADER_BYTES_MIN)
    if count > UNKNOWN_HEADERS_MAX:
        raise MalformedScale(f"{count} headers, where {UNKNOWN_HEADERS_MAX} are the most", start)
    headers = tuple(read_header(scale) for _ in range(count))
    scale.end()
    return FinalityProof(block, justification, headers)


def verify_finality_proof(
    anchor: Anchor, raw: bytes | memoryview, *, header: Header | None = None, verify: Verify = verify_signature
) -> Anchor:
    """The anchor at the proved block; raises what decode_finality_proof and advance do.

    Asked for the block that it proves, a node sends no header: HeaderNeeded names the block, whose header is then
    given as `header`. Offload it: thousands of headers may have to be read.
    """
    proof = decode_finality_proof(raw)
    headers = proof.unknown_headers or (() if header is None else (header,))
    if not headers:
        raise HeaderNeeded(proof.block)
    if hash_header(headers[-1]) != proof.block:
        raise BrokenChain("the last header is not that of the block that is proved")
    return advance(anchor, headers, proof.justification, verify=verify)
