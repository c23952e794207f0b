"""What is wrong with the trie nodes and the proofs an endpoint sends."""

from edge_node.base.ids import Hash256
from edge_node.chain_light.errors import BadAnswer


class MalformedNode(BadAnswer):
    """Bytes are not a trie node, or not in the one form it is written in; `why` says which rule broke."""

    slug = "malformed-trie-node"

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(f"not a node of a state trie: {why}")


class BadProof(BadAnswer):
    """Root of what is wrong with a proof as a whole."""

    slug = "bad-proof"


class ProofTooLarge(BadProof):
    """More entries, or more bytes in all, than are looked at."""

    slug = "proof-too-large"

    def __init__(self, what: str, most: int) -> None:
        self.what, self.most = what, most
        super().__init__(f"a proof of more than {most} {what}")


class DuplicateEntry(BadProof):
    """A proof holds an entry twice; honest ones never do."""

    slug = "duplicate-proof-entry"

    def __init__(self, entry: Hash256) -> None:
        self.entry = entry
        super().__init__(f"entry {entry} stands in the proof twice")


class UnusedEntries(BadProof):
    """A proof holds entries that lead to nothing that was read."""

    slug = "unused-proof-entries"

    def __init__(self, count: int, first: Hash256) -> None:
        self.count, self.first = count, first
        super().__init__(f"{count} entries of the proof belong to nothing that was asked for, one is {first}")


class TooManyKeys(BadProof):
    """More keys lie under a prefix than the caller takes."""

    slug = "too-many-proved-keys"

    def __init__(self, most: int) -> None:
        self.most = most
        super().__init__(f"more than {most} keys under one prefix")
