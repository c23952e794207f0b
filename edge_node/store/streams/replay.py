"""The replay window: which sequence numbers of one signer and stream were seen (RFC 4303 section 3.4.3 in spirit)."""

import enum

WINDOW_BITS = 1_024
JUMP_MAX = 2**32  # 256 boots of a device; more is a lost counter or an attempt to burn the number space
_MASK = (1 << WINDOW_BITS) - 1
_BIAS = 1 << 63  # SQLite integers are signed: a u64 keeps its order when shifted by half its range


class Standing(enum.Enum):
    """What a window says of a sequence number."""

    UNSEEN = enum.auto()
    SEEN = enum.auto()
    BELOW = enum.auto()
    JUMP = enum.auto()


class ReplayWindow:
    """The highest number seen (None: none yet) and a bitmap whose bit i stands for `highest - i`."""

    __slots__ = ("bits", "highest")

    def __init__(self, highest: int | None = None, bits: int = 0) -> None:
        self.highest, self.bits = highest, bits

    def judge(self, seq: int) -> Standing:
        """Say where `seq` stands; changes nothing."""
        if self.highest is None:
            return Standing.UNSEEN
        if seq > self.highest:
            return Standing.JUMP if seq - self.highest > JUMP_MAX else Standing.UNSEEN
        age = self.highest - seq
        if age >= WINDOW_BITS:
            return Standing.BELOW
        return Standing.SEEN if self.bits >> age & 1 else Standing.UNSEEN

    def add(self, seq: int) -> None:
        """Mark `seq` as seen; numbers below the window are left alone."""
        if self.highest is None:
            self.highest, self.bits = seq, 1
        elif seq > self.highest:
            shift = seq - self.highest
            self.bits = (self.bits << shift | 1) & _MASK if shift < WINDOW_BITS else 1
            self.highest = seq
        elif self.highest - seq < WINDOW_BITS:
            self.bits |= 1 << (self.highest - seq)

    def merge(self, other: "ReplayWindow") -> None:
        """Mark as seen what `other` has seen, as far as it lies inside the window of both."""
        if other.highest is None:
            return
        if self.highest is None or other.highest > self.highest:
            shift = 0 if self.highest is None else other.highest - self.highest
            self.bits = self.bits << shift & _MASK if shift < WINDOW_BITS else 0
            self.highest = other.highest
        age = self.highest - other.highest
        if age < WINDOW_BITS:
            self.bits |= other.bits << age & _MASK

    def to_row(self) -> tuple[int, bytes]:
        """The window as SQLite keeps it; only of a window that has seen something."""
        assert self.highest is not None
        return seq_to_row(self.highest), self.bits.to_bytes(WINDOW_BITS // 8, "little")

    @classmethod
    def from_row(cls, highest: int, bits: bytes) -> "ReplayWindow":
        """Read what `to_row` wrote."""
        return cls(seq_from_row(highest), int.from_bytes(bits, "little"))


def seq_to_row(seq: int) -> int:
    """A u64 as a signed integer of the same order."""
    return seq - _BIAS


def seq_from_row(stored: int) -> int:
    """Undo `seq_to_row`."""
    return stored + _BIAS
