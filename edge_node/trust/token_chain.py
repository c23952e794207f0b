"""A chain of DDC tokens: what its links say together, and the rules it must keep (ddc-access.md)."""

import enum
from dataclasses import dataclass, field
from itertools import pairwise

from edge_node.base.errors import LocalError
from edge_node.base.ids import Cid, Digest, PublicKey
from edge_node.trust.token_errors import DelegationRefused, TokenExpired, TokenForged, TokenTooDeep
from edge_node.trust.wallet_signature import SignedForm, WalletSignature, verify_signed

LINKS_MAX = 3
# A browser wallet signs once for a temporary key, on the owner's side and on the reader's: two links more.
LINKS_MAX_WALLET = 5


class Operation(enum.IntEnum):
    """What a token allows, by its number on the wire; 0 is the protobuf's UNKNOWN and is never one."""

    PUT = 1
    GET = 2
    DELETE = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenLink:
    """One token of a chain: `signature.signer` gives `subject` (None: whoever holds the text) the rest.

    None for `bucket`: all buckets of the chain's owner; for `piece`: everything in them. `expires_ms` is ms UTC, the
    first moment at which the link counts no more. `signed` are the bytes the signature covers, as received, and
    `digest` is what a revocation names: BLAKE2b-256 of signer and `signed`.
    """

    signature: WalletSignature
    subject: PublicKey | None
    can_delegate: bool
    bucket: int | None
    operations: frozenset[Operation]
    expires_ms: int
    piece: Cid | None
    signed: bytes = field(repr=False)  # with the signature it is the token, which no log may hold
    digest: Digest

    @property
    def signer(self) -> PublicKey:
        """The account that is said to have signed the link."""
        return self.signature.signer


class ChainNotVerified(LocalError):
    """Rights were asked of a chain whose signatures nobody has checked."""

    def __init__(self) -> None:
        super().__init__("a chain of tokens gives rights only after verify_chain")


@dataclass(frozen=True, slots=True, eq=False)
class TokenChain:
    """The links of a token, the root (signed by the owner) first.

    `forms` says link by link how it was signed; it is empty until verify_chain has seen the signatures.
    """

    links: tuple[TokenLink, ...]
    forms: tuple[SignedForm, ...] = ()

    @property
    def verified(self) -> bool:
        """Whether every signature was found to hold."""
        return bool(self.forms)

    @property
    def root(self) -> TokenLink:
        """The first link: its signer must be the bucket's owner."""
        return self.links[0]

    @property
    def last(self) -> TokenLink:
        """The link that was sent, with the others inside it."""
        return self.links[-1]

    @property
    def holder(self) -> PublicKey:
        """Who uses the chain: the last link's subject, who must prove it with a request; else the last signer."""
        return self.last.signer if self.last.subject is None else self.last.subject

    @property
    def bucket(self) -> int | None:
        """The one bucket the chain is for; None when no link names one."""
        return next((link.bucket for link in self.links if link.bucket is not None), None)

    @property
    def piece(self) -> Cid | None:
        """The one piece the chain is for, with what is reached through it; None when no link names one."""
        return next((link.piece for link in self.links if link.piece is not None), None)

    @property
    def expires_ms(self) -> int:
        """The first moment at which it counts no more: the earliest end, which is the last link's."""
        return min(link.expires_ms for link in self.links)

    @property
    def wants_request(self) -> bool:
        """Whether it counts only together with a fresh request signed by `holder`.

        So it is without any bucket (the SDK's ordinary token: a key to all the owner has) and with a subject at the
        end (granted to one account and sent by whoever has the text). Neither may come in a URL.
        """
        return self.bucket is None or self.last.subject is not None


def check_chain(chain: TokenChain, now_ms: int) -> None:
    """Judge all that needs no signature: TokenExpired, then DelegationRefused."""
    for link in chain.links:
        if now_ms >= link.expires_ms:
            raise TokenExpired(link.expires_ms, now_ms)
    for parent, child in pairwise(chain.links):
        _check_passing_on(parent, child)
    _check_common(chain)


def verify_chain(chain: TokenChain, *, over_web: bool) -> TokenChain:
    """The chain with every signature found to hold, the root's first; TokenForged or TokenTooDeep.

    More than three links count when they came from a browser: over grpc-web, or under a root signed by its wallet.
    """
    forms: list[SignedForm] = []
    for number, link in enumerate(chain.links, start=1):
        form = verify_signed(link.signature, link.signed)
        if not form:
            raise TokenForged(number)
        if number == 1 and len(chain.links) > LINKS_MAX and not over_web and form is not SignedForm.WRAPPED:
            raise TokenTooDeep(LINKS_MAX)
        forms.append(form)
    return TokenChain(chain.links, tuple(forms))


def _check_passing_on(parent: TokenLink, child: TokenLink) -> None:
    if parent.subject is None or parent.subject != child.signer:
        raise DelegationRefused("a token is not signed by the subject of the one before it")
    if child.subject is not None and not parent.can_delegate:
        raise DelegationRefused("a subject without leave to delegate names a further one")
    if child.expires_ms > parent.expires_ms:
        raise DelegationRefused("a token ends later than the one before it")


def _check_common(chain: TokenChain) -> None:
    """Refuse early what gives nothing: the links have no operation, bucket or piece in common."""
    if not frozenset(Operation).intersection(*(link.operations for link in chain.links)):
        raise DelegationRefused("no operation stands in every token")
    if len({link.bucket for link in chain.links} - {None}) > 1:
        raise DelegationRefused("the tokens are for different buckets")
    if len({link.piece for link in chain.links} - {None}) > 1:
        raise DelegationRefused("the tokens are for different pieces")
