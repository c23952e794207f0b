"""An audit row as a value."""

import pytest

from edge_node.trust.audit_row import GAP_REASON, AuditRow


def test_a_row_without_a_reason_is_a_yes() -> None:
    """Allowed and refused cannot contradict the reason."""
    assert AuditRow(1, b"k", "r", "append", "").allowed
    assert not AuditRow(1, b"k", "r", "append", "unknown-key").allowed


def test_a_gap_says_how_many_rows_are_missing() -> None:
    """A gap is no verdict: it has no holder and is not allowed."""
    gap = AuditRow.gap(5, 12)
    assert (gap.t_ms, gap.lost, gap.reason, gap.holder, gap.allowed) == (5, 12, GAP_REASON, b"", False)
    assert (gap.proved, AuditRow.gap(5, 12, proved=False).proved) == (True, False)


def test_rows_are_frozen() -> None:
    """What was recorded is not rewritten."""
    with pytest.raises(AttributeError):
        AuditRow(1, b"k", "r", "append", "").reason = "x"  # type: ignore[misc]
