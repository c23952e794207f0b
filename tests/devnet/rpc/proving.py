"""Proofs of the server, verified as the light client verifies them."""

from edge_node.chain_light.trie_proof import Absent, Present, Proof
from tests.devnet.rpc.desk import bytes_of


def proved(root, nodes, keys):
    """The value at each key, None where absence is proved; nothing may be missing or too much."""
    proof = Proof([bytes_of(node) for node in nodes])
    values = [_value(proof.read(root, key)) for key in keys]
    proof.require_all_used()
    return values


def proved_child(root, nodes, child, keys):
    """The same in a child trie."""
    proof = Proof([bytes_of(node) for node in nodes])
    values = [_value(proof.read_child(root, child, key)) for key in keys]
    proof.require_all_used()
    return values


def _value(found):
    assert isinstance(found, Present | Absent), found
    return found.value if isinstance(found, Present) else None
