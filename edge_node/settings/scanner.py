"""Find the line of every key in TOML text that tomllib has accepted (TOML 1.0); tomllib itself keeps no lines."""

import bisect
import re
import tomllib

KeyPath = tuple[str | int, ...]
"""Names from the root; an integer stands for a place in an array, or in an array of tables."""

_MARGIN = re.compile(r"(?:\s|#[^\n]*)*")
_COMMAS = re.compile(r"(?:[\s,]|#[^\n]*)*")
_BLANK = re.compile(r"[ \t]*")
_KEY = re.compile(r"""[A-Za-z0-9_-]+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'""")
# A multi-line string ends at its first closing fence, and up to two more quotes belong to its text.
_STRING = re.compile(
    r'"""(?:\\.|[^\\])*?"""(?:"{0,2})'
    r"|'''.*?'''(?:'{0,2})"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'",
    re.DOTALL,
)
_SCALAR = re.compile(r"[^,\]}#\n]+")


class MalformedToml(ValueError):
    """The text is no TOML; parse with tomllib first, its message says why."""


def key_lines(text: str) -> dict[KeyPath, int]:
    """The 1-based line of every key and table header in `text`; MalformedToml where the text is not TOML.

    A table that is never named alone (`[a.b]` names `a` too) has the line of its first mention.
    """
    return _Scan(text).run()


class _Scan:
    def __init__(self, text: str) -> None:
        self._text, self._at = text, 0
        self._newlines = [found.start() for found in re.finditer("\n", text)]
        self._lines: dict[KeyPath, int] = {}
        self._newest_table: dict[KeyPath, int] = {}  # of each array of tables: the place later headers speak of

    def run(self) -> dict[KeyPath, int]:
        table: KeyPath = ()
        while self._skip(_MARGIN):
            if self._text[self._at] == "[":
                table = self._header()
            else:
                self._pair(table)
        return self._lines

    def _skip(self, pattern: re.Pattern[str]) -> bool:
        """Pass over `pattern`; False at the end of the text."""
        found = pattern.match(self._text, self._at)
        self._at = found.end() if found else self._at
        return self._at < len(self._text)

    def _take(self, pattern: re.Pattern[str] | str) -> str:
        found = re.compile(pattern).match(self._text, self._at)
        if found is None:
            raise MalformedToml(f"line {self._line()}: wanted {pattern}")
        self._at = found.end()
        return found.group()

    def _line(self) -> int:
        return bisect.bisect_left(self._newlines, self._at) + 1

    def _dotted_key(self) -> list[tuple[str, int]]:
        """The names of a dotted key, each with its line."""
        names: list[tuple[str, int]] = []
        while True:
            self._skip(_BLANK)
            line, raw = self._line(), self._take(_KEY)
            names.append((tomllib.loads(f"key = {raw}")["key"] if raw[0] in "\"'" else raw, line))
            self._skip(_BLANK)
            if not self._text.startswith(".", self._at):
                return names
            self._at += 1

    def _header(self) -> KeyPath:
        brackets = self._take(r"\[{1,2}")
        names = self._dotted_key()
        self._take(r"\]{1,2}")
        path: KeyPath = ()
        for place, (name, line) in enumerate(names):
            path = self._note(path, name, line)
            if brackets == "[[" and place == len(names) - 1:
                self._newest_table[path] = self._newest_table.get(path, -1) + 1
                self._lines[(*path, self._newest_table[path])] = line
            if path in self._newest_table:
                path = (*path, self._newest_table[path])
        return path

    def _pair(self, table: KeyPath) -> None:
        path = table
        for name, line in self._dotted_key():
            path = self._note(path, name, line)
        self._take("=")
        self._skip(_BLANK)
        self._value(path)

    def _note(self, path: KeyPath, name: str, line: int) -> KeyPath:
        self._lines.setdefault((*path, name), line)
        return (*path, name)

    def _value(self, path: KeyPath) -> None:
        opening = self._text[self._at : self._at + 1]
        if opening == "[":
            self._array(path)
        elif opening == "{":
            self._inline_table(path)
        elif opening and opening in "\"'":
            self._take(_STRING)
        else:
            self._take(_SCALAR)

    def _array(self, path: KeyPath) -> None:
        self._at += 1
        place = 0
        while self._skip(_COMMAS) and self._text[self._at] != "]":
            self._lines[(*path, place)] = self._line()
            self._value((*path, place))
            place += 1
        self._take("]")

    def _inline_table(self, path: KeyPath) -> None:
        self._at += 1
        while self._skip(_COMMAS) and self._text[self._at] != "}":
            self._pair(path)
        self._take("}")
