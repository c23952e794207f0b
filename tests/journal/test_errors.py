"""The journal's errors say what, where and what to do."""

import pytest

from edge_node.journal import (
    DigestMismatch,
    DirectoryInUse,
    DiskFull,
    NewerFormat,
    NotWritable,
    Position,
    QueueFull,
    RoundRefused,
    SegmentClass,
)
from edge_node.journal.errors import not_writable
from edge_node.journal.states import JournalState, Mode

POSITION = Position(SegmentClass.PX, 3, 4096)


def test_a_digest_mismatch_names_segment_and_offset() -> None:
    """Enough to find the bytes with a hex editor."""
    error = DigestMismatch(POSITION, "payload")
    assert str(error) == "the payload of the record in segment px/00000003 at 4096 does not match its digest"
    assert error.position == POSITION


def test_the_holder_of_a_directory_is_named() -> None:
    """With its process id, when LOCK says it."""
    assert str(DirectoryInUse("/d", "edge-node run", 17)) == "/d is in use by process 17 (edge-node run)"
    assert str(DirectoryInUse("/d", "unnamed", None)) == "/d is in use by another process"


def test_a_newer_format_names_both_numbers() -> None:
    """No record was changed, and the remedy says so."""
    error = NewerFormat("NODE", 9, 1)
    assert str(error) == "NODE has format 9; this release knows up to 1"
    assert "no record was changed" in error.remedy


@pytest.mark.parametrize(
    ("mode", "kind", "status"),
    [(Mode.LOW, DiskFull, 507), (Mode.READ_ONLY, NotWritable, 503), (Mode.BROKEN, NotWritable, 503)],
)
def test_the_refusal_fits_the_state(mode: Mode, kind: type[NotWritable], status: int) -> None:
    """A full disk is the asker's business (507); the rest is the node's (503)."""
    error = not_writable(JournalState(mode, "why"))
    assert (type(error), error.status, error.state.mode) == (kind, status, mode)


@pytest.mark.parametrize("error", [QueueFull(1, 2), RoundRefused("why"), not_writable(JournalState(Mode.LOW, "why"))])
def test_every_refusal_says_when_to_come_back(error) -> None:
    """A client may retry after the hint."""
    assert error.retry_after_s
    assert error.remedy
