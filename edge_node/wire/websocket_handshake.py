"""The upgrade from HTTP to WebSocket, checked and answered without I/O (RFC 6455 section 4)."""

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass

from edge_node.base.errors import RemoteError
from edge_node.wire.http1_head import RequestHead

VERSION = "13"
_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


class UpgradeRefused(RemoteError):
    """Root of what makes a request no WebSocket upgrade."""


class UpgradeRequired(UpgradeRefused):
    """What is here speaks WebSocket, and the request does not ask for it in version 13."""

    slug = "upgrade-required"
    status = 426
    remedy = "Open a WebSocket of version 13 here: `Upgrade: websocket`, `Connection: Upgrade`."

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(f"only a WebSocket can be opened here: {why}")


class MalformedUpgrade(UpgradeRefused):
    """The request asks for a WebSocket and breaks the handshake's rules; `why` says which."""

    slug = "malformed-upgrade"
    remedy = "Send the opening handshake as RFC 6455 section 4.1 defines it."

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(f"the WebSocket handshake is malformed: {why}")


@dataclass(frozen=True, slots=True)
class Handshake:
    """A good upgrade request: the accept value to answer, and the subprotocols offered, in order of preference."""

    accept: str
    subprotocols: tuple[str, ...]


def accept_key(key: str) -> str:
    """The Sec-WebSocket-Accept for a Sec-WebSocket-Key."""
    digest = hashlib.sha1((key + _GUID).encode("latin-1"), usedforsecurity=False).digest()
    return base64.b64encode(digest).decode()


def wants_websocket(head: RequestHead) -> bool:
    """Whether a request asks for a WebSocket at all."""
    return head.upgrade is not None and "websocket" in _list(head.upgrade.lower())


def check_upgrade(head: RequestHead) -> Handshake:
    """The handshake of an upgrade request; UpgradeRequired (426), MalformedUpgrade (400)."""
    if not wants_websocket(head):
        raise UpgradeRequired("the request asks for no upgrade to websocket")
    fields = head.fields
    versions = fields.all("sec-websocket-version")
    if versions != [VERSION]:
        raise UpgradeRequired("its Sec-WebSocket-Version is not 13")
    if head.method != "GET" or head.has_body:
        raise MalformedUpgrade("it is not a GET without a body")
    keys = fields.all("sec-websocket-key")
    if len(keys) != 1 or not _is_key(keys[0]):
        raise MalformedUpgrade("Sec-WebSocket-Key is not 16 bytes in base64, once")
    return Handshake(accept_key(keys[0]), _subprotocols(fields.get("sec-websocket-protocol")))


def _is_key(text: str) -> bool:
    try:
        return len(text) == 24 and len(base64.b64decode(text, validate=True)) == 16
    except (binascii.Error, ValueError):
        return False


def _subprotocols(value: str | None) -> tuple[str, ...]:
    offered = tuple(_list(value)) if value is not None else ()
    if len(set(offered)) != len(offered) or not all(map(_TOKEN.fullmatch, offered)):
        raise MalformedUpgrade("Sec-WebSocket-Protocol is not a list of different tokens")
    return offered


def _list(value: str) -> list[str]:
    return [item.strip(" \t") for item in value.split(",")]
