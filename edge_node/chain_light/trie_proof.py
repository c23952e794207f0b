"""Reads a state out of the trie nodes an endpoint sent, believing nothing but a root that is already proved.

What is there, what is proved not to be there, and what these nodes do not tell are three different types: a short
answer must never pass for an absence (`state_getReadProof`, `/light/2`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, Self

from edge_node.base.digests import blake2b_256
from edge_node.base.ids import Hash256
from edge_node.base.limits import MIB
from edge_node.chain_light.trie_errors import (
    DuplicateEntry,
    MalformedNode,
    ProofTooLarge,
    TooManyKeys,
    UnusedEntries,
)
from edge_node.chain_light.trie_node import (
    EMPTY_ROOT,
    HASH_BYTES,
    HASHED_FROM_BYTES,
    KEY_DIGITS_MAX,
    Node,
    decode_node,
)
from edge_node.wire.scale import Scale, blob, compact

PROOF_BYTES_MAX: Final = 16 * MIB  # what smoldot and Substrate's request protocols allow at most
PROOF_ENTRIES_MAX: Final = 65_536  # 16 MiB of the smallest nodes that stand apart would be eight times as many
KEYS_MAX: Final = 65_536  # one subtree may stand in many places: a small proof can name more keys than it has bytes
# A walk meets most nodes once and keeps none of them, but a long one: its value may stand in thousands of places, and
# is copied when it is decoded.
KEPT_FROM_BYTES: Final = 1_024
CHILD_STORAGE: Final = b":child_storage:default:"
_DIGITS_DOWN: Final = "fedcba9876543210"


@dataclass(frozen=True, slots=True)
class Present:
    """The key is in the state, with this value."""

    value: bytes


@dataclass(frozen=True, slots=True)
class Absent:
    """The key is proved not to be in the state."""


@dataclass(frozen=True, slots=True)
class Incomplete:
    """The proof does not tell: the entry with the hash `missing` was not sent."""

    missing: Hash256


@dataclass(frozen=True, slots=True)
class PrefixFound:
    """Every pair of key and value under a prefix, ascending by key: there is no other."""

    pairs: tuple[tuple[bytes, bytes], ...]


Found = Present | Absent | Incomplete


class Step(NamedTuple):
    """A node on a way: how many digits of the key lead to it, how its parent names it, and the node if it was sent."""

    depth: int
    reference: bytes
    node: Node | None


class Proof:
    """The entries of one answer: encoded nodes and, in state version 1, long values, in any order.

    Each is hashed once, here; a wrong or changed entry then has a hash that nothing asks for. Nodes are decoded when
    they are walked. One proof serves any number of reads, also under several roots. Offload those above 256 KiB.
    """

    __slots__ = ("_entries", "_nodes", "_used")

    def __init__(
        self, entries: Sequence[bytes], *, bytes_max: int = PROOF_BYTES_MAX, entries_max: int = PROOF_ENTRIES_MAX
    ) -> None:
        if len(entries) > entries_max:
            raise ProofTooLarge("entries", entries_max)
        if sum(map(len, entries)) > bytes_max:
            raise ProofTooLarge("bytes", bytes_max)
        self._entries: dict[bytes, bytes] = {}
        for entry in entries:
            digest = blake2b_256(entry)
            if digest in self._entries:
                raise DuplicateEntry(Hash256(digest))
            self._entries[digest] = entry
        self._nodes: dict[bytes, Node] = {}
        self._used: set[bytes] = set()

    @classmethod
    def of_scale(cls, raw: bytes, *, bytes_max: int = PROOF_BYTES_MAX, entries_max: int = PROOF_ENTRIES_MAX) -> Self:
        """The proof in its SCALE form, a list of byte strings (`/light/2`); MalformedScale when it is none."""
        scale = Scale(raw)
        count = scale.length()
        if count > entries_max:
            raise ProofTooLarge("entries", entries_max)
        entries = [scale.blob(bytes_max) for _ in range(count)]
        scale.end()
        return cls(entries, bytes_max=bytes_max, entries_max=entries_max)

    def read(self, root: Hash256, key: bytes) -> Found:
        """What the state under `root` holds at `key`; MalformedNode when a node on the way is none."""
        path, at, reference = key.hex(), 0, bytes(root)
        if self._is_empty(root):
            return Absent()
        while True:
            node = self._node(reference, top=at == 0, kept_from=HASH_BYTES)
            if node is None:
                return Incomplete(Hash256(reference))
            if not path.startswith(node.partial, at):
                return Absent()
            at += len(node.partial)
            if at == len(path):
                return Absent() if node.value is None else self._value(node.value, hashed=node.hashed)
            if not node.children or not (reference := node.children[int(path[at], 16)]):
                return Absent()
            at += 1

    def way_to(self, root: Hash256, key: bytes) -> tuple[Step, ...]:
        """The nodes on the way to a key, from the root as far as the key leads or the proof tells; MalformedNode."""
        path, at, reference, steps = key.hex(), 0, bytes(root), list[Step]()
        while reference and not (at == 0 and self._is_empty(root)):
            node = self._node(reference, top=at == 0, kept_from=HASH_BYTES)
            steps.append(Step(at, reference, node))
            if node is None or not path.startswith(node.partial, at):
                break
            at += len(node.partial)
            reference = node.children[int(path[at], 16)] if at < len(path) and node.children else b""
            at += 1
        return tuple(steps)

    def keys_under(self, root: Hash256, prefix: bytes, *, keys_max: int = KEYS_MAX) -> PrefixFound | Incomplete:
        """All that the state under `root` holds at keys that begin with `prefix`, only if no node under it is missing.

        TooManyKeys above `keys_max`, MalformedNode as `read`. Walked in order, without recursion: a chain of branches
        may be as deep as a key is long.
        """
        wanted, pairs = prefix.hex(), list[tuple[bytes, bytes]]()
        if self._is_empty(root):
            return PrefixFound(())
        ahead = [("", bytes(root))]
        while ahead:
            base, reference = ahead.pop()
            node = self._node(reference, top=not base, kept_from=KEPT_FROM_BYTES)
            if node is None:
                return Incomplete(Hash256(reference))
            path = base + node.partial
            if node.value is not None and path.startswith(wanted):
                found = self._value(node.value, hashed=node.hashed)
                if isinstance(found, Incomplete):
                    return found
                if len(pairs) == keys_max:
                    raise TooManyKeys(keys_max)
                pairs.append((_key_of(path), found.value))
            ahead += _ways_on(node, path, wanted)
        return PrefixFound(tuple(pairs))

    def read_child(self, root: Hash256, child_id: bytes, key: bytes) -> Found:
        """What the default child trie `child_id` of the state under `root` holds at `key`."""
        child = self._child_root(root, child_id)
        return self.read(child, key) if isinstance(child, Hash256) else child

    def child_keys_under(
        self, root: Hash256, child_id: bytes, prefix: bytes, *, keys_max: int = KEYS_MAX
    ) -> PrefixFound | Incomplete:
        """`keys_under` in a default child trie; one that does not exist holds nothing."""
        child = self._child_root(root, child_id)
        if isinstance(child, Hash256):
            return self.keys_under(child, prefix, keys_max=keys_max)
        return PrefixFound(()) if isinstance(child, Absent) else child

    def require_all_used(self) -> None:
        """UnusedEntries unless each entry led to something that was read so far: call it after the last read."""
        unused = self._entries.keys() - self._used
        if unused:
            raise UnusedEntries(len(unused), Hash256(min(unused)))

    def _is_empty(self, root: bytes) -> bool:
        """Whether this is the root of the trie that holds nothing, known without its node."""
        if root != EMPTY_ROOT:
            return False
        self._used |= self._entries.keys() & {bytes(root)}
        return True

    def _node(self, reference: bytes, *, top: bool, kept_from: int) -> Node | None:
        """The node that a reference names, None when it was not sent. Decoded ones of so many bytes on are kept."""
        node = self._nodes.get(reference)
        if node is not None:
            return node
        raw = reference if len(reference) < HASH_BYTES else self._entries.get(reference)
        if raw is None:
            return None
        if raw is not reference:
            self._used.add(reference)
            if len(raw) < HASH_BYTES and not top:
                raise MalformedNode("it is short enough to stand inside its parent")
        node = decode_node(raw)
        if len(raw) >= kept_from:
            self._nodes[reference] = node
        return node

    def _value(self, value: bytes, *, hashed: bool) -> Present | Incomplete:
        if not hashed:
            return Present(value)
        whole = self._entries.get(value)
        if whole is None:
            return Incomplete(Hash256(value))
        self._used.add(value)
        if len(whole) < HASHED_FROM_BYTES:
            raise MalformedNode("its value is short enough to stand inside it")
        return Present(whole)

    def _child_root(self, root: Hash256, child_id: bytes) -> Hash256 | Absent | Incomplete:
        found = self.read(root, child_root_key(child_id))
        if not isinstance(found, Present):
            return found
        if len(found.value) != HASH_BYTES:
            raise MalformedNode("the root of a child trie does not have 32 bytes")
        return Hash256(found.value)


def child_root_key(child_id: bytes) -> bytes:
    """Where the state keeps the root of a default child trie."""
    return CHILD_STORAGE + child_id


def encode_proof(entries: Sequence[bytes]) -> bytes:
    """A proof in its SCALE form; the opposite of `Proof.of_scale`."""
    return b"".join((compact(len(entries)), *map(blob, entries)))


def _ways_on(node: Node, path: str, wanted: str) -> list[tuple[str, bytes]]:
    """The children to walk next, the last first: all under the prefix, and above it the one that leads there."""
    if not node.children:
        return []
    if len(path) < len(wanted):
        child = node.children[int(wanted[len(path)], 16)] if wanted.startswith(path) else b""
        return [(wanted[: len(path) + 1], child)] if child else []
    if not path.startswith(wanted):
        return []
    if len(path) >= KEY_DIGITS_MAX:
        raise MalformedNode(f"it leads to keys of more than {KEY_DIGITS_MAX} digits")
    return [(path + digit, child) for digit, child in zip(_DIGITS_DOWN, reversed(node.children), strict=True) if child]


def _key_of(path: str) -> bytes:
    if len(path) % 2:
        raise MalformedNode("a value at half a byte of a key")
    return bytes.fromhex(path)
