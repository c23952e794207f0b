"""The one filter grammar of every table and of the log (pure).

A filter is words, all of which must hold: `text` is contained, `key=value` or `key:value` is the whole value of a
column (`*` stands for anything), `~letters` occur in that order, and `!` before any of them turns it round. `"two
words"` is one. Case never matters. An empty filter lets everything through.
"""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

Values = Mapping[str, str]

ALTERNATIVES = "\x1f"  # between the values of a column that has several, of which one must be the one asked for

_WORD = re.compile(r'!?(?:~|[A-Za-z_][\w.]*[=:])?"[^"]*"?|\S+')
_KEYED = re.compile(r"([a-z_][\w.]*)([=:])(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Term:
    """One word: `key` is empty for text that may stand anywhere; `fuzzy` and `key` exclude each other."""

    value: str
    key: str = ""
    fuzzy: bool = False
    inverse: bool = False

    def __str__(self) -> str:
        """The word as it would be typed."""
        value = f'"{self.value}"' if " " in self.value or not self.value else self.value
        return ("!" if self.inverse else "") + ("~" if self.fuzzy else f"{self.key}=" if self.key else "") + value


@dataclass(frozen=True, slots=True)
class Filter:
    """Words that must all hold."""

    terms: tuple[Term, ...] = ()

    def __bool__(self) -> bool:
        """Whether it hides anything at all."""
        return bool(self.terms)

    def __str__(self) -> str:
        """The filter as it would be typed."""
        return " ".join(map(str, self.terms))

    def matcher(self) -> Callable[[Values], bool]:
        """A test of one row's values by column, ready for many rows."""
        tests = [_test_of(term) for term in self.terms]
        return lambda values: all(test(values) for test in tests)

    def narrows(self, other: "Filter") -> bool:
        """Whether everything this lets through, `other` let through too: then only those need be looked at."""
        return all(any(_implies(term, before) for term in self.terms) for before in other.terms)


def parse_filter(text: str, keys: Collection[str] | None = ()) -> Filter:
    """Read a filter; nothing is an error, for a filter is read while it is typed.

    `keys` are the columns that `key=value` may name (None: any); after any other name `=` is a letter like the rest.
    So is `:` where any column may be named: log lines are full of addresses and times.
    """
    terms = (_term(word, keys) for word in _WORD.findall(text))
    return Filter(tuple(term for term in terms if term.value or term.key))


def _term(word: str, keys: Collection[str] | None) -> Term:
    inverse = word.startswith("!")
    rest = word.removeprefix("!").casefold()
    if rest.startswith("~"):
        return Term(_unquoted(rest[1:]), fuzzy=True, inverse=inverse)
    if (keyed := _KEYED.fullmatch(rest)) is not None:
        key, sign, value = keyed.groups()
        if key in keys if keys is not None else sign == "=" and key.isidentifier():
            return Term(_unquoted(value), key=key, inverse=inverse)
    return Term(_unquoted(rest), inverse=inverse)


def _unquoted(value: str) -> str:
    return value.replace('"', "") if value.startswith('"') else value


def _test_of(term: Term) -> Callable[[Values], bool]:
    test = _by_key(term) if term.key else _fuzzy(term.value) if term.fuzzy else _contains(term.value)
    return (lambda values: not test(values)) if term.inverse else test


def _by_key(term: Term) -> Callable[[Values], bool]:
    pattern = _pattern_of(term.value)

    def test(values: Values) -> bool:
        value = values.get(term.key, "").casefold()
        return any(pattern.fullmatch(one) is not None for one in value.split(ALTERNATIVES))

    return test


def _pattern_of(value: str) -> re.Pattern[str]:
    """`*` stands for anything.

    Each part between two is taken where it first stands, and no other place is tried: a row's text comes from
    strangers, and could take time in a power of its length.
    """
    first, *rest = map(re.escape, value.split("*"))
    middle = "".join(f"(?>.*?{part})" for part in rest[:-1])
    return re.compile(first + middle + (f".*{rest[-1]}" if rest else ""), re.DOTALL)


def _contains(value: str) -> Callable[[Values], bool]:
    return lambda values: any(value in part.casefold() for part in values.values())


def _fuzzy(letters: str) -> Callable[[Values], bool]:
    return lambda values: any(in_order(letters, part.casefold()) for part in values.values())


def in_order(letters: str, text: str) -> bool:
    """Whether the letters occur in `text` one after the other, with anything between."""
    at = 0
    for letter in letters:
        at = text.find(letter, at) + 1
        if not at:
            return False
    return True


def _implies(term: Term, before: Term) -> bool:
    """Whether a row that passes `term` passes `before`; a plain text that grew, mostly."""
    if term == before:
        return True
    plain = not (term.key or term.inverse or before.key or before.inverse)
    if not plain or term.fuzzy != before.fuzzy:
        return False
    return in_order(before.value, term.value) if term.fuzzy else before.value in term.value
