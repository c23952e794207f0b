"""Bearers: short-lived tokens minted from a signed request, for those who cannot sign each one (browsers).

Stateless: a MAC under a key that lives as long as the process. What a bearer may do is decided at every use under the
present rights of its key, so that revoking the key ends its bearers (docs/specs/subscriptions.md, Bearers).
"""

import base64
import binascii
import hashlib
import hmac
import struct
from dataclasses import dataclass

from edge_node.base.ids import PublicKey
from edge_node.trust.access_capability import Verb
from edge_node.trust.access_errors import AccessError
from edge_node.trust.access_resource import MalformedResource, Resource, parse_resource, within

VERBS = frozenset({Verb.READ, Verb.LIST, Verb.GET})  # a token that anybody may hold changes nothing
LIFE_MAX_S = 900  # ARCHITECTURE section 5
TOKEN_MAX_CHARACTERS = 512  # the longest resource makes 376
BOOT_KEY_BYTES = 32

_VERSION = b"\x01"
_HEAD = struct.Struct("<32sQB")
_MAC_BYTES = 32
_PERSON = b"edge_node/bearer"  # 16 bytes are all that BLAKE2b takes


class BearerInvalid(AccessError):
    """The token is none that this node has given out since it started."""

    slug, status = "bearer-invalid", 401
    remedy = "Ask for a new one with POST /api/v1/bearer, under a signature."

    def __init__(self) -> None:
        super().__init__("this is no bearer of this node since its start")


class BearerExpired(AccessError):
    """The bearer's time is over."""

    slug, status = "bearer-expired", 401
    remedy = "Ask for a new one with POST /api/v1/bearer, under a signature."

    def __init__(self, expired_ms: int) -> None:
        self.expired_ms = expired_ms
        super().__init__(f"the bearer ended at {expired_ms}")


class BearerTooNarrow(AccessError):
    """The bearer does not stand for this, whatever its key may do."""

    slug, status = "bearer-too-narrow", 403
    remedy = "Sign the request, or ask for a bearer without `stream`."

    def __init__(self, verb: Verb) -> None:
        self.verb = str(verb)
        super().__init__(f"the bearer does not give {verb} there")


@dataclass(frozen=True, slots=True)
class Bearer:
    """What a valid token says: it stands for `key`, within `scope` ("" = wherever the key may), to `not_after_ms`."""

    key: PublicKey
    not_after_ms: int
    scope: Resource

    def require(self, resource: Resource, verb: Verb) -> None:
        """Raise BearerTooNarrow unless it may be used for this at all; the key's own rights are asked elsewhere."""
        if verb not in VERBS or (self.scope and not within(self.scope, resource)):
            raise BearerTooNarrow(verb)


class BearerMint:
    """Makes and checks the tokens of one process; `boot_key` is 32 fresh random bytes, kept nowhere else."""

    def __init__(self, boot_key: bytes) -> None:
        if len(boot_key) != BOOT_KEY_BYTES:
            raise ValueError(f"a boot key has {BOOT_KEY_BYTES} bytes")
        self._boot_key = boot_key

    def mint(self, bearer: Bearer) -> str:
        """The token of a bearer, base64url without padding."""
        scope = bearer.scope.encode("ascii")
        said = _VERSION + _HEAD.pack(bearer.key, bearer.not_after_ms, len(scope)) + scope
        return base64.urlsafe_b64encode(said + self._mac(said)).rstrip(b"=").decode("ascii")

    def verify(self, token: str, now_ms: int) -> Bearer:
        """What the token says; BearerInvalid or BearerExpired. The MAC comes first, compared in constant time."""
        raw = _decode(token)
        said, mac = raw[:-_MAC_BYTES], raw[-_MAC_BYTES:]
        if not hmac.compare_digest(self._mac(said), mac):
            raise BearerInvalid
        key, not_after_ms, length = _HEAD.unpack_from(said, 1)
        scope = said[1 + _HEAD.size :]
        if said[:1] != _VERSION or length != len(scope):
            raise BearerInvalid
        if now_ms > not_after_ms:
            raise BearerExpired(not_after_ms)
        return Bearer(PublicKey(key), not_after_ms, _read_scope(scope))

    def _mac(self, said: bytes) -> bytes:
        return hashlib.blake2b(said, digest_size=_MAC_BYTES, key=self._boot_key, person=_PERSON).digest()

    def __repr__(self) -> str:
        return "BearerMint(…)"


def _decode(token: str) -> bytes:
    shortest = 1 + _HEAD.size + _MAC_BYTES
    if len(token) > TOKEN_MAX_CHARACTERS:
        raise BearerInvalid
    try:
        raw = base64.b64decode(token.encode("ascii") + b"=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        raise BearerInvalid from None
    # One spelling per token: unused bits set would be another text for the same bearer.
    if len(raw) < shortest or base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii") != token:
        raise BearerInvalid
    return raw


def _read_scope(scope: bytes) -> Resource:
    if not scope:
        return Resource("")
    try:
        return parse_resource(scope.decode("ascii"))
    except (UnicodeDecodeError, MalformedResource):
        raise BearerInvalid from None
