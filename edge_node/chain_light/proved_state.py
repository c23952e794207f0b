"""What a proof shows under a state root: all that was asked and nothing else, or whose answer it is was bad."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

from edge_node.base.digests import blake2b_256
from edge_node.base.errors import Refusal
from edge_node.base.ids import Hash256
from edge_node.chain_light.cross_check import ProofShort
from edge_node.chain_light.errors import ChainError
from edge_node.chain_light.trie_errors import DuplicateEntry, ProofTooLarge, TooManyKeys
from edge_node.chain_light.trie_proof import (
    KEYS_MAX,
    PROOF_BYTES_MAX,
    PROOF_ENTRIES_MAX,
    Found,
    Incomplete,
    Present,
    Proof,
)

Pairs: TypeAlias = tuple[tuple[bytes, bytes], ...]
"""Keys and values, ascending by key."""


class MoreUnderPrefix(ChainError, Refusal):
    """The state holds more under a prefix than the asker takes: that is proved, and no endpoint's fault."""

    slug, status = "more-under-prefix", 413
    remedy = "Ask for a longer prefix."

    def __init__(self, most: int) -> None:
        self.most = most
        super().__init__(f"the chain's state holds more than {most} keys under this prefix")


class Gathering:
    """The entries of several answers about one state, which share nodes; within one answer none stands twice.

    DuplicateEntry, and ProofTooLarge as soon as it is too much.
    """

    __slots__ = ("_entries", "_size")

    def __init__(self) -> None:
        self._entries: dict[bytes, None] = {}
        self._size = 0

    def add(self, answer: Sequence[bytes]) -> None:
        """One more answer."""
        seen = set[bytes]()
        for entry in answer:
            if entry in seen:
                raise DuplicateEntry(Hash256(blake2b_256(entry)))
            seen.add(entry)
            if entry not in self._entries:
                self._size += len(entry)
                self._entries[entry] = None
        if len(self._entries) > PROOF_ENTRIES_MAX:
            raise ProofTooLarge("entries", PROOF_ENTRIES_MAX)
        if self._size > PROOF_BYTES_MAX:
            raise ProofTooLarge("bytes", PROOF_BYTES_MAX)

    @property
    def entries(self) -> list[bytes]:
        """All of them, each once."""
        return list(self._entries)


def values_of(root: Hash256, keys: Iterable[bytes], entries: Sequence[bytes]) -> Mapping[bytes, bytes | None]:
    """What the state under `root` holds at each key, None where it is proved to hold nothing.

    ProofShort, UnusedEntries, DuplicateEntry, ProofTooLarge, MalformedNode. Offload it.
    """
    proof = Proof(entries)
    found = {key: _told(key, proof.read(root, key)) for key in keys}
    proof.require_all_used()
    return found


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
