"""A network's specification: what must be known of a chain before a word of it is believed (docs/specs/chain-spec.md).

A specification names a chain; it does not vouch for it. Belief begins at a checkpoint (chain_light/checkpoint).
"""

import enum
import ipaddress
import json
import re
from typing import Annotated, Any, Final, Literal, Self, TypeAlias

import msgspec

from edge_node.base.errors import Refusal
from edge_node.base.ids import Hash256, MalformedId
from edge_node.base.limits import KIB
from edge_node.chain_light.errors import ChainError
from edge_node.wire.strict_json import MalformedJson, parse_strict

SPEC_MAX_BYTES: Final = 64 * KIB  # ours are 2 KiB
ENDPOINTS_MAX: Final = 16  # each is a connection that is kept
SOURCE_MAX_CHARS: Final = 200

_WHY_MAX_CHARS: Final = 200
_ADDRESS: Final = re.compile(
    r"wss?://(?P<host>[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?|\[[0-9a-f:.]{2,45}\])(?::(?P<port>[0-9]{1,5}))?(?:/[!-~]*)?"
)


class SpecRefused(ChainError, Refusal):
    """A file is no specification of a network; `why` says what is wrong and where, never with a value from it."""

    slug = "chain-spec-refused"
    remedy = "Compare the file with docs/specs/chain-spec.md; a shipped one is a good example to start from."

    def __init__(self, why: str) -> None:
        self.why = _printable(why)
        super().__init__(f"no chain specification: {self.why}")


class SpecCutShort(SpecRefused):
    """The file ends before the specification does: it was not copied whole."""

    remedy = "Copy the file again; compare its size with the original's."

    def __init__(self, size: int) -> None:
        self.size = size
        super().__init__(f"the file ends after {size} bytes, before the specification does")


class NoAnchor(ChainError, Refusal):
    """Nothing vouches for a first block of this network, so nothing of its chain can be believed."""

    slug, status = "no-anchor", 503
    remedy = (
        "Import a checkpoint of this network, signed by the release keys or by your cold key: a file, a USB stick or "
        "its QR texts (docs/specs/checkpoint.md)."
    )

    def __init__(self, network: str, genesis: Hash256 | None) -> None:
        self.network, self.genesis = network, genesis
        super().__init__(f"no checkpoint of {network} was given")


class NetworkKind(enum.StrEnum):
    """What is at stake on a network."""

    LIVE = "live"
    DEVELOPMENT = "development"
    """Dev accounts are in order, since it is reached on this machine alone."""


def _text(pattern: str, most: int) -> msgspec.Meta:
    return msgspec.Meta(pattern=rf"\A{pattern}\Z", max_length=most)


def _number(least: int, most: int) -> msgspec.Meta:
    return msgspec.Meta(ge=least, le=most)


Source: TypeAlias = Annotated[str, _text("[ -~]+", SOURCE_MAX_CHARS)]


class Endpoint(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a chain is asked. Endpoints of one `group` have one operator, so they count as one witness."""

    url: Annotated[str, msgspec.Meta(max_length=2_048)]
    group: Annotated[str, _text(r"[a-z0-9][a-z0-9.-]*", 63)]

    def __post_init__(self) -> None:
        found = _ADDRESS.fullmatch(self.url)
        # A hash sign would begin a part that is never sent, and an at sign a name and a password that end up in logs.
        if not found or set("#@") & set(self.url) or not 0 < int(found["port"] or 1) < 1 << 16:
            raise ValueError("url is not ws:// or wss:// with a host, lower-case, and perhaps a port and a path")

    @property
    def loopback(self) -> bool:
        """Whether it is on this machine, whatever a resolver says."""
        found = _ADDRESS.fullmatch(self.url)
        assert found
        try:
            return ipaddress.ip_address(found["host"].strip("[]")).is_loopback
        except ValueError:
            return False


class ChainSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One network. `slot_ms` in ms; an epoch in slots, an era in epochs, bonding in eras; amounts have `decimals`."""

    format: Literal["edge_node/chain-spec/v1"]
    id: Annotated[str, _text(r"[a-z0-9][a-z0-9-]*", 32)]
    name: Annotated[str, _text("[!-~](?:[ -~]*[!-~])?", 64)]
    kind: NetworkKind
    genesis: Hash256 | None
    """Hash of the first block. None for a development chain, whose checkpoint names it."""
    endpoints: Annotated[tuple[Endpoint, ...], msgspec.Meta(max_length=ENDPOINTS_MAX)]
    ss58: Annotated[int, _number(0, (1 << 14) - 1)]
    decimals: Annotated[int, _number(0, 30)]
    symbol: Annotated[str, _text("[A-Za-z][A-Za-z0-9]*", 12)]
    slot_ms: Annotated[int, _number(100, 600_000)]
    epoch_slots: Annotated[int, _number(1, 1_000_000)]
    era_epochs: Annotated[int, _number(1, 1_000)]
    bonding_eras: Annotated[int, _number(1, 1_000)]
    state_version: Literal[0, 1]
    justification_blocks: Annotated[int, _number(1, 1_000_000)]
    """A node keeps the justification of every so many blocks, besides those that end a set of authorities."""
    sources: dict[str, Source] = {}
    """Where what stands above is known from, by the member's name."""

    def __post_init__(self) -> None:
        if self.genesis is None and self.kind is not NetworkKind.DEVELOPMENT:
            raise ValueError("genesis is null, which only a development network may leave open")
        if self.kind is NetworkKind.DEVELOPMENT and not all(endpoint.loopback for endpoint in self.endpoints):
            raise ValueError("a development network has an endpoint that is not a loopback address")
        if len({endpoint.url for endpoint in self.endpoints}) != len(self.endpoints):
            raise ValueError("endpoints name one url twice")
        if not self.sources.keys() <= set(self.__struct_fields__):
            raise ValueError("sources names what is no member")

    @property
    def bonding_ms(self) -> int:
        """How long validators can lose their stake for what they signed: the measure for the age of an anchor."""
        return self.slot_ms * self.epoch_slots * self.era_epochs * self.bonding_eras

    @property
    def groups(self) -> frozenset[str]:
        """The operators who are asked."""
        return frozenset(endpoint.group for endpoint in self.endpoints)

    @classmethod
    def from_file(cls, raw: bytes) -> Self:
        """Read a file's content, shipped or an operator's own; SpecRefused, SpecCutShort when it is cut in half."""
        if len(raw) > SPEC_MAX_BYTES:
            raise SpecRefused(f"{len(raw)} bytes, where {SPEC_MAX_BYTES} are the most")
        try:
            return msgspec.convert(parse_strict(raw), cls, dec_hook=_read_hash)
        except MalformedJson as malformed:
            if not raw.rstrip().endswith(b"}") or _closes_late(raw):
                raise SpecCutShort(len(raw)) from None
            raise SpecRefused(malformed.why) from None
        except msgspec.ValidationError as wrong:
            raise SpecRefused(str(wrong)) from None

    def to_file(self) -> bytes:
        """The content of a file that says the same, for people to read."""
        value = msgspec.to_builtins(self, enc_hook=str, builtin_types=(bytes,))
        value["genesis"] = None if self.genesis is None else str(self.genesis)
        return json.dumps(value, indent=2).encode() + b"\n"


def _read_hash(kind: type, value: Any) -> Hash256:
    if kind is not Hash256 or not isinstance(value, str):
        raise ValueError("Expected 64 lower-case hex digits")
    try:
        return Hash256.parse(value)
    except MalformedId as malformed:
        raise ValueError(str(malformed)) from None


def _closes_late(raw: bytes) -> bool:
    """Whether more braces open than close: a rough look, which only chooses the words of a refusal."""
    return raw.count(b"{") > raw.count(b"}")


def _printable(why: str) -> str:
    return why.encode("unicode_escape").decode("ascii")[:_WHY_MAX_CHARS]
