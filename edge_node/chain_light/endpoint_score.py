"""What is thought of endpoints, by what they did: bans that grow, who leads, who lags behind, and when to try again.

Nothing here is belief: answers are verified whatever is thought of who gave them. A score decides who is asked first.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from edge_node.chain_light.source_errors import tamed
from edge_node.chain_light.status import EndpointStatus, Verdict

BAN_FIRST_S: Final = 40.0  # as long as other light clients' longest: a wrong answer is seldom an accident
BAN_LONGEST_S: Final = 600.0  # and an endpoint that was repaired is missed no longer than this
BAN_FORGOTTEN_S: Final = 3_600.0  # after the last ban's end: then the next is a first one
FAILURES_MAX: Final = 2  # calls in a row without an answer: one may be a lost packet
FAILURES_FORGOTTEN_S: Final = 180.0  # above what the longest question takes, or who drags each would never have two
BEHIND_BLOCKS: Final = 20  # two minutes of blocks: more than nodes of one chain differ by
SLOW_S: Final = 1.0  # what takes less is quick enough for anything that is asked
SLOWER_TIMES: Final = 4  # so much slower than another: not what differs from one minute to the next
BEHIND_S: Final = 60.0  # a node that catches up after a restart is given the time
EVIDENCE_MAX: Final = 8  # of what was refused, as text, for people
BACK_OFF_FIRST_S: Final = 1.0
BACK_OFF_LONGEST_S: Final = 60.0

_DEMERITS_HALVE_S: Final = 300.0
_LATENCY_WEIGHT: Final = 0.2  # of the newest: about the last ten count
_GROUPS_TO_DOUBT: Final = 3  # of so many, the highest claim is one group's word against the others'


@dataclass(slots=True, eq=False)
class Score:
    """One endpoint; times are monotonic seconds, heights what it claims."""

    url: str
    group: str
    usable: bool = False
    """Whether it is connected, serves our chain, and may be asked."""
    verdict: Verdict = Verdict.UNTRIED
    reason: str = "it was not asked yet"
    asked: int = 0
    refusals: int = 0
    latency_s: float | None = None
    finalized: int | None = None
    best: int | None = None
    behind_since: float | None = None
    banned_until: float | None = None
    ban_s: float = 0.0
    evidence: deque[str] = field(default_factory=lambda: deque(maxlen=EVIDENCE_MAX))
    _failures: int = 0
    _failed_at: float = 0.0
    _failure: str = ""
    _demerits: float = 0.0
    _demerits_at: float = 0.0

    def admit(self) -> None:
        """It is connected, and its chain is ours."""
        self.usable = True
        self.verdict, self.reason = Verdict.USABLE, "it answers"

    def lose(self, verdict: Verdict, why: str) -> None:
        """It cannot be asked any more, or not yet: SILENT, UNREACHABLE or BANNED."""
        self.usable = False
        self.behind_since = None
        self.verdict, self.reason = verdict, tamed(why)

    def serve(self, seconds: float) -> None:
        """It answered, and what it said was good."""
        self._failures = 0
        self.note(seconds)

    def note(self, seconds: float) -> None:
        """It answered in `seconds` a question that nothing depends on."""
        self.asked += 1
        weight = _LATENCY_WEIGHT if self.latency_s is not None else 1.0
        self.latency_s = (1 - weight) * (self.latency_s or 0.0) + weight * seconds

    def fail(self, why: str, now: float) -> int:
        """A call had no answer; how many in a row that is."""
        self.asked += 1
        self._failures = self.failures(now) + 1
        self._failed_at = now
        self._failure = tamed(why)
        self._blame(1.0, now)
        return self._failures

    def refuse(self, why: str, now: float) -> float:
        """An answer was not what it should be: banned, twice as long as the last time; for how many seconds."""
        self.asked += 1
        self.refusals += 1
        self._blame(4.0, now)
        return self.ban(why, now)

    def ban(self, why: str, now: float) -> float:
        """Not to be asked for a while; for how many seconds from now. A ban that lasts is not made longer."""
        self.evidence.append(tamed(why))
        if self.banned_until is not None and self.banned(now):
            return self.banned_until - now
        forgotten = self.banned_until is None or now - self.banned_until >= BAN_FORGOTTEN_S
        self.ban_s = BAN_FIRST_S if forgotten else min(BAN_LONGEST_S, 2 * self.ban_s)
        self.banned_until = now + self.ban_s
        self.lose(Verdict.BANNED, why)
        return self.ban_s

    def pardon(self) -> None:
        """What it was banned for was our own error: as if it had not been tried."""
        self.banned_until, self.ban_s, self.refusals, self._demerits = None, 0.0, 0, 0.0
        self.verdict, self.reason = Verdict.UNTRIED, "it was held to another chain than ours, and is tried again"

    def banned(self, now: float) -> bool:
        """Whether a ban lasts."""
        return self.banned_until is not None and now < self.banned_until

    def failures(self, now: float) -> int:
        """Calls in a row without an answer; after three minutes without any they are forgotten."""
        return self._failures if now - self._failed_at < FAILURES_FORGOTTEN_S else 0

    def lags(self, now: float) -> bool:
        """Whether it has been far behind for so long that it should not lead."""
        return self.behind_since is not None and now - self.behind_since >= BEHIND_S

    def demerits(self, now: float) -> float:
        """What it did wrong, weighed; half of it is forgotten every five minutes."""
        return float(self._demerits * 0.5 ** ((now - self._demerits_at) / _DEMERITS_HALVE_S))

    def status(self, now: float, now_ms: int, *, leads: bool) -> EndpointStatus:
        """All of it for people; `now_ms` is the same moment as `now`, UTC."""
        verdict, reason = self._verdict(now)
        banned_ms = now_ms + round((self.banned_until - now) * 1_000) if self.banned_until is not None else None
        return EndpointStatus(
            url=self.url,
            group=self.group,
            verdict=verdict,
            reason=reason,
            finalized=self.finalized,
            best=self.best,
            latency_ms=None if self.latency_s is None else self.latency_s * 1_000,
            asked=self.asked,
            refused=self.refusals,
            leads=leads,
            banned_until_ms=banned_ms if self.banned(now) else None,
        )

    def _verdict(self, now: float) -> tuple[Verdict, str]:
        if self.verdict is Verdict.BANNED and not self.banned(now):
            return Verdict.UNTRIED, f"its ban is over, it is tried again; it was banned because {self.reason}"
        if not self.usable:
            return self.verdict, self.reason
        if self.behind_since is not None and self.lags(now):
            return (
                Verdict.BEHIND,
                f"more than {BEHIND_BLOCKS} blocks behind the others for {now - self.behind_since:.0f} s",
            )
        if failures := self.failures(now):
            return Verdict.USABLE, f"it answers, but not the last {failures} calls: {self._failure}"
        return Verdict.USABLE, "it answers"

    def _blame(self, weight: float, now: float) -> None:
        self._demerits = self.demerits(now) + weight
        self._demerits_at = now


def note_heights(scores: Sequence[Score], now: float) -> None:
    """See who is far behind the highest finalized block; heights are claims, so it costs nobody more than the lead.

    With three groups or more, the height must be claimed by two of them: one alone could put all others behind.
    """
    claims: dict[str, int] = {}
    for score in scores:
        if score.usable and score.finalized is not None:
            claims[score.group] = max(claims.get(score.group, 0), score.finalized)
    heights = sorted(claims.values(), reverse=True)
    if not heights:
        return
    highest = heights[1] if len(heights) >= _GROUPS_TO_DOUBT else heights[0]
    for score in scores:
        if not score.usable or score.finalized is None or highest - score.finalized <= BEHIND_BLOCKS:
            score.behind_since = None
        elif score.behind_since is None:
            score.behind_since = now


def in_order(scores: Sequence[Score], leader: str | None, now: float) -> list[Score]:
    """The usable ones, the leader first; whose url was `leader` goes on leading while nothing speaks against it.

    Against it speak two calls in a row without an answer, being behind, and being four times slower than another and
    slower than a second; then the fewest demerits lead, and among equals who answers sooner.
    """
    usable = [score for score in scores if score.usable]
    fit = [score for score in usable if score.failures(now) < FAILURES_MAX and not score.lags(now)]
    quickest_s = min((score.latency_s for score in fit if score.latency_s is not None), default=SLOW_S)
    slow_s = max(SLOW_S, SLOWER_TIMES * quickest_s)

    def rank(score: Score) -> tuple[bool, bool, bool, float, float]:
        latency_s = score.latency_s if score.latency_s is not None else BACK_OFF_LONGEST_S
        return score not in fit, latency_s > slow_s, score.url != leader, round(score.demerits(now)), latency_s

    return sorted(usable, key=rank)


def back_off_s(attempts: int, chance: float) -> float:
    """How long to wait after so many attempts that came to nothing; `chance`, from 0 to 1, keeps nodes apart."""
    longest = min(BACK_OFF_LONGEST_S, BACK_OFF_FIRST_S * 2.0 ** min(attempts, 16))
    return longest * (1 + chance) / 2
