"""State tries as a chain's node keeps them: built, changed with every untouched node shared, and proved.

The nodes exist as objects; encoding and hash of each are made when they are first asked for and then kept, so a block
costs what it touches. A trie never changes: `updated` makes another one.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from operator import is_
from typing import Final

from edge_node.base.digests import blake2b_256
from edge_node.base.errors import LocalError
from edge_node.base.ids import Hash256
from edge_node.chain_light.trie_node import (
    EMPTY_NODE,
    EMPTY_ROOT,
    HASH_BYTES,
    HASHED_FROM_BYTES,
    KEY_BYTES_MAX,
    Node,
    encode_node,
    reference_of,
)

STATE_VERSIONS: Final = (0, 1)

# Branches on the way to one key: each wants a digit at which keys part, so a state of hashed keys has some eight.
# Building is recursive, and Python's stack ends at 1,000.
DEPTH_MAX: Final = 200
_DIGITS: Final = "0123456789abcdef"


_Change = tuple[str, bytes | None]


class KeyTooLong(LocalError):
    """A key is longer than any reader of a proof takes."""

    def __init__(self, size: int) -> None:
        self.size = size
        super().__init__(f"a storage key of {size} bytes, where {KEY_BYTES_MAX} are the most")


class KeysTooDeep(LocalError):
    """Keys part at more places than a trie is built for."""

    def __init__(self) -> None:
        super().__init__(f"more than {DEPTH_MAX} branches on the way to one storage key")


class UnknownStateVersion(LocalError):
    """A state is to be kept in a version there is not."""

    def __init__(self, version: int) -> None:
        self.version = version
        super().__init__(f"there is no state version {version}")


class _Twig:
    """One node as an object; None stands for a child that is not there, a leaf has 16 of those."""

    __slots__ = ("children", "encoded", "partial", "reference", "value")

    def __init__(self, partial: str, value: bytes | None, children: "tuple[_Twig | None, ...]") -> None:
        self.partial, self.value, self.children = partial, value, children
        self.encoded = self.reference = b""

    def settle(self, version: int) -> bytes:
        """Encode it and all below it that is not encoded yet; how its parent names it."""
        if not self.reference:
            value, hashed = self.value, self.stands_apart(version)
            if value is not None and hashed:
                value = blake2b_256(value)
            children = [b"" if child is None else child.settle(version) for child in self.children]
            self.encoded = encode_node(Node(self.partial, value, hashed, tuple(children) if any(children) else ()))
            self.reference = reference_of(self.encoded)
        return self.reference

    def stands_apart(self, version: int) -> bool:
        """Whether its value is an entry of its own."""
        return version == 1 and self.value is not None and len(self.value) >= HASHED_FROM_BYTES


_NO_CHILDREN: Final[tuple[_Twig | None, ...]] = (None,) * 16


class Trie:
    """A state: keys and values under one root. `version` 0 keeps values in the nodes, 1 those of 33 bytes on apart.

    KeyTooLong and KeysTooDeep from everything that takes keys to keep.
    """

    __slots__ = ("_root", "_top", "version")

    def __init__(self, pairs: Mapping[bytes, bytes], version: int) -> None:
        if version not in STATE_VERSIONS:
            raise UnknownStateVersion(version)
        self.version = version
        """The state version all its nodes are written in."""
        self._top = _change(None, pairs)
        self._root: Hash256 | None = None

    @property
    def root(self) -> Hash256:
        """The state root; the first look hashes what was touched since it was last known."""
        if self._root is None:
            if self._top is None:
                self._root = EMPTY_ROOT
            else:
                self._top.settle(self.version)
                self._root = Hash256(blake2b_256(self._top.encoded))
        return self._root

    def updated(self, changes: Mapping[bytes, bytes | None]) -> "Trie":
        """This state with some values set, those of None taken away; this one stays as it is."""
        other = Trie({}, self.version)
        other._top = _change(self._top, changes)
        return other

    def get(self, key: bytes) -> bytes | None:
        """The value at `key`."""
        path, at, twig = key.hex(), 0, self._top
        while twig is not None and path.startswith(twig.partial, at):
            at += len(twig.partial)
            if at == len(path):
                return twig.value
            twig, at = twig.children[int(path[at], 16)], at + 1
        return None

    def pairs(self, prefix: bytes = b"") -> Iterator[tuple[bytes, bytes]]:
        """All keys that begin with `prefix` and their values, ascending."""
        for path, twig in self._under(prefix.hex()):
            if twig.value is not None and path.startswith(prefix.hex()):
                yield bytes.fromhex(path), twig.value

    def prove(self, keys: Iterable[bytes]) -> list[bytes]:
        """The entries that tell of each key what is there, or that nothing is; each once, parents first."""
        entries = self._first_entry()
        for key in keys:
            path, at, twig = key.hex(), 0, self._top
            while twig is not None:
                self._add(entries, twig)
                end = at + len(twig.partial)
                if end >= len(path) or not path.startswith(twig.partial, at):
                    if path[at:] == twig.partial:
                        self._add_value(entries, twig)
                    break
                twig, at = twig.children[int(path[end], 16)], end + 1
        return list(entries.values())

    def prove_prefix(self, prefix: bytes) -> list[bytes]:
        """The entries that tell all keys under `prefix` with their values, and that there are no others."""
        entries, wanted = self._first_entry(), prefix.hex()
        for path, twig in self._under(wanted):
            self._add(entries, twig)
            if path.startswith(wanted):
                self._add_value(entries, twig)
        return list(entries.values())

    def _under(self, wanted: str) -> Iterator[tuple[str, _Twig]]:
        """The nodes on the way to a prefix and all under it, each with the path up to its end; parents first."""
        ahead = [] if self._top is None else [("", self._top)]
        while ahead:
            base, twig = ahead.pop()
            path = base + twig.partial
            yield path, twig
            if path.startswith(wanted) or wanted.startswith(path):
                # Above the prefix only the digit that leads there, under it every one.
                digits = reversed(_DIGITS) if len(path) >= len(wanted) else wanted[len(path)]
                ahead += [(path + digit, child) for digit in digits if (child := twig.children[int(digit, 16)])]

    def _first_entry(self) -> dict[bytes, bytes]:
        """A proof to begin with: its root, which is hashed whatever its size."""
        root = self.root
        return {root: EMPTY_NODE if self._top is None else self._top.encoded}

    def _add(self, entries: dict[bytes, bytes], twig: _Twig) -> None:
        if len(twig.reference) == HASH_BYTES:
            entries[twig.reference] = twig.encoded

    def _add_value(self, entries: dict[bytes, bytes], twig: _Twig) -> None:
        if twig.value is not None and twig.stands_apart(self.version):
            entries[blake2b_256(twig.value)] = twig.value


def join_proofs(proofs: Iterable[Iterable[bytes]]) -> list[bytes]:
    """Several proofs as one, each entry once: of a state, and of the child tries whose roots it holds."""
    return list(dict.fromkeys(entry for proof in proofs for entry in proof))


def _change(top: _Twig | None, changes: Mapping[bytes, bytes | None]) -> _Twig | None:
    if not changes:
        return top
    longest = max(map(len, changes))
    if longest > KEY_BYTES_MAX:
        raise KeyTooLong(longest)
    return _merge(top, sorted((key.hex(), value) for key, value in changes.items()), 0, 0)


def _merge(twig: _Twig | None, changes: list[_Change], at: int, depth: int) -> _Twig | None:
    """What stands where `twig` stood, after `changes`: some, ascending, and alike in their first `at` digits."""
    if depth > DEPTH_MAX:
        raise KeysTooDeep
    if twig is None:
        changes = [change for change in changes if change[1] is not None]
        if not changes:
            return None
        twig = _Twig(changes[0][0][at:], None, _NO_CHILDREN)
    # What the first and the last of them share with the partial key, those between share too: they are sorted.
    shared = min(_shared(twig.partial, changes[0][0], at), _shared(twig.partial, changes[-1][0], at))
    if shared < len(twig.partial):
        felt = [change for change in changes if change[1] is not None or change[0].startswith(twig.partial, at)]
        if len(felt) < len(changes):  # what is not there was to be taken away, and may not part anything
            return _merge(twig, felt, at, depth) if felt else twig
        twig = _parted(twig, shared)
    end, value, children = at + shared, twig.value, list(twig.children)
    if len(changes[0][0]) == end:
        value = changes[0][1]
        changes = changes[1:]
    for digit, group in groupby(changes, lambda change: change[0][end]):
        place = int(digit, 16)
        children[place] = _merge(children[place], list(group), end + 1, depth + 1)
    return _tidied(twig, value, tuple(children))


def _shared(partial: str, path: str, at: int) -> int:
    """How many digits `partial` and `path` from `at` on have in common."""
    if path.startswith(partial, at):
        return len(partial)
    return next((count for count, digit in enumerate(partial) if at + count == len(path) or path[at + count] != digit))


def _parted(twig: _Twig, shared: int) -> _Twig:
    """The same node below a branch that takes over its first `shared` digits."""
    lower = None
    if twig.value is not None or any(twig.children):
        lower = _Twig(twig.partial[shared + 1 :], twig.value, twig.children)
    place = int(twig.partial[shared], 16)
    return _Twig(twig.partial[:shared], None, (None,) * place + (lower,) + (None,) * (15 - place))


def _tidied(twig: _Twig, value: bytes | None, children: tuple[_Twig | None, ...]) -> _Twig | None:
    """`twig` with this value and these children in its one form; itself, encoding and all, when nothing changed."""
    rest = [place for place, child in enumerate(children) if child is not None]
    if value is None and not rest:
        return None
    if value is None and len(rest) == 1:
        child = children[rest[0]]
        assert child is not None
        return _Twig(twig.partial + _DIGITS[rest[0]] + child.partial, child.value, child.children)
    if value == twig.value and all(map(is_, children, twig.children)):
        return twig
    return _Twig(twig.partial, value, children)
