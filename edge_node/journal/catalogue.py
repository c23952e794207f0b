"""Which segments a class has, as far as names, headers and footers tell; nothing is scanned here."""

import re
from dataclasses import dataclass
from pathlib import Path

from edge_node.base.log import get_log
from edge_node.journal.errors import NewerFormat
from edge_node.journal.files import FileLayer, read_around_damage
from edge_node.journal.footer import FOOTER_MAX_BYTES, FOOTER_VERSION, Footer, decode_footer
from edge_node.journal.open_segment import footer_path, segment_path
from edge_node.journal.segment import SEGMENT_HEADER_BYTES, SEGMENT_VERSION, decode_segment_header

_SEGMENT_NAME = re.compile(r"(\d{8,19})\.seg")
_FOOTER_NAME = re.compile(r"(\d{8,19})\.sum")

log = get_log("journal")


@dataclass(frozen=True, slots=True)
class SegmentFile:
    """One segment on disk. `salt` is None when neither header, footer nor the caller's hint knows it."""

    number: int
    size: int
    salt: bytes | None
    header_sound: bool
    footer: Footer | None

    @property
    def end(self) -> int:
        """Where its records end at the latest."""
        return self.footer.end if self.footer else self.size


def list_segments(files: FileLayer, directory: Path, hint: tuple[int, bytes] | None) -> list[SegmentFile]:
    """All segments of a class by number; `hint` is a (number, salt) remembered elsewhere.

    NewerFormat when a header or footer is of a later release.
    """
    names = files.names(directory)
    numbers = sorted(int(match[1]) for name in names if (match := _SEGMENT_NAME.fullmatch(name)))
    footers = {int(match[1]) for name in names if (match := _FOOTER_NAME.fullmatch(name))}
    found = []
    for number in numbers:
        footer = _read_footer(files, footer_path(directory, number), number) if number in footers else None
        found.append(_inspect(files, segment_path(directory, number), number, footer, hint))
    return found


def sweep_debris(files: FileLayer, directory: Path) -> None:
    """Remove what a crash between two steps leaves: drafts of footers, footers without a segment."""
    names = set(files.names(directory))
    for name in sorted(names):
        match = _FOOTER_NAME.fullmatch(name)
        if name.endswith(".tmp") or (match and f"{match[1]}.seg" not in names):
            files.unlink(directory / name)


def unlink_segment(files: FileLayer, directory: Path, number: int) -> None:
    """Remove a sealed segment and its footer, durably; what is absent already is fine.

    The records go first: a footer without a segment is debris, a segment without a footer would be scanned again.
    """
    names = set(files.names(directory))
    there = [path for path in (segment_path(directory, number), footer_path(directory, number)) if path.name in names]
    for path in there:
        files.unlink(path)
    if there:  # a store that forgot over a restart what it removed asks for all of it again
        files.sync_directory(directory)


def _inspect(
    files: FileLayer, path: Path, number: int, footer: Footer | None, hint: tuple[int, bytes] | None
) -> SegmentFile:
    descriptor = files.open_read(path)
    try:
        size = files.size(descriptor)
        header = decode_segment_header(read_around_damage(files, descriptor, 0, SEGMENT_HEADER_BYTES))
    finally:
        files.close(descriptor)
    if header is not None and header.version > SEGMENT_VERSION:
        raise NewerFormat(str(path), header.version, SEGMENT_VERSION)
    sound = header is not None and header.number == number
    if header is not None and sound:
        salt: bytes | None = header.salt
    elif footer is not None:
        salt = footer.salt
    else:
        salt = hint[1] if hint is not None and hint[0] == number else None
    if footer is not None and (footer.salt != salt or footer.end > size):
        log.warning("footer.ignored", segment=str(path), reason="it does not fit the segment")
        footer = None
    return SegmentFile(number, size, salt, sound, footer)


def _read_footer(files: FileLayer, path: Path, number: int) -> Footer | None:
    descriptor = files.open_read(path)
    try:
        footer = decode_footer(read_around_damage(files, descriptor, 0, FOOTER_MAX_BYTES))
    finally:
        files.close(descriptor)
    if footer is None or footer.number != number:
        log.warning("footer.ignored", segment=str(path), reason="its digest is wrong")
        return None
    if footer.version > FOOTER_VERSION:
        raise NewerFormat(str(path), footer.version, FOOTER_VERSION)
    return footer
