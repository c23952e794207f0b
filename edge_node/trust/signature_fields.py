"""The text form of signature headers: `name=value` fields in any order, each of one exact spelling."""

import re
from collections.abc import Callable, Mapping

from edge_node.base.errors import RemoteError

HEADER_MAX_CHARS = 1_024  # the longest valid header of either kind is under 500
U64_MAX = 2**64 - 1

FieldCheck = Callable[[str], object]  # the bound `fullmatch` of a field's pattern

hex_32: FieldCheck = re.compile(r"[0-9a-f]{64}").fullmatch
hex_16: FieldCheck = re.compile(r"[0-9a-f]{32}").fullmatch
decimal: FieldCheck = re.compile(r"0|[1-9][0-9]{0,19}").fullmatch
# 64 bytes are 85 digits, one digit whose last four bits are unused and hence zero, and two pads: one spelling only.
base64_64: FieldCheck = re.compile(r"[A-Za-z0-9+/]{85}[AQgw]==").fullmatch


class MalformedSignatureHeader(RemoteError):
    """A signature header does not have its one form; `header` names it and `why` says where."""

    slug = "malformed-signature-header"
    status = 400
    remedy = "Write the header as docs/specs/signed-event.md and signed-request.md define it, each field once."

    def __init__(self, header: str, why: str) -> None:
        self.header, self.why = header, why
        super().__init__(f"malformed {header}: {why}")


def read_fields(header: str, text: str, checks: Mapping[str, FieldCheck]) -> dict[str, str]:
    """The fields of `text`, exactly those of `checks`, each once; MalformedSignatureHeader otherwise.

    Fields are separated by a comma with optional spaces and tabs around it. `header` is its name, for the error.
    """
    if len(text) > HEADER_MAX_CHARS:
        raise MalformedSignatureHeader(header, f"{len(text)} characters, at most {HEADER_MAX_CHARS} are read")
    fields: dict[str, str] = {}
    for part in text.split(","):
        name, _, value = part.strip(" \t").partition("=")
        check = checks.get(name)
        if check is None:
            raise MalformedSignatureHeader(header, f"wants exactly {', '.join(checks)}")
        if name in fields:
            raise MalformedSignatureHeader(header, f"{name} stands twice")
        if check(value) is None:
            raise MalformedSignatureHeader(header, f"{name} is not spelled as defined")
        fields[name] = value
    if len(fields) != len(checks):
        raise MalformedSignatureHeader(header, f"wants exactly {', '.join(checks)}")
    return fields


def read_u64(header: str, name: str, digits: str) -> int:
    """The number of at most 20 checked digits; MalformedSignatureHeader from 2^64 on."""
    value = int(digits)
    if value > U64_MAX:
        raise MalformedSignatureHeader(header, f"{name} is 2^64 or more")
    return value
