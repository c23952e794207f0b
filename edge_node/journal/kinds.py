"""What a room tells the journal about its records: a number, a class, a database, and how they are applied."""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from edge_node.base.errors import LocalError
from edge_node.journal.segment import Position, SegmentClass


class Database(StrEnum):
    """INDEX is derived and rebuilt from the log; META holds what is truth twice, here and in the log."""

    INDEX = "index"
    META = "meta"


class Placed(NamedTuple):
    """Where a record came to lie. `cid` is b"" when it has none."""

    position: Position
    sequence: int
    payload_bytes: int
    cid: bytes


class Record(NamedTuple):
    """A record read back and verified."""

    position: Position
    sequence: int
    kind: int
    version: int
    cid: bytes
    payload: bytes

    @property
    def placed(self) -> Placed:
        """The same without its bytes, as `apply` gets it."""
        return Placed(self.position, self.sequence, len(self.payload), self.cid)


Batch = Sequence[tuple[Placed, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A sort of record.

    `apply(conn, batch)` runs in the writer's thread inside the database's transaction, once per run of records, for
    live writes and for replay alike; the same log always gives the same rows. `replay(record)` makes from bytes the
    item that a live writer handed over. `family`: kinds of one family are applied in log order among each other;
    different families touch different tables and are applied apart, which makes longer batches.
    `frees_space`: still taken when the disk is nearly full.
    """

    number: int
    version: int
    segment_class: SegmentClass
    database: Database
    schema: str
    apply: Callable[[sqlite3.Connection, Batch], None]
    replay: Callable[[Record], Any]
    frees_space: bool = False
    family: str = ""


class KindClash(LocalError):
    """A kind's number is out of range or taken."""

    def __init__(self, number: int) -> None:
        self.number = number
        super().__init__(f"kind {number} is registered twice, or not within 1..255")


class KindTable(dict[int, Kind]):
    """Kinds by number."""

    def __init__(self, kinds: Iterable[Kind]) -> None:
        super().__init__()
        for kind in kinds:
            if kind.number in self or not 1 <= kind.number <= 255 or not 0 <= kind.version < 2**16:
                raise KindClash(kind.number)
            self[kind.number] = kind

    def of(self, database: Database) -> list[Kind]:
        """Those applied to `database`, by number."""
        return [self[number] for number in sorted(self) if self[number].database is database]

    def schema(self, database: Database) -> str:
        """All DDL of `database`; kinds that share tables give the same text, which counts once."""
        return "\n".join(dict.fromkeys(kind.schema for kind in self.of(database)))


Entry = tuple[Kind, Placed, Any]


def runs(entries: Iterable[Entry]) -> Iterator[tuple[Kind, list[tuple[Placed, Any]]]]:
    """Cut entries, given in log order, into batches of one kind that keep the order within each family."""
    families: dict[str, list[tuple[Kind, list[tuple[Placed, Any]]]]] = {}
    for kind, placed, item in entries:
        batches = families.setdefault(kind.family, [])
        if batches and batches[-1][0] is kind:
            batches[-1][1].append((placed, item))
        else:
            batches.append((kind, [(placed, item)]))
    for batches in families.values():
        yield from batches
