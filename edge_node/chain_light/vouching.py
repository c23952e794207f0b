"""Who is believed without a proof: two of the release's three keys, or the operator's cold one, and never backwards.

What they vouch for is a checkpoint or a runtime's metadata; each has its own document, errors and specification.
"""

import enum
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from edge_node.base.digests import blake2b_256
from edge_node.base.errors import LocalError, Refusal
from edge_node.base.ids import Digest, PublicKey
from edge_node.chain_light.errors import ChainError
from edge_node.trust.documents import (
    DocumentNotTrusted,
    DocumentTag,
    Payload,
    join_document,
    open_document,
    read_payload,
    split_document,
)

RELEASE_THRESHOLD: Final = 2  # of three keys: one that is lost stops nobody, and one that is stolen convinces nobody
AHEAD_MAX_MS: Final = 10 * 60_000  # two machines set by hand differ by minutes


class PayloadsDiffer(ChainError, LocalError):
    """Documents of different payloads were to be made one."""

    slug = "payloads-differ"

    def __init__(self) -> None:
        super().__init__("what is merged are not the same words, signed in several places")


class Signers(enum.StrEnum):
    """Who vouches."""

    RELEASE = "release"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True, kw_only=True)
class VouchKeys:
    """Who is believed: two of the release's keys, or the operator's one that is kept offline."""

    release: frozenset[PublicKey]
    operator: PublicKey | None = None


class Standing(enum.Enum):
    """How a document stands to the last one of the same signers: they count each for themselves."""

    NEWER = enum.auto()
    SAME = enum.auto()
    BACK = enum.auto()
    CONFLICT = enum.auto()
    """Of the same counter, and with other words."""


def standing_of(counter: int, digest: Digest, seen: tuple[int, Digest] | None) -> Standing:
    """Compare with the counter and digest seen last; NEWER where nothing was seen."""
    if seen is None or counter > seen[0]:
        return Standing.NEWER
    if counter < seen[0]:
        return Standing.BACK
    return Standing.SAME if digest == seen[1] else Standing.CONFLICT


def open_vouched(
    tag: DocumentTag, raw: bytes, keys: VouchKeys, *, refusal: Callable[[str, str], Refusal]
) -> tuple[Payload, Signers, Digest]:
    """The payload, who vouches for it, and the digest of its bytes: the release's where two of its keys have signed.

    Whoever else has signed is not looked at. Raises `refusal` (of the release: why not, of the operator: why not),
    DocumentRefused, MalformedJson.
    """
    digest = Digest(blake2b_256(read_payload(tag, raw)))
    try:
        return open_document(tag, raw, keys.release, RELEASE_THRESHOLD), Signers.RELEASE, digest
    except DocumentNotTrusted as by_release:
        if keys.operator is None:
            raise refusal(by_release.why, "no cold key of an operator is known") from None
        release_why = by_release.why
    try:
        return open_document(tag, raw, {keys.operator}), Signers.OPERATOR, digest
    except DocumentNotTrusted as by_operator:
        raise refusal(release_why, by_operator.why) from None


def merge_documents(tag: DocumentTag, raws: Sequence[bytes]) -> bytes:
    """One document of one payload that was signed in several places; PayloadsDiffer otherwise.

    No signature is checked; where a key has signed twice, the first is taken. Raises DocumentRefused, MalformedJson.
    """
    parts = [split_document(tag, raw) for raw in raws]
    if len({payload for payload, _ in parts}) != 1:
        raise PayloadsDiffer
    signatures = {key: signature for _, signed in reversed(parts) for key, signature in signed.items()}
    return join_document(tag, parts[0][0], dict(sorted(signatures.items())))
