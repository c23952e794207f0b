"""The arguments of every command as types, checked before anything is planned (pure)."""

import re
from typing import Annotated, Any, Literal, TypeVar

import msgspec

from edge_node.base.limits import KIB
from edge_node.control.errors import ArgumentsMalformed, RequestMalformed
from edge_node.control.plans import Arguments
from edge_node.wire.strict_json import MalformedJson, parse_strict

BODY_MAX_BYTES = 512 * KIB  # the largest signed document is 256 KiB; what is larger is a piece or an event body
INTEGER_MAX = 2**53 - 1
WHY_MAX_CHARS = 300  # what does not fit may be half a megabyte, and is repeated in words

Fields = TypeVar("Fields", bound="CommandArguments")


def about(text: str, kind: str = "text") -> msgspec.Meta:
    """What an argument is, and which kind of input a form would offer."""
    return msgspec.Meta(description=text, extra={"kind": kind})


Whole = Annotated[int, msgspec.Meta(ge=0, le=INTEGER_MAX)]
Note = Annotated[str, about("Why; kept with the device.")]
NameOrKey = Annotated[str, about("The device's name, or its public key in hex.", "key"), msgspec.Meta(max_length=128)]


class CommandArguments(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The arguments of one command."""


class NoArguments(CommandArguments, frozen=True):
    """Nothing."""


class EnrolArguments(CommandArguments, frozen=True):
    """A device to let in."""

    name: Annotated[str, about("A name for people, unique among devices in use.")]
    key: Annotated[str, about("The device's public key in hex.", "key")]
    roles: Annotated[list[Literal["device", "reader", "writer", "operator"]], about("What it may do.", "list")] = (
        msgspec.field(default_factory=lambda: ["device"])
    )
    streams: Annotated[list[str], about("Streams it may use, by prefix; none: all.", "list")] = []
    vault: Annotated[str | None, about("The vault it belongs to, in hex; the node's own.", "key")] = None
    note: Note = ""
    late_max_s: Annotated[Whole | None, about("How late its events may be, seconds; the node's limit.", "integer")] = (
        None
    )
    bytes_per_day_max: Annotated[Whole | None, about("Bytes it may add a day; the node's limit.", "integer")] = None


class DeviceArguments(CommandArguments, frozen=True):
    """A device to act on."""

    device: NameOrKey
    note: Note = ""


class VerifyArguments(CommandArguments, frozen=True):
    """A piece to read and hash."""

    cid: Annotated[str, about("The piece's CID.", "cid")]
    vault: Annotated[str | None, about("A vault that holds it, in hex; whichever does.", "key")] = None
    bucket: Annotated[Whole | None, about("A bucket that holds it; whichever does.", "integer")] = None


class RevokeArguments(CommandArguments, frozen=True):
    """What is refused of DDC tokens: one of the first four says it."""

    token: Annotated[str | None, about("A whole DDC token; it is hashed, and not kept.")] = None
    hash: Annotated[str | None, about("The hash of one token, in hex.", "key")] = None
    holder: Annotated[str | None, about("An account that signs or is granted tokens: hex or SS58.", "key")] = None
    issuer: Annotated[str | None, about("An account whose tokens up to an end are refused: hex or SS58.", "key")] = None
    until_ms: Annotated[Whole | None, about("Of an issuer: tokens that end by then, ms UTC.", "integer")] = None
    link: Annotated[Whole | None, about("Which token of a chain, 1 the first; the last.", "integer")] = None
    note: Annotated[str, about("Why; kept with the revocation.")] = ""


class LevelArguments(CommandArguments, frozen=True):
    """How much is logged."""

    level: Annotated[Literal["debug", "info", "warning", "error"], about("The lowest level that is logged.")]


class PublishArguments(CommandArguments, frozen=True):
    """A test event."""

    stream: Annotated[str, about("The stream to publish to.")]
    data: Annotated[Any, about("Any JSON value without floats.", "json")]


class RetainArguments(CommandArguments, frozen=True):
    """What is removed from a stream now."""

    stream: Annotated[str, about("The stream.")]
    age_s: Annotated[Whole | None, about("Events older than this go, seconds; none: no limit.", "integer")] = None
    bytes: Annotated[Whole | None, about("The oldest beyond so many bytes go; none: no limit.", "integer")] = None
    until: Annotated[Whole | None, about("Nothing from this offset on goes; a plan fills it in.", "integer")] = None


class CheckpointArguments(CommandArguments, frozen=True):
    """A checkpoint to believe."""

    document: Annotated[str, about("The signed document, or its QR texts one after the other.")]


class PinArguments(CommandArguments, frozen=True):
    """A word for a runtime's metadata."""

    document: Annotated[str, about("The signed document.")]


class ConfirmArguments(CommandArguments, frozen=True):
    """A block that somebody vouches for."""

    hash: Annotated[str, about("The block's hash in hex, from a source of your own.", "key")]


def read_object(raw: bytes) -> dict[str, Any]:
    """The JSON object of a request's body; RequestMalformed."""
    try:
        value = parse_strict(raw)
    except MalformedJson as error:
        raise RequestMalformed(error.why) from error
    if not isinstance(value, dict):
        raise RequestMalformed("it is another kind of value")
    return value


def read_arguments(value: Any, kind: type[Fields]) -> Fields:
    """`value` as the arguments of one command; ArgumentsMalformed names the first that does not fit."""
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        text = str(error)
        found = re.search(r"(?:field `|at `\$\.)([a-z_]+)", text)
        raise ArgumentsMalformed(
            found.group(1) if found else "", re.sub(r" - at `\$\..*`$", "", text)[:WHY_MAX_CHARS]
        ) from error


def as_object(arguments: CommandArguments) -> Arguments:
    """The checked arguments as a JSON object, defaults filled in."""
    built: Arguments = msgspec.to_builtins(arguments)
    return built


def describe(kind: type[CommandArguments]) -> list[dict[str, object]]:
    """Every argument with what a form needs to know of it."""
    rows = []
    for field in msgspec.structs.fields(kind):
        meta = msgspec.inspect.type_info(field.type)
        extra = (meta.extra if isinstance(meta, msgspec.inspect.Metadata) else None) or {}
        schema = (meta.extra_json_schema if isinstance(meta, msgspec.inspect.Metadata) else None) or {}
        rows.append(
            {
                "name": field.name,
                "type": extra.get("kind", "text"),
                "required": field.required,
                "about": schema.get("description", ""),
            }
        )
    return rows
