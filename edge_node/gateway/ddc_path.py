"""What the path of a bucket URL may mean: a CID or a name, and a link's path below it (docs/specs/http.md, Buckets)."""

from collections.abc import Iterator
from dataclasses import dataclass

from edge_node.serving.refusals import PathUnknown
from edge_node.wire.http1_target import decode_component

BUCKET_MAX = 2**64 - 1
INDEX = "index.html"


@dataclass(frozen=True, slots=True)
class BucketPath:
    """`/{bucket}/{root}` and what follows: None when nothing does, "" after a slash; each decoded once."""

    bucket: int
    root: str
    path: str | None

    @property
    def names(self) -> Iterator[tuple[str, str | None]]:
        """Which CNS name the path may begin with and what is below it, the first that exists counts.

        Names contain slashes as paths do: the whole is tried before the first segment. A site under such a name is
        reached with its slashes escaped, which keeps them inside the first segment.
        """
        if self.path:
            yield f"{self.root}/{self.path}", None
        yield self.root, self.path

    @property
    def slashed(self) -> str:
        """Where a directory's own relative links resolve, relative to this path (still to be escaped)."""
        return (self.path or self.root).rpartition("/")[2] + "/"


def plan_path(raw_path: str) -> BucketPath:
    """Read a path as it came; PathUnknown unless it is a bucket's number and something in it.

    Segments are parted before they are decoded, so an escaped slash never changes which of them is the root.
    """
    _, bucket, root, *rest = raw_path.split("/", 3)
    if not root or not bucket.isdigit() or int(bucket) > BUCKET_MAX:
        raise PathUnknown(decode_component(raw_path))
    return BucketPath(int(bucket), decode_component(root), decode_component(rest[0]) if rest else None)


def links_of(path: str) -> Iterator[str]:
    """The link paths that stand for `path` below a root: itself, and its index for a directory's."""
    if path:
        yield path
    if not path or path.endswith("/"):
        yield path + INDEX


def index_of(path: str | None) -> str:
    """The link path of the index that a directory without its slash would have."""
    return f"{path}/{INDEX}" if path else INDEX
