"""Lookups together find what each finds alone."""

import sqlite3

from hypothesis import given
from hypothesis import strategies as st

from edge_node.store.lookups import AT_ONCE_MAX, find_each

QUERY = "SELECT json_array(hex(word), number) FROM words WHERE name = asked.name AND part = asked.part"
NAMES = st.text(max_size=3) | st.sampled_from(["", "\0", "a\0b", "'", '"', "é"])
KEYS = st.tuples(NAMES, st.binary(max_size=2))


@given(st.dictionaries(KEYS, st.binary(max_size=5)), st.lists(KEYS, max_size=2 * AT_ONCE_MAX + 3))
def test_each_key_gets_its_own_answer_in_order(words: dict[tuple[str, bytes], bytes], strangers: list) -> None:
    """However many, the same one twice, known or not; text and bytes as they are."""
    conn = sqlite3.connect(":memory:")
    conn.execute("CREATE TABLE words(name TEXT, part BLOB, word BLOB, number INTEGER)")
    for number, ((name, part), word) in enumerate(words.items()):
        conn.execute("INSERT INTO words VALUES(?,?,?,?)", (name, part, word, number))
    keys = [*words, *strangers, *words]
    numbers = {key: number for number, key in enumerate(words)}
    found = find_each(conn, ("name", "part"), QUERY, keys)
    assert found == [[words[key].hex().upper(), numbers[key]] if key in words else None for key in keys]


def test_the_keys_are_looked_up_by_the_index() -> None:
    """Not one of the tables that hold everything is read from one end to the other."""
    conn = sqlite3.connect(":memory:")
    conn.execute("CREATE TABLE words(name TEXT PRIMARY KEY, word BLOB) WITHOUT ROWID")
    plan: list[str] = []
    conn.set_trace_callback(plan.append)
    find_each(conn, ("name",), "SELECT hex(word) FROM words WHERE name = asked.name", [("a",), ("b",)])
    conn.set_trace_callback(None)
    steps = [row[3] for row in conn.execute(f"EXPLAIN QUERY PLAN {plan[0]}")]
    assert any("SEARCH words USING PRIMARY KEY" in step for step in steps)
    assert not any("SCAN words" in step for step in steps)
