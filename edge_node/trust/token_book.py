"""Tokens taken on every call: parsed, judged, verified once, remembered within bounds, refused when revoked."""

import hashlib
from collections.abc import Callable
from typing import TypeVar

from edge_node.trust.auth_token import TEXT_MAX_CHARACTERS, parse_token
from edge_node.trust.token_chain import LINKS_MAX, TokenChain, check_chain, verify_chain
from edge_node.trust.token_errors import TokenExpired, TokenForged, TokenMissing, TokenTooDeep, TokenTooLong
from edge_node.trust.token_revocations import TokenRevocations

VERIFIED_MAX = 4_096  # chains kept, about 2 KB each; the SDK makes a token per operation, so most are never seen again
FORGED_MAX = 16_384  # about 150 bytes each
_TOO_DEEP = 0

Value = TypeVar("Value")


class TokenBook:
    """Opens tokens, on the event loop. Kept are digests of texts and what was read from them, never a text.

    What is remembered is only that signatures hold or do not, which never changes: ends and revocations are judged at
    every call.
    """

    def __init__(
        self, revocations: TokenRevocations, *, verified_max: int = VERIFIED_MAX, forged_max: int = FORGED_MAX
    ) -> None:
        self.revocations = revocations
        self._verified: dict[bytes, TokenChain] = {}
        self._forged: dict[bytes, int] = {}
        self._verified_max, self._forged_max = verified_max, forged_max

    @property
    def generation(self) -> int:
        """Grows with every revocation: who reads for long compares, and calls `confirm` when it has moved."""
        return self.revocations.generation

    def open(
        self,
        text: str | None,
        now_ms: int,
        *,
        over_web: bool = False,
        screen: Callable[[TokenChain], None] = lambda _claimed: None,
    ) -> TokenChain:
        """The verified chain of a token's text, or the TokenError that says why not; `now_ms` is ms UTC.

        `over_web`: it came over grpc-web. `screen` raises if a chain would be of no use even if its signatures held.
        Costs about 5 us for a text seen before, up to two verifications (50 us each) per link for another.
        """
        if not text:
            raise TokenMissing
        if len(text) > TEXT_MAX_CHARACTERS:
            raise TokenTooLong(len(text), TEXT_MAX_CHARACTERS)
        key = _key(text, over_web=over_web)
        chain = self._known(key, now_ms) or self._open_new(key, text, now_ms, screen, over_web=over_web)
        self.revocations.require(chain)
        return chain

    def confirm(self, chain: TokenChain, now_ms: int) -> None:
        """Raise TokenExpired or TokenRevoked if a chain that was opened before counts no more."""
        if now_ms >= chain.expires_ms:
            raise TokenExpired(chain.expires_ms, now_ms)
        self.revocations.require(chain)

    def _known(self, key: bytes, now_ms: int) -> TokenChain | None:
        if (link := self._forged.get(key)) is not None:
            raise TokenTooDeep(LINKS_MAX) if link == _TOO_DEEP else TokenForged(link)
        chain = self._verified.pop(key, None)
        if chain is None or now_ms >= chain.expires_ms:
            return None
        self._verified[key] = chain  # now the last to be forgotten
        return chain

    def _open_new(
        self, key: bytes, text: str, now_ms: int, screen: Callable[[TokenChain], None], *, over_web: bool
    ) -> TokenChain:
        chain = parse_token(text)
        check_chain(chain, now_ms)
        screen(chain)
        try:
            chain = verify_chain(chain, over_web=over_web)
        except TokenForged as error:
            _remember(self._forged, key, error.link, self._forged_max)
            raise
        except TokenTooDeep:
            _remember(self._forged, key, _TOO_DEEP, self._forged_max)
            raise
        _remember(self._verified, key, chain, self._verified_max)
        return chain

    def __len__(self) -> int:
        return len(self._verified) + len(self._forged)

    def __repr__(self) -> str:
        return f"TokenBook({len(self._verified)} verified, {len(self._forged)} forged)"


def _remember(held: dict[bytes, Value], key: bytes, value: Value, held_max: int) -> None:
    if len(held) >= held_max:
        del held[next(iter(held))]
    held[key] = value


def _key(text: str, *, over_web: bool) -> bytes:
    # The way in is part of it: a chain of four may count over grpc-web and be too deep over gRPC.
    person = b"grpc-web" if over_web else b"grpc"
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=32, person=person).digest()
