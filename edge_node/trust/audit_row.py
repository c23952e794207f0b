"""One row of the audit trail and the door it goes through; pure, so that deciding needs no file."""

from typing import Protocol, Self

import msgspec

GAP_REASON = "rows-lost"


class AuditRow(msgspec.Struct, frozen=True, gc=False):
    """One verdict: at `t_ms`, `holder` asked for `verb` on `resource` from `source` (door and address).

    `reason` is the refusal's slug, empty if allowed. `proved` is False when the verdict fell before the holder's
    signature was verified: the key is then only claimed. A row with `lost` > 0 is no verdict but a gap: so many
    rows, proved or not as it says, could not be kept.
    """

    t_ms: int
    holder: bytes
    resource: str
    verb: str
    reason: str
    source: str = ""
    proved: bool = True
    lost: int = 0

    @property
    def allowed(self) -> bool:
        """Whether the verdict was Yes."""
        return not self.reason

    @classmethod
    def gap(cls, t_ms: int, lost: int, *, proved: bool = True) -> Self:
        """A row that stands for `lost` missing ones of one ring, the first of them from about `t_ms`."""
        return cls(t_ms=t_ms, holder=b"", resource="", verb="", reason=GAP_REASON, proved=proved, lost=lost)


class AuditSink(Protocol):
    """Where verdicts go."""

    def record(self, row: AuditRow) -> None:
        """Take the row without waiting; a full queue loses it, counted."""
        ...
