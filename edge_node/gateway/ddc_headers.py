"""The headers of bucket content: read by pages of any origin, and itself of none (ARCHITECTURE section 7).

Every bucket shares this node's origin, and anybody may be the author of a page in one. So whatever a browser makes of
content is put into a sandbox without `allow-same-origin`: its origin is opaque, it has no storage, no cookies and no
service worker, and to the node and to every other bucket it is a stranger's page. What protects a private bucket is
the token alone, which no browser sends by itself; so pages of any origin may read what they have a token for.
"""

from edge_node.serving import Response
from edge_node.wire.content_type import is_saved

Headers = tuple[tuple[str, str], ...]

# Forms, windows, downloads, pointer lock and navigating others stay forbidden too.
SANDBOX = "sandbox allow-scripts"
# On every answer of these paths, refusals too: a page learns why. The URL may hold a token, so it is in no Referer.
STANDING: Headers = (
    ("access-control-allow-origin", "*"),
    ("access-control-expose-headers", "Accept-Ranges, Content-Disposition, Content-Length, Content-Range, ETag"),
    ("cross-origin-resource-policy", "cross-origin"),  # a sandboxed page's own images come from another origin
    ("content-security-policy", SANDBOX),
    ("referrer-policy", "no-referrer"),
)
CHALLENGE = ("www-authenticate", 'Bearer realm="ddc"')
PREFLIGHT: Headers = (
    *STANDING,
    ("access-control-allow-methods", "GET, HEAD, OPTIONS"),
    ("access-control-allow-headers", "Authorization, If-None-Match, If-Range, Range, Request, Token"),
    ("access-control-max-age", "86400"),
)
FOR_EVER_S = 31_536_000  # a year, as RFC 9111 caches take it


def cache_headers(*, public: bool, max_age_s: int | None) -> Headers:
    """How long who may keep an answer; `max_age_s` None: content under its CID never changes.

    A private bucket's answer depends on the headers a token may come in, and only the asker keeps it.
    """
    scope = "public" if public else "private"
    life = f"immutable, max-age={FOR_EVER_S}" if max_age_s is None else f"max-age={max_age_s}"
    kept = ("cache-control", f"{scope}, {life}")
    return (kept,) if public else (kept, ("vary", "Authorization, Token"))


def type_headers(media_type: str) -> Headers:
    """What the content is, and whether a browser keeps it as a file."""
    said = ("content-type", media_type)
    return (said, ("content-disposition", "attachment")) if is_saved(media_type) else (said,)


def open_to_pages(problem: Response) -> Response:
    """A refusal of these paths as a page of any origin may read it."""
    headers: list[tuple[str, str]] = [*STANDING]
    headers += [CHALLENGE if name == CHALLENGE[0] else (name, value) for name, value in problem.headers]
    return Response(problem.status, headers, problem.body)
