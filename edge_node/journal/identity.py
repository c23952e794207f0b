"""NODE: who this data directory is and which format it has, written once and replaced whole."""

from collections.abc import Callable
from typing import Final

import msgspec

from edge_node.base.clock import Clock
from edge_node.journal.errors import IdentityUnreadable, NewerFormat
from edge_node.journal.files import FileLayer, read_file, replace_file
from edge_node.paths import Paths

DIRECTORY_FORMAT: Final = 1
_LONGEST = 4096


class NodeIdentity(msgspec.Struct, frozen=True, kw_only=True):
    """The content of NODE; `incarnation` rises when a backup is restored. Unknown fields are tolerated."""

    format: int
    id: str
    created_ms: int
    incarnation: int


def read_identity(paths: Paths, files: FileLayer) -> NodeIdentity | None:
    """NODE's content, None without one; IdentityUnreadable or NewerFormat otherwise."""
    try:
        raw = read_file(files, paths.identity, _LONGEST)
    except FileNotFoundError:
        return None
    try:
        identity = msgspec.json.decode(raw, type=NodeIdentity)
    except msgspec.MsgspecError as error:
        raise IdentityUnreadable(str(paths.identity), str(error)) from None
    if identity.format > DIRECTORY_FORMAT:
        raise NewerFormat(str(paths.identity), identity.format, DIRECTORY_FORMAT)
    return identity


def ensure_identity(paths: Paths, files: FileLayer, random: Callable[[int], bytes], clock: Clock) -> NodeIdentity:
    """NODE's content, written now if the directory is new; IdentityUnreadable when segments lie beside no NODE."""
    known = read_identity(paths, files)
    if known is not None:
        return known
    if paths.segments.name in files.names(paths.root) and _holds_segments(paths, files):
        raise IdentityUnreadable(str(paths.identity), "it is missing beside segments")
    fresh = NodeIdentity(format=DIRECTORY_FORMAT, id=random(16).hex(), created_ms=clock.now_ms(), incarnation=1)
    replace_file(files, paths.identity, msgspec.json.encode(fresh) + b"\n")
    return fresh


def _holds_segments(paths: Paths, files: FileLayer) -> bool:
    classes = files.names(paths.segments)
    return any(files.names(paths.segments / name) for name in classes)
