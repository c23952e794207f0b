"""Many point lookups in one step of SQLite: a thread that looks up fifty keys waits for the interpreter as for one.

sqlite3 gives the interpreter up around every step, and beside a busy loop has it back only after some milliseconds.
"""

import sqlite3
from collections.abc import Sequence
from functools import lru_cache
from itertools import chain
from typing import Any

import msgspec

AT_ONCE_MAX = 64  # keys a step


def find_each(conn: sqlite3.Connection, columns: Sequence[str], query: str, keys: Sequence[Sequence[Any]]) -> list[Any]:
    """What `query` finds for each key, None where that is nothing.

    `query` selects one JSON value and says `asked.<column>` for a column of the key.
    """
    found: list[Any] = []
    for at in range(0, len(keys), AT_ONCE_MAX):
        group = keys[at : at + AT_ONCE_MAX]
        rows = 1 << (len(group) - 1).bit_length()  # few statements, so that they stay prepared
        asked = chain(group, [group[-1]] * (rows - len(group)))
        values = [value for number, key in enumerate(asked) for value in (number, *key)]
        ((answers,),) = conn.execute(_statement(tuple(columns), query, rows), values).fetchall()
        found += [answer for _, answer in sorted(msgspec.json.decode(answers), key=_number)[: len(group)]]
    return found


def _number(pair: Sequence[Any]) -> int:
    number: int = pair[0]
    return number


@lru_cache(64)
def _statement(columns: Sequence[str], query: str, rows: int) -> str:
    names = ", ".join(("number", *columns))
    row = "(" + ", ".join("?" * (len(columns) + 1)) + ")"
    return (
        f"WITH asked({names}) AS (VALUES {', '.join([row] * rows)})"  # noqa: S608 - the names are the caller's own
        f" SELECT json_group_array(json_array(number, json(({query})))) FROM asked"
    )
