"""Lines of keys, against tomllib's own reading of the same text."""

import tomllib
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.settings.scanner import KeyPath, MalformedToml, key_lines

SPELLINGS = {
    **{name: (name, f'"{name}"', f"'{name}'") for name in ("a", "b", "key-1", "under_score", "007")},
    "a b": ('"a b"',),
    "x=y#[z]": ("'x=y#[z]'", '"x=y#[z]"'),
    "é": ('"é"', '"\\u00e9"'),
    "": ('""',),
    'q"': ("'q\"'", '"q\\""'),
}
KEY = st.sampled_from([spelling for spellings in SPELLINGS.values() for spelling in spellings])
BLANK = st.sampled_from(["", " ", "\t"])
MARGIN = st.sampled_from(["", "\n", ' # a = [ "\n', "\n\n  # ''' \n"])
SCALAR = st.sampled_from(
    [
        "1", "-0.5e3", "true", "inf", "0xFF", "1979-05-27 07:32:00Z", "07:32:00", '""',
        '"# no [comment] \\" = "', "'\\'",
        '"""\na = 1\n[t]\n# \\""" """', "'''\nb = 2\n''\n'''", '"""x"""""', "''''''", "'''y'''''",
    ]
)  # fmt: skip


@st.composite
def dotted_keys(draw: st.DrawFn) -> str:
    return (draw(BLANK) + "." + draw(BLANK)).join(draw(st.lists(KEY, min_size=1, max_size=3)))


@st.composite
def arrays(draw: st.DrawFn, items: st.SearchStrategy[str]) -> str:
    parts = [draw(MARGIN) + item + draw(MARGIN) for item in draw(st.lists(items, max_size=3))]
    return "[" + ",".join(parts) + "]"


@st.composite
def inline_tables(draw: st.DrawFn, items: st.SearchStrategy[str]) -> str:
    return "{" + ", ".join(f"{draw(dotted_keys())} = {item}" for item in draw(st.lists(items, max_size=2))) + "}"


VALUE = st.recursive(SCALAR, lambda items: arrays(items) | inline_tables(items), max_leaves=6)
STATEMENT = st.one_of(
    st.builds("{} = {}".format, dotted_keys(), VALUE),
    st.builds("[{}]".format, dotted_keys()),
    st.builds("[[{}]]".format, dotted_keys()),
    st.just("# [comment] = ''' \""),
    st.just(""),
)


@st.composite
def documents(draw: st.DrawFn) -> str:
    """Statements drawn one by one; those that tomllib refuses after the others are left out."""
    text = ""
    newline = draw(st.sampled_from(["\n", "\r\n"]))
    for statement in draw(st.lists(STATEMENT, max_size=12)):
        longer = f"{text}{draw(BLANK)}{statement}{draw(BLANK)}{newline}"
        try:
            tomllib.loads(longer)
        except tomllib.TOMLDecodeError:
            continue
        text = longer
    return text


def leaves(value: object, path: KeyPath = ()) -> Iterator[KeyPath]:
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from leaves(inner, (*path, key))
    elif isinstance(value, list) and value:
        for place, inner in enumerate(value):
            yield from leaves(inner, (*path, place))
    elif path:
        yield path


@given(documents())
def test_every_leaf_has_a_line_that_holds_its_key(text: str) -> None:
    """Whatever tomllib reads, the scanner knows where it stands."""
    lines = key_lines(text)
    rows = text.split("\n")
    for path in leaves(tomllib.loads(text)):
        names = [part for part in path if isinstance(part, str)]
        named = path[: len(path) - next(i for i, part in enumerate(reversed(path)) if isinstance(part, str))]
        assert path in lines
        assert any(spelling in rows[lines[named] - 1] for spelling in SPELLINGS[names[-1]])


@given(documents())
def test_nothing_is_found_that_is_not_there(text: str) -> None:
    """Every path found leads to something in tomllib's tree."""
    for path in key_lines(text):
        value = tomllib.loads(text)
        for part in path:
            value = value[part]


@given(st.text(alphabet="ab.=[]{}\"'\\#\n, 1"))
def test_text_that_is_no_toml_raises_or_ends(text: str) -> None:
    """Junk never hangs and never raises anything but MalformedToml, or tomllib's own error for a broken key."""
    try:
        key_lines(text)
    except (MalformedToml, tomllib.TOMLDecodeError):
        return


@pytest.mark.parametrize(
    ("text", "path", "line"),
    [
        ("a = 1\nb = 2\n", ("b",), 2),
        ("# x\n[http]\n# y\nlisten = ''\n", ("http", "listen"), 4),
        ("# x\n[http]\n", ("http",), 2),
        ("[a.b]\nc = 1\n", ("a",), 1),
        ("a.b.c = 1\n", ("a", "b"), 1),
        ("[[p]]\nn = 1\n[[p]]\n\nn = 2\n", ("p", 1, "n"), 5),
        ("[[p]]\n[p.q]\nn = 1\n[[p]]\n[p.q]\nn = 2\n", ("p", 1, "q", "n"), 6),
        ("a = [\n  1, # one\n  {b = 2},\n]\n", ("a", 1, "b"), 3),
        ('a = """\n\n"""\nb = 1', ("b",), 4),
        ('a = """\\\n  x \\""" y"""\r\nb = 1\r\n', ("b",), 3),
    ],
)
def test_lines_of_known_texts(text: str, path: KeyPath, line: int) -> None:
    """Tables, dotted keys, arrays of tables, inline tables and long strings, by hand."""
    assert key_lines(text)[path] == line
