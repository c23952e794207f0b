"""How far a reader may stay behind with acknowledging, in bytes (docs/specs/ddc.md, Acknowledgements). Pure."""


class AckWindow:
    """Bytes sent and acknowledged of one read; both only grow.

    `deaf`: no acknowledgement will come any more. `generation` grows with whatever may give room.
    """

    __slots__ = ("acked", "deaf", "generation", "sent", "unacked_max")

    def __init__(self, unacked_max: int) -> None:
        self.unacked_max = unacked_max
        self.sent = self.acked = self.generation = 0
        self.deaf = False

    @property
    def unacked(self) -> int:
        """Bytes on their way, as far as the reader says."""
        return self.sent - self.acked

    def awaits_last(self, *, expected: bool) -> bool:
        """Whether something is left to acknowledge, by a reader that does so or of whom it is `expected`."""
        return (expected or self.acked > 0) and self.acked < self.sent and not self.deaf

    def has_room(self, size: int) -> bool:
        """Whether `size` more bytes may be sent now."""
        return self.unacked + size <= self.unacked_max

    def note_sent(self, size: int) -> None:
        """Count bytes that left."""
        self.sent += size

    def note_acked(self, total: int) -> None:
        """Take an acknowledgement that was checked."""
        self.acked = max(self.acked, total)
        self.generation += 1

    def close(self) -> None:
        """The reader says no more."""
        self.deaf = True
        self.generation += 1
