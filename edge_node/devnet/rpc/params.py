"""What requests give by position, read: hashes, hex, numbers, addresses; -32602 names the one that is wrong."""

import re
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeAlias

from edge_node.base.errors import RemoteError
from edge_node.base.ids import Hash256
from edge_node.base.ss58 import parse_ss58
from edge_node.devnet.errors import DevnetError
from edge_node.devnet.rpc.json_rpc import INVALID_PARAMS, RpcError
from edge_node.wire.scale import U32_MAX

_HEX: Final = re.compile(r"(?:0x)?(?:[0-9a-fA-F]{2})*")
_HASH: Final = re.compile(r"(?:0x)?[0-9a-fA-F]{64}")
_NUMBER: Final = re.compile(r"0x[0-9a-fA-F]{1,16}")
LIST_MAX: Final = 1_024

Param: TypeAlias = Callable[[Any], Any]


class Misfit(DevnetError):
    """A parameter is not of its kind."""

    slug = "rpc-param-misfit"


class Optional:
    """A parameter that may be null or left out at the end."""

    def __init__(self, param: Param) -> None:
        self._param = param

    def __call__(self, value: Any) -> Any:
        """The value, or None."""
        return None if value is None else self._param(value)


def read_params(wanted: Sequence[Param], given: Sequence[Any]) -> list[Any]:
    """What a handler is called with; RpcError (-32602) when too many, too few or not of their kinds."""
    if len(given) > len(wanted):
        raise _wrong(f"{len(given)} are given, {len(wanted)} are the most")
    padded = [*given, *[None] * (len(wanted) - len(given))]
    read = []
    for place, (param, value) in enumerate(zip(wanted, padded, strict=True)):
        if value is None and not isinstance(param, Optional):
            raise _wrong(f"number {place + 1} is missing")
        try:
            read.append(param(value))
        except (Misfit, RemoteError) as wrong:
            raise _wrong(f"number {place + 1}: {wrong}") from None
    return read


def block_hash(value: Any) -> Hash256:
    """A block's hash."""
    if not isinstance(value, str) or not _HASH.fullmatch(value):
        raise Misfit("not the hex of 32 bytes")
    return Hash256(bytes.fromhex(value.removeprefix("0x")))


def hex_bytes(value: Any) -> bytes:
    """Bytes in hex."""
    if not isinstance(value, str) or not _HEX.fullmatch(value):
        raise Misfit("not hex")
    return bytes.fromhex(value.removeprefix("0x"))


def number(value: Any) -> int:
    """A number of 32 bits, as a number or in hex."""
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        value = int(value, 16)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= U32_MAX:
        raise Misfit("not a number of 32 bits")
    return value


def numbers(value: Any) -> int | list[int]:
    """A number or a list of them."""
    return [number(one) for one in _bounded(value)] if isinstance(value, list) else number(value)


def hex_list(value: Any) -> list[bytes]:
    """A list of bytes in hex."""
    if not isinstance(value, list):
        raise Misfit("not a list")
    return [hex_bytes(one) for one in _bounded(value)]


def account(value: Any) -> bytes:
    """An account, by its address in any network's form or by its hex."""
    if isinstance(value, str) and _HASH.fullmatch(value):
        return bytes.fromhex(value.removeprefix("0x"))
    if not isinstance(value, str):
        raise Misfit("not an address")
    return parse_ss58(value)[1]


def text(value: Any) -> str:
    """A text."""
    if not isinstance(value, str):
        raise Misfit("not a text")
    return value


def flag(value: Any) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise Misfit("neither true nor false")
    return value


def anything(value: Any) -> Any:
    """Whatever it is: its reader looks."""
    return value


def integer(value: Any) -> int:
    """A whole number, which may be below zero."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise Misfit("not a whole number")
    return value


def to_hex(raw: bytes) -> str:
    """Bytes as answers show them."""
    return f"0x{raw.hex()}"


def _bounded(values: list[Any]) -> list[Any]:
    if len(values) > LIST_MAX:
        raise Misfit(f"more than {LIST_MAX} entries")
    return values


def _wrong(why: str) -> RpcError:
    return RpcError(INVALID_PARAMS, "Invalid params", why)
