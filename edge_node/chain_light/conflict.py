"""What is kept for ever when a chain contradicts itself: both proofs, who voted, and who signed both sides."""

from typing import Final

from edge_node.base.errors import RemoteError
from edge_node.base.ids import Hash256
from edge_node.chain_light.anchor import Anchor
from edge_node.chain_light.anchor_record import Evidence
from edge_node.chain_light.authorities import AuthoritySet, encode_authorities
from edge_node.chain_light.equivocation import Equivocation, find_equivocations
from edge_node.chain_light.finality import Verify, message_of
from edge_node.chain_light.header import encode_header
from edge_node.chain_light.justification import Justification, decode_justification, encode_justification
from edge_node.trust.keys import verify_signature
from edge_node.wire.scale import uint

CONFLICT: Final = "conflicting-finality"
OTHER_AUTHORITIES: Final = "other-authorities"


def conflict_evidence(
    genesis: Hash256,
    voters: AuthoritySet,
    ours: bytes,
    theirs: Justification,
    *,
    why: str,
    source: str,
    found_ms: int,
    verify: Verify = verify_signature,
) -> Evidence:
    """Evidence of two final blocks that exclude each other: `ours` (SCALE, none for a checkpoint) and `theirs`.

    Signatures are verified: offload it.
    """
    parts = [
        ("ours", ours),
        ("theirs", encode_justification(theirs)),
        ("set", uint(voters.id, 8) + encode_authorities(voters.authorities)),
    ]
    parts += [
        (f"equivocation {place}", _encode(one, theirs))
        for place, one in enumerate(_both_sides(ours, theirs, voters, verify))
    ]
    return Evidence(genesis=genesis, kind=CONFLICT, why=why, source=source, found_ms=found_ms, parts=tuple(parts))


def authorities_evidence(
    genesis: Hash256, anchor: Anchor, proof: tuple[bytes, ...], *, why: str, source: str, found_ms: int
) -> Evidence:
    """Evidence of a final state that names other authorities than its own chain of headers leads to."""
    voters = anchor.voters
    parts = [
        ("header", encode_header(anchor.header)),
        ("set", uint(voters.id, 8) + encode_authorities(voters.authorities)),
        *((f"proof {place}", entry) for place, entry in enumerate(proof)),
    ]
    return Evidence(
        genesis=genesis, kind=OTHER_AUTHORITIES, why=why, source=source, found_ms=found_ms, parts=tuple(parts)
    )


def _both_sides(ours: bytes, theirs: Justification, voters: AuthoritySet, verify: Verify) -> tuple[Equivocation, ...]:
    """Who signed two different votes in one round; nobody can be named where the rounds differ or ours is lacking."""
    if not ours:
        return ()
    try:
        return find_equivocations(decode_justification(ours), theirs, voters, verify=verify)
    except RemoteError:  # more votes or headers than are ever needed: the proofs are kept whole all the same
        return ()


def _encode(found: Equivocation, justification: Justification) -> bytes:
    """One equivocation: the voter, then what it signed and the signature, twice."""
    signed = (message_of(vote, justification, found.set_id) + vote.signature for vote in (found.first, found.second))
    return found.voter + b"".join(signed)
