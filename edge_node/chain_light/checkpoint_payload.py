"""What a checkpoint says, and what it must be in itself whoever signed it (docs/specs/checkpoint.md)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final, Self

import msgspec

from edge_node.base.ids import FixedBytes, Hash256, MalformedId, PublicKey
from edge_node.base.limits import KIB, U53_MAX
from edge_node.chain_light.anchor import Anchor
from edge_node.chain_light.authorities import AUTHORITIES_MAX, Authority, AuthoritySet
from edge_node.chain_light.authority_changes import Forced, set_change_of
from edge_node.chain_light.checkpoint_errors import MalformedCheckpoint
from edge_node.chain_light.finality_errors import OverlappingChanges, UnfitAuthorities
from edge_node.chain_light.header import decode_header, encode_header, hash_header
from edge_node.chain_light.pending_changes import PendingChange, PendingChanges
from edge_node.trust.documents import Payload
from edge_node.wire.scale import U32_MAX, MalformedScale

SPAN_MAX_MS: Final = 366 * 86_400_000  # a span above a year is seconds taken for milliseconds, or carelessness
PENDING_MAX: Final = 16  # a chain has one change pending, seldom two
HEADER_MAX_BYTES: Final = 64 * KIB


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """One statement: `anchor` is final on the chain that begins with `genesis`.

    Times are ms UTC; `expires_ms` is the first moment it no longer holds. `counter` grows with every checkpoint of
    the same signers.
    """

    genesis: Hash256
    anchor: Anchor
    issued_ms: int
    expires_ms: int
    counter: int

    def __post_init__(self) -> None:
        _require_sound(self)

    @classmethod
    def from_payload(cls, payload: Payload) -> Self:
        """Read a document's payload; MalformedCheckpoint names the member that is wrong."""
        try:
            form = msgspec.convert(payload, _Form, dec_hook=_read_fixed)
            header = decode_header(bytes.fromhex(form.header))
            pending = (PendingChange(change.number, _authorities(change.authorities)) for change in form.pending)
            anchor = Anchor(
                header, AuthoritySet(form.set_id, _authorities(form.authorities)), PendingChanges(tuple(pending))
            )
        except (msgspec.ValidationError, MalformedScale, UnfitAuthorities, OverlappingChanges) as wrong:
            raise MalformedCheckpoint(str(wrong)) from None
        return cls(
            genesis=form.genesis,
            anchor=anchor,
            issued_ms=form.issued,
            expires_ms=form.expires,
            counter=form.counter,
        )

    def to_payload(self) -> Payload:
        """The document's payload."""
        return {
            "genesis": str(self.genesis),
            "header": encode_header(self.anchor.header).hex(),
            "set_id": self.anchor.voters.id,
            "authorities": _voters(self.anchor.voters.authorities),
            "pending": [
                {"number": change.number, "authorities": _voters(change.authorities)}
                for change in self.anchor.pending.changes
            ],
            "issued": self.issued_ms,
            "expires": self.expires_ms,
            "counter": self.counter,
        }


_Hex = Annotated[str, msgspec.Meta(pattern=r"\A(?:[0-9a-f]{2})+\Z", max_length=2 * HEADER_MAX_BYTES)]
_Count = Annotated[int, msgspec.Meta(ge=0, le=U53_MAX)]
_Voters = Annotated[
    tuple[tuple[PublicKey, Annotated[int, msgspec.Meta(ge=1, le=U53_MAX)]], ...],
    msgspec.Meta(min_length=1, max_length=AUTHORITIES_MAX),
]


class _Pending(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    number: Annotated[int, msgspec.Meta(ge=1, le=U32_MAX)]
    authorities: _Voters


class _Form(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The payload's members; every number is below 2**53, so that each has one form in JSON."""

    genesis: Hash256
    header: _Hex
    set_id: _Count
    authorities: _Voters
    pending: Annotated[tuple[_Pending, ...], msgspec.Meta(max_length=PENDING_MAX)]
    issued: _Count
    expires: _Count
    counter: Annotated[int, msgspec.Meta(ge=1, le=U53_MAX)]


def _require_sound(checkpoint: Checkpoint) -> None:
    """What one checkpoint must be in itself, whoever made it: a signature on nonsense makes no sense of it."""
    header, pending = checkpoint.anchor.header, checkpoint.anchor.pending
    if not 0 <= checkpoint.issued_ms < checkpoint.expires_ms <= min(U53_MAX, checkpoint.issued_ms + SPAN_MAX_MS):
        raise MalformedCheckpoint("its end is not after its beginning, or more than a year after")
    if not 1 <= checkpoint.counter <= U53_MAX or checkpoint.anchor.voters.id > U53_MAX:
        raise MalformedCheckpoint("its counter or set id is not below 2^53, or its counter is 0")
    if header.number == 0 and hash_header(header) != checkpoint.genesis:
        raise MalformedCheckpoint("its first block is not the one it names")
    if pending.last_of_set is not None and pending.last_of_set <= header.number:
        raise MalformedCheckpoint("a change that is pending took place already")
    if len(pending.changes) > PENDING_MAX:
        raise MalformedCheckpoint(f"more than {PENDING_MAX} changes are pending")
    _require_heeds_header(checkpoint.anchor)


def _require_heeds_header(anchor: Anchor) -> None:
    """What the block itself announces is enacted or pending: the one thing beside it that the block can tell."""
    try:
        change = set_change_of(anchor.header)
    except MalformedScale as malformed:
        raise MalformedCheckpoint(f"its block announces {malformed}") from None
    if change is None:
        return
    scheduled = change.change if isinstance(change, Forced) else change
    if scheduled.delay == 0:
        heeded = anchor.voters.authorities == scheduled.authorities
    else:
        # A forced change that waits is enacted without a proof: no light client can follow a chain across one.
        wanted = PendingChange(anchor.header.number + scheduled.delay, scheduled.authorities)
        heeded = wanted in anchor.pending.changes and not isinstance(change, Forced)
    if not heeded:
        raise MalformedCheckpoint("its block announces authorities that are neither in force nor pending")


def _voters(authorities: Sequence[Authority]) -> list[Any]:
    return [[authority.key.hex(), authority.weight] for authority in authorities]


def _authorities(voters: Sequence[tuple[PublicKey, int]]) -> tuple[Authority, ...]:
    return tuple(Authority(key, weight) for key, weight in voters)


def _read_fixed(kind: type, value: Any) -> FixedBytes:
    if not issubclass(kind, FixedBytes) or not isinstance(value, str):
        raise TypeError("Expected hex")
    try:
        return kind.parse(value)
    except MalformedId as malformed:
        raise ValueError(str(malformed)) from None
