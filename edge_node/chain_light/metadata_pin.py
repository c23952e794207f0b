"""The signed word for what a runtime's metadata is: metadata that nobody vouches for is used for nothing.

docs/specs/metadata-pin.md has the document, and the order in which one is read.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final, NamedTuple, Self

import msgspec

from edge_node.base.ids import Digest, FixedBytes, Hash256, MalformedId
from edge_node.base.limits import U53_MAX
from edge_node.chain_light.metadata_pin_errors import MalformedPin, PinFromFuture, PinNotTrusted, PinOfOtherNetwork
from edge_node.chain_light.vouching import AHEAD_MAX_MS, Signers, VouchKeys, merge_documents, open_vouched
from edge_node.trust.documents import DocumentTag, Payload, sign_document
from edge_node.trust.signing_key import SigningKey
from edge_node.wire.scale import U32_MAX

HASHES_MAX: Final = 4  # one for each version of metadata that a node may be asked for: 14 and 15, and two to come


class Runtime(NamedTuple):
    """One runtime of one chain: `code` is BLAKE2b-256 of what the state has under `:code`."""

    genesis: Hash256
    spec_version: int
    code: Hash256


@dataclass(frozen=True, slots=True, kw_only=True)
class MetadataPin:
    """One statement: the metadata of `runtime` has one of these hashes (BLAKE2b-256); of none, it is taken back.

    It holds until the same signers say something else with a higher `counter`: what a runtime's metadata is does not
    grow old.
    """

    runtime: Runtime
    metadata: tuple[Hash256, ...]
    issued_ms: int
    counter: int

    def __post_init__(self) -> None:
        if not 0 <= self.runtime.spec_version <= U32_MAX or not 0 <= self.issued_ms <= U53_MAX:
            raise MalformedPin("a number in it is none that it can have")
        if not 1 <= self.counter <= U53_MAX:
            raise MalformedPin("its counter is not from 1 to below 2^53")
        if len(self.metadata) > HASHES_MAX or list(self.metadata) != sorted(set(self.metadata)):
            raise MalformedPin(f"its hashes are not up to {HASHES_MAX}, ascending and each once")

    @property
    def revokes(self) -> bool:
        """Whether it takes back what was said of this runtime."""
        return not self.metadata

    @classmethod
    def from_payload(cls, payload: Payload) -> Self:
        """Read a document's payload; MalformedPin names the member that is wrong."""
        try:
            form = msgspec.convert(payload, _Form, dec_hook=_read_hash)
        except msgspec.ValidationError as wrong:
            raise MalformedPin(str(wrong)) from None
        return cls(
            runtime=Runtime(form.genesis, form.spec_version, form.code),
            metadata=form.metadata,
            issued_ms=form.issued,
            counter=form.counter,
        )

    def to_payload(self) -> Payload:
        """The document's payload."""
        return {
            "genesis": str(self.runtime.genesis),
            "spec_version": self.runtime.spec_version,
            "code": str(self.runtime.code),
            "metadata": [str(one) for one in self.metadata],
            "issued": self.issued_ms,
            "counter": self.counter,
        }


@dataclass(frozen=True, slots=True)
class OpenedPin:
    """A pin that may be believed: only open_metadata_pin makes one. `digest` is over its payload's bytes."""

    pin: MetadataPin
    by: Signers
    digest: Digest
    raw: bytes
    """The document."""


def sign_metadata_pin(pin: MetadataPin, signers: Sequence[SigningKey]) -> bytes:
    """The pin as a document signed by `signers`; DocumentMisuse for what no reader would take."""
    return sign_document(DocumentTag.METADATA_PIN, pin.to_payload(), signers)


def merge_metadata_pins(raws: Sequence[bytes]) -> bytes:
    """One document of one pin that was signed in several places; PayloadsDiffer, DocumentRefused, MalformedJson."""
    return merge_documents(DocumentTag.METADATA_PIN, raws)


def open_metadata_pin(raw: bytes, *, keys: VouchKeys, genesis: Hash256 | None, now_ms: int | None) -> OpenedPin:
    """The pin in `raw`, if it may be believed on the network `genesis` (None: any) at `now_ms` (None: not judged).

    Whether it falls behind another one, MetadataPins says. Raises DocumentRefused, MalformedJson, PinRefused.
    """
    payload, by, digest = open_vouched(DocumentTag.METADATA_PIN, raw, keys, refusal=PinNotTrusted)
    pin = MetadataPin.from_payload(payload)
    if genesis is not None and pin.runtime.genesis != genesis:
        raise PinOfOtherNetwork(genesis, pin.runtime.genesis)
    if now_ms is not None and now_ms < pin.issued_ms - AHEAD_MAX_MS:
        raise PinFromFuture(pin.issued_ms, now_ms)
    return OpenedPin(pin, by, digest, raw)


_Count = Annotated[int, msgspec.Meta(ge=0, le=U53_MAX)]


class _Form(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    genesis: Hash256
    spec_version: Annotated[int, msgspec.Meta(ge=0, le=U32_MAX)]
    code: Hash256
    metadata: Annotated[tuple[Hash256, ...], msgspec.Meta(max_length=HASHES_MAX)]
    issued: _Count
    counter: Annotated[int, msgspec.Meta(ge=1, le=U53_MAX)]


def _read_hash(kind: type, value: Any) -> FixedBytes:
    if kind is not Hash256 or not isinstance(value, str):
        raise TypeError("Expected hex")
    try:
        return Hash256.parse(value)
    except MalformedId as malformed:
        raise ValueError(str(malformed)) from None
