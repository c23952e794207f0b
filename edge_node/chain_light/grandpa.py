"""The door to GRANDPA: who votes, what they sign, and whether it is enough."""

from edge_node.chain_light.authorities import (
    Authority,
    AuthoritySet,
    decode_authorities,
    decode_versioned_authorities,
    encode_authorities,
)
from edge_node.chain_light.commit import CompactCommit, decode_commit, encode_commit
from edge_node.chain_light.equivocation import Equivocation, find_equivocations
from edge_node.chain_light.finality import verify_justification, vote_message
from edge_node.chain_light.justification import (
    Justification,
    Precommit,
    decode_justification,
    encode_justification,
)

__all__ = [
    "Authority",
    "AuthoritySet",
    "CompactCommit",
    "Equivocation",
    "Justification",
    "Precommit",
    "decode_authorities",
    "decode_commit",
    "decode_justification",
    "decode_versioned_authorities",
    "encode_authorities",
    "encode_commit",
    "encode_justification",
    "find_equivocations",
    "verify_justification",
    "vote_message",
]
