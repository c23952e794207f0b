"""Plans of commands and the tokens that execute them: once, within a minute, by who planned them (pure).

A token is `nonce 16 | expiry u64 BE (monotonic ms) | BLAKE2b-128 over both under the book's secret`, in base64url.
The seal tells a changed or invented token from one that has expired, without keeping expired ones.
"""

import base64
import binascii
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b

from edge_node.control.errors import (
    PlansTooMany,
    TokenExpired,
    TokenForeign,
    TokenMalformed,
    TokenMismatch,
    TokenUsed,
)
from edge_node.wire.strict_json import JsonValue

TOKEN_LIVES_S = 60  # time to read a plan and type a name
PLANS_PER_UID = 64  # a screen of rows confirmed one by one; a script that forgets its plans stops here
NONCE_BYTES, SEAL_BYTES = 16, 16
_TOKEN_BYTES = NONCE_BYTES + 8 + SEAL_BYTES

Arguments = Mapping[str, JsonValue]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a command would do, in words, and the facts it was made from.

    `arguments` are the checked ones. `subject` is what it is about (a key, a CID), empty for the node as a whole.
    `confirm` is what a person should type before it is executed. `facts` are compared again at execution.
    """

    command: str
    arguments: Arguments
    summary: str
    consequences: tuple[str, ...] = ()
    danger: bool = False
    confirm: str | None = None
    subject: str = ""
    facts: Mapping[str, JsonValue] = field(default_factory=dict)

    def shown(self) -> dict[str, object]:
        """The plan as the door shows it."""
        return {
            "command": self.command,
            "arguments": self.arguments,
            "summary": self.summary,
            "consequences": self.consequences,
            "danger": self.danger,
            "confirm": self.confirm,
        }


@dataclass(slots=True)
class _Kept:
    plan: Plan | None  # None once it was used
    command: str
    uid: int
    expires_ms: int


class PlanBook:
    """The open plans of one life of the node. Times are monotonic milliseconds."""

    def __init__(self, secret: bytes, random: Callable[[int], bytes]) -> None:
        self._secret, self._random = secret, random
        self._kept: dict[bytes, _Kept] = {}

    def keep(self, plan: Plan, uid: int, now_ms: int) -> str:
        """Keep `plan` for the user `uid` and give its token; PlansTooMany when that user has too many open."""
        self._forget_expired(now_ms)
        if sum(1 for kept in self._kept.values() if kept.uid == uid and kept.plan is not None) >= PLANS_PER_UID:
            raise PlansTooMany(PLANS_PER_UID)
        nonce, expires_ms = self._random(NONCE_BYTES), now_ms + TOKEN_LIVES_S * 1_000
        self._kept[nonce] = _Kept(plan, plan.command, uid, expires_ms)
        body = nonce + expires_ms.to_bytes(8, "big")
        return _spelled(body + self._seal(body))

    def take(
        self, token: str, command: str, uid: int, now_ms: int, arguments: Mapping[str, object] | None = None
    ) -> Plan:
        """The plan of `token`, whose use this is; `arguments`, where given, must be the plan's.

        TokenMalformed, TokenExpired, TokenMismatch, TokenForeign, TokenUsed, in this order; all but the last leave it
        as it was.
        """
        nonce, expires_ms = self._open(token)
        if now_ms >= expires_ms:
            raise TokenExpired(TOKEN_LIVES_S)
        kept = self._kept.get(nonce)
        if kept is None:
            raise TokenMalformed
        plan = kept.plan
        if kept.command != command or (plan is not None and arguments is not None and arguments != plan.arguments):
            raise TokenMismatch(kept.command)
        if kept.uid != uid:
            raise TokenForeign
        if plan is None:
            raise TokenUsed
        kept.plan = None
        return plan

    def _open(self, token: str) -> tuple[bytes, int]:
        try:
            raw = base64.b64decode(token.encode("ascii") + b"=" * (-len(token) % 4), altchars=b"-_", validate=True)
        except (UnicodeEncodeError, binascii.Error):
            raise TokenMalformed from None
        body, seal = raw[:-SEAL_BYTES], raw[-SEAL_BYTES:]
        if _spelled(raw) != token or len(raw) != _TOKEN_BYTES or not hmac.compare_digest(seal, self._seal(body)):
            raise TokenMalformed
        return body[:NONCE_BYTES], int.from_bytes(body[NONCE_BYTES:], "big")

    def _seal(self, body: bytes) -> bytes:
        return blake2b(body, key=self._secret, digest_size=SEAL_BYTES).digest()

    def _forget_expired(self, now_ms: int) -> None:
        # Kept in the order of their expiry, for all live equally long.
        for nonce in [nonce for nonce, kept in self._kept.items() if kept.expires_ms <= now_ms]:
            del self._kept[nonce]


def _spelled(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
