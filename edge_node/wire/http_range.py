"""Range, If-Range, If-None-Match and Content-Range of one representation of known size (RFC 9110 sections 13, 14).

One range is honoured. Several are answered with the whole, which section 14.2 allows: no client we serve asks for
multipart/byteranges, and a list of overlapping ranges is a known way to make a server work for nothing.
"""

import re
from dataclasses import dataclass

from edge_node.base.errors import Refusal

_ONE_RANGE = re.compile(r"bytes=[ \t]*(?:([0-9]{1,18})-([0-9]{1,18})?|-([0-9]{1,18}))[ \t]*", re.IGNORECASE)


class RangeNotSatisfiable(Refusal):
    """The range asked for lies wholly outside the representation; `size` is what there is."""

    slug = "range-not-satisfiable"
    status = 416
    remedy = "Ask for a range that begins inside the representation."

    def __init__(self, size: int) -> None:
        self.size = size
        super().__init__(f"the range lies outside the {size} bytes there are")


@dataclass(frozen=True, slots=True)
class ByteRange:
    """Bytes `start` up to and without `stop` of `size`; never empty."""

    start: int
    stop: int
    size: int

    @property
    def length(self) -> int:
        """How many bytes the range has."""
        return self.stop - self.start

    def content_range(self) -> str:
        """The Content-Range value of a 206."""
        return f"bytes {self.start}-{self.stop - 1}/{self.size}"


def unsatisfied_content_range(size: int) -> str:
    """The Content-Range value of a 416."""
    return f"bytes */{size}"


def parse_range(header: str | None, size: int) -> ByteRange | None:
    """The one range to serve, or None for the whole; RangeNotSatisfiable when nothing of it exists.

    Malformed ranges, other units and lists of ranges are ignored: the whole is served, as section 14.2 wants.
    """
    asked = _ONE_RANGE.fullmatch(header) if header is not None else None
    if asked is None:
        return None
    first, last, suffix = asked.groups()
    if suffix is not None:
        start, stop = max(0, size - int(suffix)), size
    else:
        start, stop = int(first), size if last is None else min(size, int(last) + 1)
        if last is not None and int(last) < start:
            return None  # an invalid range, not an unsatisfiable one
    if start >= size or start >= stop:
        raise RangeNotSatisfiable(size)
    return ByteRange(start, stop, size)


def range_applies(if_range: str | None, etag: str) -> bool:
    """Whether a Range may be honoured under If-Range: only for the same strong entity tag (section 13.1.5).

    A date never matches: immutable content has tags, and a weak or older validator must lead to the whole.
    """
    return if_range is None or (if_range == etag and not etag.startswith("W/"))


def is_known(if_none_match: str | None, etag: str) -> bool:
    """Whether the asker has the representation: its tag, strong or weak, or any (section 13.1.2)."""
    if if_none_match is None:
        return False
    tags = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
    return etag in tags or "*" in tags
