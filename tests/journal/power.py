"""A disk that can lose power: what was not synced survives page by page as chance has it, or not at all."""

import random  # noqa: TID251 - a seeded model of chance, so that every run is the same
from dataclasses import dataclass, field
from pathlib import Path

from edge_node.journal.files import Space

PAGE = 4096


class PowerCut(BaseException):
    """The power is gone; nothing after it reaches the disk."""


@dataclass
class Node:
    """A file: what readers see, what the medium has, and which pages differ."""

    seen: bytearray = field(default_factory=bytearray)
    medium: bytearray = field(default_factory=bytearray)
    dirty: set[int] = field(default_factory=set)

    def write(self, content: bytes, offset: int) -> None:
        end = offset + len(content)
        self.resize(max(end, len(self.seen)))
        self.seen[offset:end] = content
        self.dirty.update(range(offset // PAGE, (end + PAGE - 1) // PAGE))

    def resize(self, length: int) -> None:
        if length < len(self.seen):
            del self.seen[length:]
            self.dirty = {page for page in self.dirty if page * PAGE < length}
        else:
            self.seen.extend(bytes(length - len(self.seen)))

    def sync(self) -> None:
        self.medium, self.dirty = bytearray(self.seen), set()

    def after_cut(self, chance: random.Random) -> "Node":
        """The medium as the next boot finds it: any subset of the unsynced pages, either length."""
        left = bytearray(self.medium)
        length = chance.choice((len(self.medium), len(self.seen)))
        if length < len(left):
            del left[length:]
        left.extend(bytes(length - len(left)))
        odds = chance.choice((0.0, 0.3, 0.7, 1.0))
        for page in sorted(self.dirty):
            if chance.random() < odds:
                start, content = page * PAGE, self.seen[page * PAGE : (page + 1) * PAGE]
                if chance.random() < 0.2:
                    # A page is several sectors, and a dying disk may write only some of them.
                    content = content[: 512 * chance.randrange(1, 8)]
                if len(left) < start + len(content):
                    left.extend(bytes(start + len(content) - len(left)))
                left[start : start + len(content)] = content
        return Node(bytearray(left), left)


@dataclass
class Change:
    """A change of names that the directory has not synced: a creation, a removal, or both at once (a rename)."""

    directory: Path
    removed: tuple[Path, ...] = ()
    added: tuple[tuple[Path, Node], ...] = ()

    def make(self, names: dict[Path, Node]) -> None:
        for path in self.removed:
            names.pop(path, None)
        names.update(self.added)


class PowerDisk:
    """A FileLayer in memory. `cut_at` is the operation during which the power goes; None for never."""

    def __init__(self, chance: random.Random, names: dict[Path, Node] | None = None) -> None:
        self.chance = chance
        self.seen, self.medium = dict(names or {}), dict(names or {})
        self.folders: set[Path] = {path.parent for path in self.seen}
        self.changes: list[Change] = []
        self.open: dict[int, Node] = {}
        self.operations, self.dead = 0, False
        self.cut_at: int | None = None
        self.total = 1 << 30

    def tick(self) -> None:
        """Count an operation, and stop at the one during which the power goes."""
        self.operations += 1
        if self.dead or (self.cut_at is not None and self.operations >= self.cut_at):
            self.dead = True
            raise PowerCut

    def after_cut(self) -> "PowerDisk":
        """The disk as the next boot finds it."""
        names = dict(self.medium)
        odds = self.chance.choice((0.0, 0.5, 1.0))
        for change in self.changes:
            if self.chance.random() < odds:
                change.make(names)
        fresh = PowerDisk(self.chance, {path: node.after_cut(self.chance) for path, node in names.items()})
        fresh.folders |= self.folders
        return fresh

    def after_kill(self) -> "PowerDisk":
        """The disk as the next process finds it: what was written is seen, and still not synced."""
        self.dead, self.cut_at = False, None
        return self

    def _opened(self, node: Node) -> int:
        number = len(self.open) + 3
        self.open[number] = node
        return number

    def _node(self, path: Path) -> Node:
        if path not in self.seen:
            raise FileNotFoundError(2, "no such file", str(path))
        return self.seen[path]

    def _change(self, change: Change) -> None:
        change.make(self.seen)
        self.changes.append(change)

    def open_read(self, path: Path) -> int:
        return self._opened(self._node(path))

    def open_write(self, path: Path) -> int:
        return self._opened(self._node(path))

    def create(self, path: Path) -> int:
        self.tick()
        if path in self.seen:
            raise FileExistsError(17, "it exists", str(path))
        node = Node()
        self._change(Change(path.parent, added=((path, node),)))
        return self._opened(node)

    def close(self, descriptor: int) -> None:
        self.open[descriptor] = Node()

    def size(self, descriptor: int) -> int:
        return len(self.open[descriptor].seen)

    def pread(self, descriptor: int, length: int, offset: int) -> bytes:
        return bytes(self.open[descriptor].seen[offset : offset + length])

    def pwritev(self, descriptor: int, buffers, offset: int) -> int:
        content = b"".join(buffers)
        try:
            self.tick()
        except PowerCut:
            self.open[descriptor].write(content[: self.chance.randrange(len(content) + 1)], offset)
            raise
        self.open[descriptor].write(content, offset)
        return len(content)

    def fdatasync(self, descriptor: int) -> None:
        self.tick()
        self.open[descriptor].sync()

    def start_writeback(self, descriptor: int, offset: int, length: int) -> None:
        pass  # any unsynced page may survive as it is

    def truncate(self, descriptor: int, length: int) -> None:
        self.tick()
        self.open[descriptor].resize(length)

    def allocate(self, descriptor: int, offset: int, length: int) -> None:
        self.tick()
        node = self.open[descriptor]
        node.resize(max(len(node.seen), offset + length))

    def forget_cached(self, descriptor: int) -> None:
        pass

    def names(self, directory: Path) -> list[str]:
        if directory not in self.folders and not any(path.parent == directory for path in self.seen):
            raise FileNotFoundError(2, "no such directory", str(directory))
        below = [path for path in (*self.seen, *self.folders) if path.parent == directory]
        return sorted({path.name for path in below})

    def make_directory(self, path: Path) -> None:
        self.folders.add(path)

    def rename(self, source: Path, target: Path) -> None:
        self.tick()
        self._change(Change(source.parent, (source,), ((target, self._node(source)),)))

    def unlink(self, path: Path) -> None:
        self.tick()
        self._node(path)
        self._change(Change(path.parent, (path,)))

    def sync_directory(self, path: Path) -> None:
        self.tick()
        for change in self.changes:
            if change.directory == path:
                change.make(self.medium)
        self.changes = [change for change in self.changes if change.directory != path]

    def space(self, path: Path) -> Space:
        return Space(self.total, self.total)

    def lock(self, path: Path) -> int:
        return self._opened(Node())


class NeverSyncs(PowerDisk):
    """A mutant: what is called synced stays in memory only."""

    def fdatasync(self, descriptor: int) -> None:
        self.tick()

    def after_cut(self) -> "PowerDisk":
        fresh = super().after_cut()
        mutant = NeverSyncs(self.chance, fresh.seen)
        mutant.folders |= fresh.folders
        return mutant


class ForgetsNames(PowerDisk):
    """A mutant: directories are never synced."""

    def sync_directory(self, path: Path) -> None:
        self.tick()

    def after_cut(self) -> "PowerDisk":
        fresh = super().after_cut()
        mutant = ForgetsNames(self.chance, fresh.seen)
        mutant.folders |= fresh.folders
        return mutant
