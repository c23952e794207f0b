"""Many keys proved in several questions, each so small that its answer may be sent; and the answers as one (pure)."""

from collections.abc import Callable, Sequence
from typing import Final

from edge_node.base.digests import blake2b_256
from edge_node.base.ids import Hash256
from edge_node.base.limits import MIB
from edge_node.chain_light.source_errors import EndpointUnavailable
from edge_node.chain_light.trie_errors import DuplicateEntry, ProofTooLarge
from edge_node.chain_light.trie_proof import PROOF_BYTES_MAX, PROOF_ENTRIES_MAX

KEYS_MAX: Final = 256  # of one question: an endpoint has to answer it in its time
KEYS_FIRST: Final = 16  # of the first: values may have a quarter of a megabyte, and an answer 16 MiB in hex
ANSWER_BYTES: Final = MIB  # what an answer should have: long enough to be worth its way


class ProofBeyondBounds(EndpointUnavailable):
    """The proofs of one question have more in all than is looked at, as may be needed for what was asked.

    Whether it is, nobody can tell without reading on: so it is not held against the endpoint.
    """

    slug = "proof-beyond-bounds"
    remedy = "Ask for less at once: a longer prefix, or fewer keys."

    def __init__(self, what: str, most: int) -> None:
        self.what, self.most = what, most
        super().__init__(f"the proofs have more than {most} {what} together")


class Slices:
    """How many keys to ask for next, by what the last answer had; and the entries so far, which share nodes.

    Within one answer no entry stands twice: DuplicateEntry. ProofBeyondBounds as soon as it is too much.
    """

    __slots__ = ("_entries", "_size", "keys")

    def __init__(self) -> None:
        self.keys = KEYS_FIRST
        """The next question's, at most."""
        self._entries: dict[bytes, None] = {}
        self._size = 0

    def add(self, keys: int, answer: Sequence[bytes]) -> None:
        """The answer to a question for so many keys; ProofTooLarge where it alone is more than is looked at."""
        size, seen = sum(map(len, answer)), set[bytes]()
        _require_bounded(len(answer), size, ProofTooLarge)
        for entry in answer:
            if entry in seen:
                raise DuplicateEntry(Hash256(blake2b_256(entry)))
            seen.add(entry)
            if entry not in self._entries:
                self._size += len(entry)
                self._entries[entry] = None
        _require_bounded(len(self._entries), self._size, ProofBeyondBounds)
        fitting = ANSWER_BYTES * keys // max(1, size)
        self.keys = max(1, min(fitting, 2 * self.keys, KEYS_MAX))

    @property
    def entries(self) -> list[bytes]:
        """All of them, each once."""
        return list(self._entries)


def _require_bounded(entries: int, size: int, refusal: Callable[[str, int], Exception]) -> None:
    if entries > PROOF_ENTRIES_MAX:
        raise refusal("entries", PROOF_ENTRIES_MAX)
    if size > PROOF_BYTES_MAX:
        raise refusal("bytes", PROOF_BYTES_MAX)
