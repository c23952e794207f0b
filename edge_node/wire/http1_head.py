"""One request head: raw bytes to a checked RequestHead, or a refusal (RFC 9112 sections 2-6).

Two readers must agree: a strict grammar over the raw bytes, and httptools, which cuts the fields. What either
refuses is refused, so that no leniency of one (bare LF, folded lines, spaces before a colon) becomes ours.
"""

import re
from dataclasses import dataclass

import httptools

from edge_node.base.limits import KIB
from edge_node.wire.http1_errors import (
    AmbiguousLength,
    ExpectationNotMet,
    HeadTooLarge,
    MalformedHost,
    MalformedRequest,
    MethodNotImplemented,
    TargetTooLong,
    VersionNotSupported,
)
from edge_node.wire.http1_fields import KNOWN_NAMES, Fields, join_repeated, lower_name
from edge_node.wire.http1_target import check_host, decode_path, split_target

METHODS = frozenset({b"GET", b"HEAD", b"POST", b"PUT", b"PATCH", b"DELETE", b"OPTIONS"})
CONTENT_LENGTH_DIGITS_MAX = 16  # 10 petabytes; every integer of that length is exact in every reader
_METHOD_AND_VERSION_BYTES = 40  # what a request line has besides its target: 20 + 2 spaces + "HTTP/1.1", rounded up

_HEAD = re.compile(
    rb"([A-Z]{1,20}) "
    rb"([!$-;=?-\[\]-~]++) "  # visible ASCII without " # < > \
    rb"HTTP/1\.([01])\r\n"
    rb"(?:[!#$%&'*+.^_`|~0-9A-Za-z-]++:[\t -~\x80-\xff]*+\r\n)*+"
    rb"\r\n"
)
_VERSION = re.compile(rb"[^\r\n]* (HTTP/[0-9]\.[0-9]|HTTP/[0-9])\r\n")
_OWS = b" \t"


@dataclass(frozen=True, slots=True)
class HeadLimits:
    """What one head may cost; `target_bytes` is well below `bytes` so that a 414 can be told from a 431."""

    bytes: int = 32 * KIB
    fields: int = 100  # browsers send about 20, SDKs about 10
    target_bytes: int = 8 * KIB  # RFC 9112 section 3 recommends 8000 at least


class RequestHead:
    """A request's method, target and fields, checked.

    `path` is percent-decoded once, `raw_path` and `query` are as received, `host` is the Host value ("" on an
    HTTP/1.0 request without one). `content_length` is None when no length was named; `has_body` says whether
    bytes follow. `upgrade` is the protocol asked for, a hint that may be ignored.
    """

    __slots__ = (
        "chunked", "content_length", "expects_continue", "fields", "has_body", "host", "keep_alive", "method",
        "minor", "path", "query", "raw_path", "target", "upgrade",
    )  # fmt: skip

    def __init__(self, method: str, target: str, minor: int, fields: Fields) -> None:
        self.method, self.target, self.minor, self.fields = method, target, minor, fields
        parts = split_target(method, target)
        self.raw_path, self.query = parts.path, parts.query
        self.path = decode_path(parts.path)
        self.host = _host(fields, minor, parts.authority)
        self.chunked = fields.raw("transfer-encoding") is not None
        self.content_length = _content_length(fields, minor)
        self.has_body = self.chunked or bool(self.content_length)
        self.upgrade: str | None = None
        connection = fields.raw("connection")
        self.keep_alive = minor == 1
        if connection is not None:
            self._read_connection(connection)
        expect = fields.raw("expect")
        self.expects_continue = expect is not None and _expects_continue(expect, minor)

    def _read_connection(self, raw: bytes) -> None:
        options = [option.strip(_OWS) for option in raw.lower().split(b",")]
        self.keep_alive = b"close" not in options and (self.minor == 1 or b"keep-alive" in options)
        if b"upgrade" in options and self.minor == 1:
            self.upgrade = self.fields.get("upgrade")


class _Sink:
    # httptools asks for its callbacks by attribute; a dict's own method keeps the hot path out of Python code.
    __slots__ = ("on_header",)

    def __init__(self, on_header: object) -> None:
        self.on_header = on_header


def parse_head(raw: bytes, limits: HeadLimits) -> RequestHead:
    """Parse a head from its first byte to the empty line; HttpBroken with the status to answer otherwise."""
    match = _HEAD.fullmatch(raw)
    if match is None:
        raise explain_head(raw)
    method, target, minor = match.groups()
    if len(target) > limits.target_bytes:
        raise TargetTooLong(limits.target_bytes)
    lines = raw.count(b"\n") - 2
    if lines > limits.fields:
        raise HeadTooLarge("too many headers", limits.fields)
    if method not in METHODS:
        raise MethodNotImplemented(method.decode("ascii"))
    return RequestHead(method.decode("ascii"), target.decode("ascii"), minor[0] - 0x30, _read_fields(raw, lines))


def _read_fields(raw: bytes, lines: int) -> Fields:
    """The fields of a grammatical head; the common case has no name twice and runs in C."""
    found: dict[bytes, bytes] = {}
    _tokenize(raw, found.__setitem__)
    known = KNOWN_NAMES
    values = {known.get(name) or lower_name(name): value.strip(_OWS) for name, value in found.items()}
    if len(values) == lines:
        return Fields(values)
    every: list[tuple[str, bytes]] = []
    _tokenize(raw, lambda name, value: every.append((lower_name(name), value.strip(_OWS))))
    if len(every) != lines:
        raise MalformedRequest("its headers can be read in two ways")
    return join_repeated(every)


def _tokenize(raw: bytes, on_header: object) -> None:
    try:
        httptools.HttpRequestParser(_Sink(on_header)).feed_data(raw)
    except httptools.HttpParserUpgrade:
        pass  # an upgrade is a hint we may ignore; the head ends where the buffer ends
    except httptools.HttpParserError as error:
        raise MalformedRequest(str(error)) from None


def _host(fields: Fields, minor: int, authority: str | None) -> str:
    host = fields.raw("host")
    if host is None:
        if minor == 1:
            raise MalformedHost("HTTP/1.1 without a Host header")
        return authority or ""
    if fields.repeats("host"):
        raise MalformedHost("more than one Host header")
    check_host(host)
    text = host.decode("ascii")
    if authority is not None and authority.lower() != text.lower():
        raise MalformedHost("Host differs from the target's authority")
    return text


def _content_length(fields: Fields, minor: int) -> int | None:
    """The length of a body that is not chunked, after every rule of RFC 9112 section 6.3 against disagreement."""
    length = fields.raw("content-length")
    coding = fields.raw("transfer-encoding")
    if coding is not None:
        _check_coding(coding, length, minor)
        return None
    if length is None:
        return None
    if fields.repeats("content-length"):
        raise AmbiguousLength("more than one Content-Length")
    # isdigit on bytes is ASCII only: no sign, comma, space, underscore or hex passes.
    if not length.isdigit() or len(length) > CONTENT_LENGTH_DIGITS_MAX:
        raise AmbiguousLength("Content-Length is not a plain decimal number")
    return int(length)


def _check_coding(coding: bytes, length: bytes | None, minor: int) -> None:
    if length is not None:
        raise AmbiguousLength("both Content-Length and Transfer-Encoding")
    if minor == 0:
        raise AmbiguousLength("Transfer-Encoding on HTTP/1.0")
    if coding.lower() != b"chunked":
        raise AmbiguousLength("a Transfer-Encoding other than exactly `chunked`")


def _expects_continue(expect: bytes, minor: int) -> bool:
    if minor == 0:
        return False  # RFC 9110 section 10.1.1: an HTTP/1.0 client's expectation is ignored
    if expect.lower() != b"100-continue":
        raise ExpectationNotMet
    return True


def line_is_too_long(prefix: bytes, limits: HeadLimits) -> bool:
    """Whether the request line, or what has arrived of it, cannot hold a target within its limit."""
    longest = limits.target_bytes + _METHOD_AND_VERSION_BYTES
    return len(prefix) > longest and prefix.find(b"\n", 0, longest) < 0


def explain_head(raw: bytes) -> MalformedRequest | VersionNotSupported:
    """Why the grammar refused a head, in words for whoever wrote the client."""
    version = _VERSION.match(raw)
    if version is not None and version[1] not in {b"HTTP/1.1", b"HTTP/1.0"}:
        return VersionNotSupported(version[1].decode("ascii"))
    if raw.count(b"\n") != raw.count(b"\r\n") or raw.count(b"\r") != raw.count(b"\r\n"):
        return MalformedRequest("a bare CR or LF; lines end with CRLF")
    first, *rest = raw.removesuffix(b"\r\n\r\n").split(b"\r\n")
    if len(first.split(b" ")) != 3 or not _HEAD.fullmatch(first + b"\r\n\r\n"):
        return MalformedRequest("the request line is not METHOD SP target SP HTTP/1.1 in visible ASCII")
    return MalformedRequest(next(filter(None, map(_explain_line, rest)), "the headers do not follow the grammar"))


def _explain_line(line: bytes) -> str | None:
    name, colon, value = line.partition(b":")
    if line[:1] in {b" ", b"\t"}:
        return "a folded header line"
    if not colon or not name:
        return "a header line without a name and a colon"
    if name.strip(_OWS) != name:
        return "white space before a header's colon"
    if not re.fullmatch(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name):
        return "a header name with other characters than a token's"
    if not re.fullmatch(rb"[\t -~\x80-\xff]*", value):
        return "a control character in a header's value"
    return None
