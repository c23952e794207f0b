"""How far an anchor may be trusted that was left behind for long: its age, measured by how long stakes are bound.

Who left the set of validators long ago may have withdrawn what could be taken from them, and can sign a past that
never was without loss. What is proved from so old an anchor is shown, and not acted on, until somebody vouches for it.
"""

import enum
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Final, Self

from edge_node.base.ids import Hash256

TRUSTED_TIME_MS: Final = 5 * 60_000  # how far the newest block's slot may be from a clock that is known to be right
WITNESSES_MIN: Final = 3  # groups that agree, where the anchor alone is too old to vouch for what follows
_DAY_MS: Final = 86_400_000


class Standing(enum.IntEnum):
    """What has to be had before what is proved may be acted on; the higher, the more."""

    SOUND = 0
    TWO_GROUPS = 1
    """The anchor was above two thirds of the bonding time old: a second group has to agree."""
    PROVISIONAL = 2
    """It was older than that time: a checkpoint, or three groups, the right time and a person, have to vouch."""


def standing_after(age_ms: int, bonding_ms: int) -> Standing:
    """What is owed after following a chain on from an anchor that was `age_ms` old."""
    if age_ms > bonding_ms:
        return Standing.PROVISIONAL
    return Standing.SOUND if 3 * age_ms <= 2 * bonding_ms else Standing.TWO_GROUPS


@dataclass(frozen=True, slots=True, kw_only=True)
class Witnesses:
    """Who says the same as we of a block: `groups` of endpoints, and whether a person typed a hash on our chain."""

    groups: frozenset[str]
    typed: bool
    slot_ms: int | None
    """The time of the newest final block's slot."""
    now_ms: int | None
    """None while the clock is not known to be right."""

    @property
    def count(self) -> int:
        """How many independent ones there are; a person counts as one."""
        return len(self.groups) + self.typed

    @property
    def on_time(self) -> bool:
        """Whether the newest block is of now: who makes a past up cannot easily make up the present of a live chain."""
        if self.slot_ms is None or self.now_ms is None:
            return False
        return abs(self.now_ms - self.slot_ms) <= TRUSTED_TIME_MS


@dataclass(frozen=True, slots=True)
class Trust:
    """The standing, and the age that it comes from (ms; the greatest there was)."""

    standing: Standing = Standing.SOUND
    age_ms: int = 0

    def after(self, age_ms: int, bonding_ms: int) -> Self:
        """With a step from an anchor of that age: only vouching makes the standing better again."""
        standing = standing_after(age_ms, bonding_ms)
        if standing <= self.standing:
            return self
        return replace(self, standing=standing, age_ms=age_ms)

    def vouched(self, witnesses: Witnesses) -> Self:
        """With these witnesses: SOUND where they are enough, else as before."""
        match self.standing:
            case Standing.TWO_GROUPS:
                enough = witnesses.count >= 2
            case Standing.PROVISIONAL:
                enough = witnesses.count >= WITNESSES_MIN and witnesses.typed and witnesses.on_time
            case _:
                enough = True
        return type(self)() if enough else self

    def reason(self, witnesses: Witnesses) -> str:
        """Why what is proved is not acted on, for people; empty when it is."""
        match self.standing:
            case Standing.SOUND:
                return ""
            case Standing.TWO_GROUPS:
                return (
                    f"the node was without the chain for {_days(self.age_ms)}: a second group of endpoints "
                    f"has to agree ({witnesses.count} of 2 do)"
                )
            case Standing.PROVISIONAL:
                return (
                    f"the node was without the chain for {_days(self.age_ms)}, longer than validators' stakes are "
                    f"bound: nobody vouches for what came since ({_lacking(witnesses)})"
                )


def vouching_checkpoint(slot_ms: int | None, issued_ms: int, now_ms: int, bonding_ms: int) -> bool:
    """Whether a checkpoint is young enough: its block's slot, or where it has none its issue, within bonding."""
    return now_ms - (issued_ms if slot_ms is None else slot_ms) <= bonding_ms


def agreeing(ours: Hash256, said: Collection[tuple[str, Hash256 | None]]) -> frozenset[str]:
    """The groups that say our hash, and no endpoint of which says another."""
    others = {group for group, block in said if block is not None and block != ours}
    return frozenset(group for group, block in said if block == ours) - others


def _days(age_ms: int) -> str:
    days = age_ms / _DAY_MS
    return f"{days:.0f} days" if days >= 2 else f"{age_ms / 3_600_000:.0f} hours"


def _lacking(witnesses: Witnesses) -> str:
    lacking = [f"{witnesses.count} of {WITNESSES_MIN} groups agree"]
    if not witnesses.typed:
        lacking.append("no person confirmed a block")
    if not witnesses.on_time:
        lacking.append("the newest block is not of now by a clock that is known to be right")
    return ", ".join(lacking)
