"""How long an extrinsic may be included: for ever, or for a period of blocks (Substrate, generic::Era)."""

import re
from dataclasses import dataclass
from typing import Final

from edge_node.base.errors import LocalError
from edge_node.chain_light.errors import BadAnswer, ChainError
from edge_node.chain_light.values import Chosen, Value

PERIOD_MIN: Final = 4
PERIOD_MAX: Final = 1 << 16
_BYTE: Final = re.compile(r"[1-9][0-9]{0,2}")
_QUANTA_BITS: Final = 12  # a phase has so many bits: longer periods begin at coarser steps


class MalformedEra(BadAnswer):
    """Two bytes, or a value, are no era."""

    slug = "malformed-era"

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(f"no era: {why}")


class OddPeriod(ChainError, LocalError):
    """A period is no power of two from 4 to 65,536."""

    slug = "odd-era-period"

    def __init__(self, period: int) -> None:
        self.period = period
        super().__init__(f"an era of {period} blocks: wants a power of two from {PERIOD_MIN} to {PERIOD_MAX}")


@dataclass(frozen=True, slots=True)
class Immortal:
    """Valid for ever; what is signed is then the hash of the genesis block."""

    def birth(self, _number: int) -> int:
        """The block whose hash is signed: genesis."""
        return 0


@dataclass(frozen=True, slots=True)
class Mortal:
    """Valid for `period` blocks (a power of two) from one whose number leaves `phase` when divided by it."""

    period: int
    phase: int

    def birth(self, number: int) -> int:
        """The block at which the era began that `number` is in: its hash is signed."""
        return (max(number, self.phase) - self.phase) // self.period * self.period + self.phase

    def death(self, number: int) -> int:
        """The first block in which it is no longer valid."""
        return self.birth(number) + self.period


Era = Immortal | Mortal
IMMORTAL: Final = Immortal()


def era_at(number: int, period: int) -> Mortal:
    """The era of `period` blocks that begins at block `number`, or up to period / 4096 before it; OddPeriod."""
    if not PERIOD_MIN <= period <= PERIOD_MAX or period & period - 1:
        raise OddPeriod(period)
    quantum = _quantum(period)
    return Mortal(period, number % period // quantum * quantum)


def era_value(era: Era) -> Chosen:
    """The era as a value of the runtime's enum: of its two bytes the first is in the name, the second is held."""
    if isinstance(era, Immortal):
        return Chosen("Immortal")
    if not PERIOD_MIN <= era.period <= PERIOD_MAX or era.period & era.period - 1:
        raise OddPeriod(era.period)
    exponent = era.period.bit_length() - 2
    low, high = (exponent | era.phase // _quantum(era.period) << 4).to_bytes(2, "little")
    return Chosen(f"Mortal{low}", high)


def era_of(value: Value) -> Era:
    """The other way; MalformedEra for a value that is none, or bytes that no era is written in."""
    if value == Chosen("Immortal"):
        return IMMORTAL
    if not isinstance(value, Chosen) or not isinstance(value.value, int) or not value.name.startswith("Mortal"):
        raise MalformedEra("it is neither immortal nor mortal")
    number = value.name.removeprefix("Mortal")
    if not _BYTE.fullmatch(number) or int(number) > 0xFF:
        raise MalformedEra("its first byte is no byte")
    both = int(number) | value.value << 8
    period = 2 << (both & 0xF)
    phase = (both >> 4) * _quantum(period)
    if period < PERIOD_MIN or not 0 <= phase < period:
        raise MalformedEra(f"phase {phase} of a period of {period}")
    return Mortal(period, phase)


def _quantum(period: int) -> int:
    return max(period >> _QUANTA_BITS, 1)
