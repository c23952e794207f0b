"""The journal's errors: facts about the directory, a record or the state of writing."""

from edge_node.base.errors import EdgeNodeError, LocalError, Refusal
from edge_node.journal.segment import Position
from edge_node.journal.states import JournalState, Mode


class JournalError(EdgeNodeError):
    """Root of the journal's errors."""

    slug = "journal"


class JournalMisuse(JournalError, LocalError):
    """Our own code broke the door's rules."""


class DirectoryInUse(JournalError):
    """Another process holds LOCK."""

    slug = "directory-in-use"
    remedy = "stop that process, or name another data directory"

    def __init__(self, directory: str, holder: str, pid: int | None) -> None:
        self.directory, self.holder, self.pid = directory, holder, pid
        who = f"process {pid} ({holder})" if pid else "another process"
        super().__init__(f"{directory} is in use by {who}")


class NewerFormat(JournalError):
    """Something on disk was written by a newer release."""

    slug = "newer-format"
    remedy = "run the release that wrote this directory, or a later one; no record was changed"

    def __init__(self, what: str, found: int, known: int) -> None:
        self.what, self.found, self.known = what, found, known
        super().__init__(f"{what} has format {found}; this release knows up to {known}")


class IdentityUnreadable(JournalError):
    """NODE is missing beside segments, or is not what this product writes."""

    slug = "identity-unreadable"
    remedy = "restore NODE from a backup; segments and keys were not touched"

    def __init__(self, path: str, why: str) -> None:
        self.path, self.why = path, why
        super().__init__(f"{path} cannot be read: {why}")


class NotOfItsKind(JournalError):
    """Under a name of the journal's lies a directory where a file is expected, or the like."""

    slug = "not-of-its-kind"
    remedy = "move it away, and put back from a backup what lay there if it was a segment or NODE; nothing was changed"

    def __init__(self, path: str, wanted: str, found: str) -> None:
        self.path, self.wanted, self.found = path, wanted, found
        super().__init__(f"{path} is {found} where the node keeps {wanted}")


class DigestMismatch(JournalError):
    """The bytes at a position are not those that were written."""

    slug = "digest-mismatch"
    remedy = "fetch the content from another holder; the damaged record stays where it is"

    def __init__(self, position: Position, part: str) -> None:
        self.position, self.part = position, part
        where = f"{position.segment_class}/{position.segment:08d} at {position.offset}"
        super().__init__(f"the {part} of the record in segment {where} does not match its digest")


class RecordUnreadable(DigestMismatch):
    """The medium cannot give back the bytes at a position: damage like any other to who wants them."""

    def __init__(self, position: Position, why: str) -> None:
        super().__init__(position, why)
        where = f"{position.segment_class}/{position.segment:08d} at {position.offset}"
        self.args = (f"the record in segment {where} cannot be read: {why}",)


class JournalBroken(JournalError):
    """Log and databases differ, and only a start can tell how: the process ends."""

    slug = "journal-broken"
    remedy = "start the node again; recovery reconciles them"

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"the journal cannot go on: {reason}")


class RecordAbsent(JournalError):
    """The segment of a position is no longer there."""

    slug = "record-absent"

    def __init__(self, position: Position) -> None:
        self.position = position
        super().__init__(f"segment {position.segment_class}/{position.segment:08d} is not in this directory")


class SegmentInUse(JournalError, LocalError):
    """An open segment cannot be dropped."""

    def __init__(self, segment_class: str, number: int) -> None:
        self.segment_class, self.number = segment_class, number
        super().__init__(f"segment {segment_class}/{number:08d} is open for writing")


class QueueFull(JournalError, Refusal):
    """More waits for the write stage than may."""

    slug = "journal-queue-full"
    status = 503
    retry_after_s = 1
    remedy = "send again after the given time, or slower"

    def __init__(self, records: int, queued_bytes: int) -> None:
        self.records, self.queued_bytes = records, queued_bytes
        super().__init__(f"{records} records ({queued_bytes} bytes) already wait to be written")


class NotWritable(JournalError, Refusal):
    """The journal does not take this write; nothing of it will count."""

    slug = "not-writable"
    status = 503
    retry_after_s = 30
    remedy = "see the node's state; reading works"

    def __init__(self, state: JournalState) -> None:
        self.state = state
        super().__init__(f"the journal is {state}")


class DiskFull(NotWritable):
    """Free space is below what the node keeps for itself; only what frees space is taken."""

    slug = "disk-full"
    status = 507
    retry_after_s = 60
    remedy = "delete pieces or other files, or add storage; deletes still work"


class RoundRefused(JournalError, Refusal):
    """A round could not be applied and was taken back; the journal itself is well."""

    slug = "round-refused"
    status = 503
    retry_after_s = 1
    remedy = "send again; if it persists, see the log"

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"the write was taken back: {reason}")


def not_writable(state: JournalState) -> NotWritable:
    """The refusal that fits `state`."""
    return DiskFull(state) if state.mode is Mode.LOW else NotWritable(state)
