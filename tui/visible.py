"""Text from the network made safe to show: what a terminal would obey or reorder is spelled out instead.

Control characters, escape sequences, bidirectional and zero-width characters, combining marks, right-to-left letters
and pictographs become visible escapes (`\\x1b`, `\\u202e`, `\\U0001f600`), so that one character of ours is always one
or two cells at its own place, on every terminal. Letters of wide scripts stay. A backslash stays a backslash: the
escapes are for eyes, not for parsing back.
"""

import unicodedata

ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"
_NFC_LEAD = 4  # composing shortens; four characters of input for each cell is more than any script composes

# General categories that never reach the terminal: controls, formats (bidi overrides, zero width, tags), surrogates,
# private use, unassigned, marks that join the character before, and line and paragraph separators.
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Mn", "Me", "Mc", "Zl", "Zp"})
_REORDERED = frozenset({"R", "AL", "AN"})  # a bidi-aware terminal would move what stands beside them
_SHORT = {"\t": "\\t", "\n": "\\n", "\r": "\\r"}


def visible(text: str, cells_max: int | None = None, *, ascii_only: bool = False) -> str:
    """`text` on one line, safe and composed (NFC), cut with an ellipsis at `cells_max` cells.

    Only as much of a long text is looked at as can be shown: a line of 10 MB costs what a short one does.
    """
    if cells_max is not None and len(text) > cells_max * _NFC_LEAD:
        text = text[: cells_max * _NFC_LEAD]
    if not (text.isascii() and text.isprintable()):
        composed = text if text.isascii() else unicodedata.normalize("NFC", text)
        text = "".join([shown(char, ascii_only=ascii_only) for char in composed])
    return text if cells_max is None else cut(text, cells_max, ellipsis="~" if ascii_only else ELLIPSIS)


def shown(char: str, *, ascii_only: bool = False) -> str:
    """One character, or its escape."""
    if " " <= char <= "~":
        return char
    if ascii_only or _obeyed(char):
        return _SHORT.get(char) or escape(ord(char))
    return char


def escape(point: int) -> str:
    """The spelling of a code point: `\\x1b`, `\\u202e` or `\\U0001f600`."""
    if point <= 0xFF:
        return f"\\x{point:02x}"
    return f"\\u{point:04x}" if point <= 0xFFFF else f"\\U{point:08x}"


def _obeyed(char: str) -> bool:
    """Whether some terminal would act on it, hide it, move it, or give it a width of its own choosing."""
    category = unicodedata.category(char)
    if category in _HIDDEN or unicodedata.bidirectional(char) in _REORDERED:
        return True
    if category == "Zs":  # a space that is no U+0020 looks like one and is none
        return True
    return category in {"So", "Sk"} and (cells_of(char) == 2 or ord(char) > 0xFFFF)  # pictographs: widths differ


def cells_of(text: str) -> int:
    """Cells that `text` takes on a terminal; of text that `visible` returned."""
    if text.isascii():
        return len(text)
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def cut(text: str, cells: int, *, ellipsis: str = ELLIPSIS) -> str:
    """At most `cells` cells of `text`; what was longer ends with an ellipsis."""
    if cells_of(text) <= cells:
        return text
    if cells <= 0:
        return ""
    room = cells - len(ellipsis)
    if text.isascii():
        return text[:room] + ellipsis
    taken: list[str] = []
    for char in text:
        room -= cells_of(char)
        if room < 0:
            break
        taken.append(char)
    return "".join(taken) + ellipsis


def fit(text: str, cells: int, *, right: bool = False, ellipsis: str = ELLIPSIS) -> str:
    """`text` in exactly `cells` cells: cut or padded, to the right for figures."""
    text = cut(text, cells, ellipsis=ellipsis)
    padding = " " * (cells - cells_of(text))
    return padding + text if right else text + padding
