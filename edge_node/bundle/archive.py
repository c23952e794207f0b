"""The archive: the same parts give the same bytes, whole on the disk or not there, for its owner's eyes alone."""

import errno
import gzip
import io
import os
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from edge_node.base.errors import EdgeNodeError
from edge_node.base.limits import MIB

PART_MAX_BYTES = 4 * MIB  # a log of 1,000 lines has 1 MiB; nobody reads more
TOTAL_MAX_BYTES = 16 * MIB  # fits into a mail when packed
FOLDER = "edge-node-bundle"
_MODE = 0o600
_WITHOUT_LINKS = {errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK}


class BundleExists(EdgeNodeError):
    """A file stands where the bundle should go."""

    slug = "bundle-exists"
    remedy = "Name another file with --output; nothing is overwritten."

    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(f"{path} exists")


@dataclass(frozen=True, slots=True)
class Part:
    """One file of the bundle: what it is, and how many of what were taken out of it."""

    name: str
    content: bytes
    about: str
    removed: Mapping[str, int] = field(default_factory=dict)


def bounded(part: Part) -> Part:
    """The part, or its newest lines when it is too large; half a JSON document is none, so it goes as a whole."""
    if len(part.content) <= PART_MAX_BYTES:
        return part
    if part.name.endswith(".json"):
        return _left_out(part)
    note = f"# left out: {len(part.content) - PART_MAX_BYTES} bytes or more before this line\n".encode()
    tail = part.content[-(PART_MAX_BYTES - len(note)) :]
    lines = tail.partition(b"\n")[2]
    return Part(part.name, note + lines, part.about, {**part.removed, "line beyond the size bound": 1})


def within_total(parts: Sequence[Part]) -> list[Part]:
    """As many parts as fit, in order; the others with a note in their place."""
    kept: list[Part] = []
    left = TOTAL_MAX_BYTES
    for part in map(bounded, parts):
        fits = len(part.content) <= left
        kept.append(part if fits else _left_out(part))
        left -= len(part.content) if fits else 0
    return kept


def _left_out(part: Part) -> Part:
    note = b'{"left_out_bytes": %d}\n' % len(part.content)
    return Part(part.name, note, part.about, {**part.removed, "file beyond the size bound": 1})


def pack(parts: Sequence[Part], made_ms: int) -> bytes:
    """A tar.gz of the parts in the order of their names; times are those of the bundle, owners nobody's."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for part in sorted(parts, key=lambda part: part.name):
            entry = tarfile.TarInfo(f"{FOLDER}/{part.name}")
            entry.size, entry.mode, entry.mtime = len(part.content), _MODE, made_ms // 1_000
            archive.addfile(entry, io.BytesIO(part.content))
    return gzip.compress(raw.getvalue(), mtime=made_ms // 1_000)


def write_archive(path: Path, content: bytes) -> None:
    """Write a new file, mode 0600, durable and whole on return; BundleExists rather than overwrite, OSError."""
    if path.exists():
        raise BundleExists(path)
    draft = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, _MODE)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        _name(draft, path)
    finally:
        draft.unlink(missing_ok=True)
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def _name(draft: Path, path: Path) -> None:
    """Give the finished file its name; a link, unlike a rename, never takes another file's place."""
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        raise BundleExists(path) from None
    except OSError as error:
        if error.errno not in _WITHOUT_LINKS:
            raise
        draft.rename(path)  # a stick with FAT on it has no links
