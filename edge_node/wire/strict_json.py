"""The one strict JSON reader for signed documents, and their canonical form (RFC 8259, RFC 8785)."""

import json
from typing import Any, NoReturn, TypeAlias

import rfc8785

from edge_node.base.errors import LocalError, RemoteError
from edge_node.base.limits import NUMBER_EXACT_IN_JSON
from edge_node.wire.json_depth import nests_within

JsonValue: TypeAlias = bool | int | str | list["JsonValue"] | dict[str, "JsonValue"] | None

DEPTH_MAX = 32  # deeper than any document of ours; keeps recursion in every reader far from its limit

_INTEGER_CHARS = len(str(NUMBER_EXACT_IN_JSON)) + 1  # with the sign; longer texts are refused before they are converted


class MalformedJson(RemoteError):
    """The bytes are not JSON as this node accepts it in signed documents; `why` names the rule."""

    slug = "malformed-json"
    status = 400
    remedy = "Send UTF-8 JSON with unique keys, integers below 2^53 and no floats, nested at most 32 deep."

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(f"not strict JSON: {why}")


class NotCanonical(MalformedJson):
    """The JSON is valid and not in the one form RFC 8785 gives it."""

    remedy = "Serialise the document with an RFC 8785 (JCS) library before signing it."

    def __init__(self) -> None:
        super().__init__("the bytes are not the RFC 8785 form of what they say")


class NotJsonValue(LocalError):
    """Our own code asked for the canonical form of something JSON cannot hold exactly."""

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(f"no canonical JSON form: {why}")


def parse_strict(raw: bytes, depth_max: int = DEPTH_MAX) -> JsonValue:
    """Read one JSON value, or MalformedJson.

    Refused beyond RFC 8259: a byte order mark, duplicate keys, lone surrogates, floats, exponents, minus zero,
    integers of 2^53 and more, nesting deeper than `depth_max`. The caller limits the size.
    """
    try:
        text = raw.decode("utf-8")
        value: JsonValue = _DECODER.decode(text)
    except UnicodeDecodeError as error:
        raise MalformedJson(f"byte {error.start} is not UTF-8") from None
    except json.JSONDecodeError as error:
        raise MalformedJson(f"{error.msg} at character {error.pos}") from None
    except RecursionError:
        raise MalformedJson(f"nested deeper than {depth_max}") from None
    if not nests_within(raw, depth_max):
        raise MalformedJson(f"nested deeper than {depth_max}")
    if "\\u" in text:
        _refuse_lone_surrogates(value)
    return value


def canonical(value: Any) -> bytes:
    """The RFC 8785 form of None, bool, int below 2^53, float, str, list, tuple or dict; NotJsonValue otherwise."""
    try:
        return rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, UnicodeEncodeError) as error:
        raise NotJsonValue(str(error)) from error
    except RecursionError:
        raise NotJsonValue("nested without end") from None


def parse_canonical(raw: bytes) -> JsonValue:
    """`parse_strict`, then NotCanonical unless `raw` is the RFC 8785 form byte for byte."""
    value = parse_strict(raw)
    if canonical(value) != raw:
        raise NotCanonical
    return value


def _refuse_lone_surrogates(value: JsonValue) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        raise MalformedJson("an escape names half a surrogate pair") from None


def _unique(pairs: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise MalformedJson("an object has the same key twice")
    return members


def _integer(digits: str) -> int:
    value = int(digits) if len(digits) <= _INTEGER_CHARS else NUMBER_EXACT_IN_JSON
    if abs(value) >= NUMBER_EXACT_IN_JSON:
        raise MalformedJson("an integer of 2^53 or more is not a decimal string")
    if digits == "-0":
        raise MalformedJson("an integer is minus zero")
    return value


def _refuse_float(_digits: str) -> NoReturn:
    raise MalformedJson("a number has a fraction or an exponent")


def _refuse_constant(name: str) -> NoReturn:
    raise MalformedJson(f"{name} is not a JSON value")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_unique, parse_int=_integer, parse_float=_refuse_float, parse_constant=_refuse_constant
)
