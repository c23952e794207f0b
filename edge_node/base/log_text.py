"""What a log entry may hold: values of bounded length, no raw bytes, nothing a terminal would obey (pure).

A peer chooses paths, names and reasons. journald cuts lines at 48 KiB, a terminal obeys control characters, and bytes
may be a key: so every entry passes here before anybody sees it, whichever form the log has.
"""

from collections.abc import Mapping, MutableMapping
from reprlib import Repr
from typing import Any

VALUE_MAX_CHARS = 1_024  # a path or a reason is shorter
TRACEBACK_MAX_CHARS = 12_000  # some 100 frames; of more, the first and the last are kept
FIELDS_MAX = 32  # no event of ours has half as many
NAME_MAX_CHARS = 64

_PLAIN = (bool, int, float, type(None))
_SHORT = Repr()
_SHORT.maxlist = _SHORT.maxtuple = _SHORT.maxset = _SHORT.maxfrozenset = _SHORT.maxdict = 16
_SHORT.maxstring = _SHORT.maxother = 200


def bound_entry(_logger: object, _method: str, entry: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """The structlog processor that makes an entry fit: long values cut with a word on it, bytes only counted."""
    if len(entry) > FIELDS_MAX:
        for name in list(entry)[FIELDS_MAX - 1 :]:
            del entry[name]
        entry["fields_cut"] = True
    for name, value in entry.items():
        if type(value) is not str or len(value) > VALUE_MAX_CHARS:
            entry[name] = bound_value(value, TRACEBACK_MAX_CHARS if name == "exception" else VALUE_MAX_CHARS)
    return entry


def bound_value(value: object, chars_max: int = VALUE_MAX_CHARS) -> object:
    """`value` as it is when it is small and plain, else its bounded text."""
    if isinstance(value, _PLAIN):
        return value if not isinstance(value, int) or value.bit_length() <= 64 else f"<{value.bit_length()} bits>"
    if isinstance(value, str):
        return cut(str(value), chars_max)
    if isinstance(value, bytes | bytearray | memoryview):
        return f"<{len(value)} bytes>"
    if isinstance(value, list | tuple) and len(value) <= _SHORT.maxlist:
        return [bound_value(one, chars_max // _SHORT.maxlist) for one in value]
    if isinstance(value, Mapping | list | tuple | set | frozenset):
        return cut(_SHORT.repr(value), chars_max)
    return cut(str(value), chars_max)


def cut(text: str, chars_max: int) -> str:
    """`text`, or its beginning and end around the number of characters left out between them."""
    if len(text) <= chars_max:
        return text
    head = chars_max * 3 // 4
    tail = chars_max - head
    return f"{text[:head]}…[{len(text) - chars_max} characters left out]…{text[-tail:]}"


def inert(text: str) -> str:
    """`text` with everything escaped that a terminal would obey instead of show: control and direction characters."""
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode("ascii") for one in text)
