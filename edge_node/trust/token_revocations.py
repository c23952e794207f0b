"""What this node refuses of DDC tokens although their signatures hold: by token, by holder, by issuer and end."""

import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from edge_node.base.errors import Refusal
from edge_node.base.ids import Digest, FixedBytes, PublicKey
from edge_node.base.limits import U53_MAX
from edge_node.trust.token_chain import TokenChain, TokenLink
from edge_node.trust.token_errors import TokenRevoked

NOTE_MAX_CHARACTERS = 256


class RevokedBy(enum.StrEnum):
    """What a revocation names."""

    TOKEN = "token"  # noqa: S105 - a word, no secret
    HOLDER = "holder"
    ISSUER = "issuer"


class MalformedRevocation(Refusal):
    """A revocation contradicts itself."""

    slug, status = "malformed-revocation", 400
    remedy = "Name a token's hash, a holder, or an issuer with the time up to which its tokens end."

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(f"not a revocation: {why}")


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRevocation:
    """Refuse, from now on and for ever, every chain with a link that `subject` marks.

    TOKEN: the link's digest. HOLDER: an account that signed a link or is the subject of one. ISSUER: an account that
    signed a link which ends at or before `until_ms` (a token does not say when it was made, only when it ends);
    None for the other two. `t_ms`: when it was revoked, ms UTC.
    """

    by: RevokedBy
    subject: Digest | PublicKey
    until_ms: int | None = None
    t_ms: int
    note: str = ""

    def __post_init__(self) -> None:
        if (self.until_ms is None) is (self.by is RevokedBy.ISSUER):
            raise MalformedRevocation("only an issuer's has a time, and always")
        if not all(0 <= value <= U53_MAX for value in (self.t_ms, self.until_ms or 0)):
            raise MalformedRevocation("a time outside 0 to 2^53-1 ms")

    @classmethod
    def of_token(cls, digest: Digest, t_ms: int, note: str = "") -> "TokenRevocation":
        """Of one token (TokenLink.digest) and of every chain that goes through it."""
        return cls(by=RevokedBy.TOKEN, subject=digest, t_ms=t_ms, note=_note(note))

    @classmethod
    def of_holder(cls, account: PublicKey, t_ms: int, note: str = "") -> "TokenRevocation":
        """Of everything an account has been given or gives."""
        return cls(by=RevokedBy.HOLDER, subject=account, t_ms=t_ms, note=_note(note))

    @classmethod
    def of_issuer(cls, account: PublicKey, until_ms: int, t_ms: int, note: str = "") -> "TokenRevocation":
        """Of every token of an account that ends at `until_ms` or before."""
        return cls(by=RevokedBy.ISSUER, subject=account, until_ms=until_ms, t_ms=t_ms, note=_note(note))


class TokenRevocations:
    """Every revocation in memory; changed only by `apply`, in force with the next call.

    `generation` grows with every change, so that who reads for long can ask again (TokenBook.confirm). The list only
    grows: applied in any order, or twice, it is the same.
    """

    def __init__(self, stored: Iterable[TokenRevocation] = ()) -> None:
        self.generation = 0
        self._held: dict[RevokedBy, dict[bytes, TokenRevocation]] = {by: {} for by in RevokedBy}
        for revocation in stored:
            self._keep(revocation)

    def __len__(self) -> int:
        return sum(map(len, self._held.values()))

    def apply(self, change: TokenRevocation) -> TokenRevocation:
        """Put a revocation in force; the answer is what now stands for its subject."""
        self.generation += 1
        return self._keep(change)

    def list(self) -> Sequence[TokenRevocation]:
        """Every revocation, by kind and subject."""
        return sorted(
            (revocation for held in self._held.values() for revocation in held.values()),
            key=lambda revocation: (revocation.by, bytes(revocation.subject)),
        )

    def standing(self, change: TokenRevocation) -> TokenRevocation | None:
        """What stands for the subject of `change`, if it refuses as much already."""
        known = self._held[change.by].get(_plain(change.subject))
        return known if known is not None and (known.until_ms or 0) >= (change.until_ms or 0) else None

    def find(self, chain: TokenChain) -> TokenRevocation | None:
        """The revocation that ends the chain, or None. One link that is marked ends it all."""
        if not len(self):
            return None
        return next((found for link in chain.links if (found := self._mark(link)) is not None), None)

    def require(self, chain: TokenChain) -> None:
        """Raise TokenRevoked if the chain is."""
        if (found := self.find(chain)) is not None:
            raise TokenRevoked(found.by, found.subject, found.t_ms)

    def require_account(self, account: PublicKey) -> None:
        """Raise TokenRevoked if an account that acts without a token (a public read, a request) is a revoked holder."""
        if (found := self._held[RevokedBy.HOLDER].get(account)) is not None:
            raise TokenRevoked(found.by, found.subject, found.t_ms)

    def _mark(self, link: TokenLink) -> TokenRevocation | None:
        holders = self._held[RevokedBy.HOLDER]
        found = self._held[RevokedBy.TOKEN].get(link.digest) or holders.get(link.signer)
        if found is None and link.subject is not None:
            found = holders.get(link.subject)
        if found is None and (issuer := self._held[RevokedBy.ISSUER].get(link.signer)) is not None:
            return issuer if link.expires_ms <= (issuer.until_ms or 0) else None
        return found

    def _keep(self, change: TokenRevocation) -> TokenRevocation:
        held, subject = self._held[change.by], _plain(change.subject)
        known = held.get(subject)
        if known is None or _wider(change, known):
            held[subject] = change
        return held[subject]


def _note(note: str) -> str:
    # Asked where one is made, not where one is read: a shorter limit must not make an old log unreadable.
    if len(note) > NOTE_MAX_CHARACTERS:
        raise MalformedRevocation(f"a note of {len(note)} characters, at most {NOTE_MAX_CHARACTERS}")
    return note


def _wider(change: TokenRevocation, known: TokenRevocation) -> bool:
    """Whether `change` refuses more; of two that refuse the same the earlier stands."""
    return (change.until_ms or 0, -change.t_ms) > (known.until_ms or 0, -known.t_ms)


def _plain(subject: FixedBytes) -> bytes:
    return bytes(subject)
