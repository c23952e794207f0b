"""The one durable log: what was acknowledged is on the medium, and what was made of it can be made again."""

from edge_node.journal.door import CLOSE_S, Journal, JournalStats, open_journal
from edge_node.journal.engine import Recovery
from edge_node.journal.errors import (
    DigestMismatch,
    DirectoryInUse,
    DiskFull,
    IdentityUnreadable,
    JournalBroken,
    JournalError,
    JournalMisuse,
    NewerFormat,
    NotOfItsKind,
    NotWritable,
    QueueFull,
    RecordAbsent,
    RecordUnreadable,
    RoundRefused,
    SegmentInUse,
)
from edge_node.journal.files import FileLayer, OsFiles, Space
from edge_node.journal.footer import Cause
from edge_node.journal.identity import NodeIdentity, read_identity
from edge_node.journal.inspect_database import UNFINISHED, DatabaseState, inspect_database, open_unchanged, quick_check
from edge_node.journal.inspect_segments import Inspection, SegmentState, inspect_segments
from edge_node.journal.kinds import Batch, Database, Kind, Placed, Record
from edge_node.journal.layout import require_layout
from edge_node.journal.lock import DirectoryLock, read_holder
from edge_node.journal.segment import Position, SegmentClass
from edge_node.journal.settle import Damage
from edge_node.journal.space import SpacePlan, plan_space
from edge_node.journal.states import JournalState, Mode
from edge_node.journal.tickets import Draft, Lane, Ticket

__all__ = [
    "CLOSE_S",
    "UNFINISHED",
    "Batch",
    "Cause",
    "Damage",
    "Database",
    "DatabaseState",
    "DigestMismatch",
    "DirectoryInUse",
    "DirectoryLock",
    "DiskFull",
    "Draft",
    "FileLayer",
    "IdentityUnreadable",
    "Inspection",
    "Journal",
    "JournalBroken",
    "JournalError",
    "JournalMisuse",
    "JournalState",
    "JournalStats",
    "Kind",
    "Lane",
    "Mode",
    "NewerFormat",
    "NodeIdentity",
    "NotOfItsKind",
    "NotWritable",
    "OsFiles",
    "Placed",
    "Position",
    "QueueFull",
    "Record",
    "RecordAbsent",
    "RecordUnreadable",
    "Recovery",
    "RoundRefused",
    "SegmentClass",
    "SegmentInUse",
    "SegmentState",
    "Space",
    "SpacePlan",
    "Ticket",
    "inspect_database",
    "inspect_segments",
    "open_journal",
    "open_unchanged",
    "plan_space",
    "quick_check",
    "read_holder",
    "read_identity",
    "require_layout",
]
