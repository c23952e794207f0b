"""Request targets and hosts: split, percent-decode once, refuse the ambiguous (RFC 3986, RFC 9112 section 3.2)."""

import ipaddress
import re
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from edge_node.wire.http1_errors import MalformedHost, MalformedTarget

_HOST = re.compile(rb"(?:[A-Za-z0-9_-][A-Za-z0-9._-]{0,252}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")
_ABSOLUTE = re.compile(r"(?i:https?)://([^/?]+)(.*)")
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_UNSAFE = re.compile(r"[\x00-\x1f\x7f]")


class Target(NamedTuple):
    """A target's parts as received: `path` and `query` still percent-encoded, `authority` None in origin form."""

    path: str
    query: str
    authority: str | None


def split_target(method: str, target: str) -> Target:
    """Cut an origin-form or absolute-form target (`*` for OPTIONS); MalformedTarget otherwise.

    `target` is visible ASCII without `#` (the head's grammar saw to that).
    """
    if target[0] == "/":
        path, _, query = target.partition("?")
        return Target(path, query, None)
    if target == "*" and method == "OPTIONS":
        return Target("*", "", None)
    absolute = _ABSOLUTE.fullmatch(target)
    if absolute is None:
        raise MalformedTarget("the target is neither a path nor an http URL")
    path, _, query = absolute[2].partition("?")
    return Target(path or "/", query, absolute[1])


def decode_path(path: str) -> str:
    """Percent-decode a path once; MalformedTarget for bad escapes, bad UTF-8, controls and dot segments."""
    if "%" in path:
        path = decode_component(path)
    # Nothing we serve needs them, and a proxy that resolves them sees another path than we do.
    if "/." in path and any(segment in {".", ".."} for segment in path.split("/")):
        raise MalformedTarget("the path has dot segments")
    return path


def decode_component(text: str) -> str:
    """Percent-decode once to UTF-8 text without control characters; MalformedTarget otherwise."""
    if _BAD_ESCAPE.search(text):
        raise MalformedTarget("a percent sign without two hex digits")
    try:
        decoded = unquote_to_bytes(text).decode("utf-8")
    except UnicodeDecodeError:
        raise MalformedTarget("percent-encoded bytes are not UTF-8") from None
    if _UNSAFE.search(decoded):
        raise MalformedTarget("percent-encoded control characters")
    return decoded


def parse_query(query: str) -> list[tuple[str, str]]:
    """Names and values of a query in order, decoded once, `+` as space (WHATWG form encoding)."""
    pairs = []
    for part in query.split("&"):
        if part:
            name, _, value = part.partition("=")
            pairs.append((decode_component(name.replace("+", " ")), decode_component(value.replace("+", " "))))
    return pairs


def check_host(host: bytes) -> None:
    """Refuse a Host that is not a name or a literal address with an optional port."""
    if not _HOST.fullmatch(host):
        raise MalformedHost("Host is not a name or an address with an optional port")


def host_name(host: str) -> str:
    """The name in a valid Host value: lower case, without port, brackets and a final dot."""
    if host.startswith("["):
        return host[1 : host.index("]")].lower()
    return host.partition(":")[0].lower().removesuffix(".")


def is_loopback_name(name: str) -> bool:
    """Whether a host name means this machine by definition (RFC 6761 section 6.3)."""
    return name == "localhost" or name.endswith(".localhost")


def is_literal_address(name: str) -> bool:
    """Whether a host name is an IPv4 or IPv6 address: such a name cannot be rebound by a DNS server."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
