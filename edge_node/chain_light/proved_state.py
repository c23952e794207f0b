"""What a proof shows under a state root: all that was asked and nothing else, or whose answer it is was bad."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from edge_node.base.errors import Refusal
from edge_node.base.ids import Hash256
from edge_node.chain_light.cross_check import ProofShort
from edge_node.chain_light.errors import ChainError
from edge_node.chain_light.trie_errors import TooManyKeys
from edge_node.chain_light.trie_proof import (
    KEYS_MAX,
    Found,
    Incomplete,
    Present,
    Proof,
)

Pairs: TypeAlias = tuple[tuple[bytes, bytes], ...]
"""Keys and values, ascending by key."""
_DIGITS = "0123456789abcdef"


class MoreUnderPrefix(ChainError, Refusal):
    """The state holds more under a prefix than the asker takes: that is proved, and no endpoint's fault."""

    slug, status = "more-under-prefix", 413
    remedy = "Ask for a longer prefix."

    def __init__(self, most: int) -> None:
        self.most = most
        super().__init__(f"the chain's state holds more than {most} keys under this prefix")


def values_of(root: Hash256, keys: Iterable[bytes], entries: Sequence[bytes]) -> Mapping[bytes, bytes | None]:
    """What the state under `root` holds at each key, None where it is proved to hold nothing.

    ProofShort, UnusedEntries, DuplicateEntry, ProofTooLarge, MalformedNode. Offload it.
    """
    proof = Proof(entries)
    found = {key: _told(key, proof.read(root, key)) for key in keys}
    proof.require_all_used()
    return found


class Mark(NamedTuple):
    """Where a value stands in a trie: the node at `depth` digits of its key, by how its parent names it.

    A proof of `beside`, a key that parts from it at that parent, shows the name without the node: as long as it is the
    same at the same depth, all below it is, and the value with it, however long.
    """

    key: bytes
    depth: int
    reference: bytes
    beside: bytes


class Marked(NamedTuple):
    """A value, and its mark where one can be had."""

    value: bytes | None
    mark: Mark | None


def marked_value_of(root: Hash256, key: bytes, entries: Sequence[bytes]) -> Marked:
    """What the state under `root` holds at a key, and how to see that it still does; errors as `values_of`."""
    proof = Proof(entries)
    value = _told(key, proof.read(root, key))
    proof.require_all_used()
    way = proof.way_to(root, key)
    parent = way[-2].node if len(way) > 1 else None
    free = [] if parent is None else [digit for digit, child in zip(_DIGITS, parent.children, strict=True) if not child]
    if value is None or not free:
        return Marked(value, None)
    aside = key.hex()[: way[-1].depth - 1] + free[0]
    return Marked(value, Mark(key, way[-1].depth, way[-1].reference, bytes.fromhex(aside + "0" * (len(aside) % 2))))


def is_unchanged(root: Hash256, mark: Mark, entries: Sequence[bytes]) -> bool:
    """Whether the state under `root` surely holds at the mark's key what it held there; a proof of `beside` tells.

    Errors as `values_of`. False may be said of a value that is the same in a trie that parts elsewhere.
    """
    proof = Proof(entries)
    _told(mark.beside, proof.read(root, mark.beside))
    way = proof.way_to(root, mark.key)
    proof.require_all_used()
    return bool(way) and (way[-1].depth, way[-1].reference) == (mark.depth, mark.reference)


def pairs_under(root: Hash256, prefix: bytes, entries: Sequence[bytes], *, keys_max: int = KEYS_MAX) -> Pairs:
    """All that the state under `root` holds under a prefix, complete; errors as `values_of`, and MoreUnderPrefix."""
    proof = Proof(entries)
    try:
        found = proof.keys_under(root, prefix, keys_max=keys_max)
    except TooManyKeys:  # every node that was walked hangs on the root: the keys are there, whoever showed them
        raise MoreUnderPrefix(keys_max) from None
    if isinstance(found, Incomplete):
        raise ProofShort(prefix)
    proof.require_all_used()
    return found.pairs


def child_value_of(root: Hash256, child: bytes, key: bytes, entries: Sequence[bytes]) -> bytes | None:
    """What the default child trie `child` of the state holds at `key`; errors as `values_of`."""
    proof = Proof(entries)
    value = _told(key, proof.read_child(root, child, key))
    proof.require_all_used()
    return value


def _told(key: bytes, found: Found) -> bytes | None:
    if isinstance(found, Incomplete):
        raise ProofShort(key)
    return found.value if isinstance(found, Present) else None
