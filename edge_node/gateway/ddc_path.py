"""What the path of a bucket URL may mean: a CID or a name, and a link's path below it (docs/specs/http.md, Buckets)."""

from collections.abc import Iterator
from dataclasses import dataclass

from edge_node.serving.refusals import PathUnknown
from edge_node.wire.http1_target import decode_component

UINT64_MAX = 2**64 - 1
BUCKET_DIGITS_MAX = len(str(UINT64_MAX))  # looked at first: int() refuses a text of thousands of digits in its own way
NAME_MAX = 255  # characters of a CNS name
NAME_SEGMENTS_MAX = 8  # looked for one by one; a name with more slashes is reached with them escaped
INDEX = "index.html"


@dataclass(frozen=True, slots=True)
class BucketPath:
    """`/{bucket}/{root}` and what follows: None when nothing does, "" after a slash; each decoded once."""

    bucket: int
    root: str
    path: str | None

    @property
    def names(self) -> Iterator[tuple[str, str | None]]:
        """Which CNS name the path may begin with and what is below it, the longest first; the first that exists counts.

        Names contain slashes as paths do, so a name is one or more whole segments of the path.
        """
        if self.path is None:
            segments: list[str] = []
        else:
            segments = self.path.split("/")
        for count in range(min(len(segments), NAME_SEGMENTS_MAX - 1), -1, -1):
            name, below = "/".join((self.root, *segments[:count])), segments[count:]
            if len(name) <= NAME_MAX and (not count or segments[count - 1]):
                yield name, "/".join(below) if below else None


def plan_path(raw_path: str) -> BucketPath:
    """Read a path as it came; PathUnknown unless it is a bucket's number and something in it.

    Segments are parted before they are decoded, so an escaped slash never changes which of them is the root.
    """
    _, bucket, root, *rest = raw_path.split("/", 3)
    if not root:
        raise PathUnknown(decode_component(raw_path))
    path = decode_component(rest[0]) if rest else None
    return BucketPath(read_bucket(bucket, raw_path), decode_component(root), path)


def read_bucket(text: str, path: str) -> int:
    """A bucket's number of 64 bits; PathUnknown for `path` otherwise."""
    if not (text.isascii() and text.isdigit() and len(text) <= BUCKET_DIGITS_MAX) or int(text) > UINT64_MAX:
        raise PathUnknown(path)
    return int(text)


def with_slash(raw_path: str, query: str) -> str:
    """The same URL as a directory's, relative to itself, so that the links of its index resolve below it."""
    place = f"./{raw_path.rpartition('/')[2]}/"  # with `./` because a name may look like a scheme
    return f"{place}?{query}" if query else place


def index_of(path: str | None) -> str:
    """The link path of a directory's index; `path` with its slash or without, None for the root."""
    return f"{path.rstrip('/')}/{INDEX}" if path and path.strip("/") else INDEX


def is_directory(path: str | None) -> bool:
    """Whether a path was asked for as a directory: by its slash."""
    return path is not None and (not path or path.endswith("/"))
