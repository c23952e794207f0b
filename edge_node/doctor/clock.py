"""The clock: whether it is believed, and whether it fits what the node has stored."""

import contextlib
import sqlite3
from dataclasses import dataclass

from edge_node.base.clock import kernel_clock_synchronised
from edge_node.doctor.finding import Finding, bad, in_time, ok, warn
from edge_node.doctor.site import Site
from edge_node.journal import IdentityUnreadable, NewerFormat, OsFiles, open_unchanged, read_identity

TOLERANCE_MS = 2_000  # a clock that is slewed, or a leap second, is not one that went back
SDK_WINDOW_S = 60  # below it, clocks that are set by hand or rarely are refused; 300 by default
RELEASED_MS = 1_735_689_600_000  # 2025-01-01: no machine runs this release before it was written

_SYNC = "Run chrony or systemd-timesyncd and see that it reaches a time server (`timedatectl`)."
_WRONG = "Set the clock before the node takes more in: what it stored has later times."


@dataclass(frozen=True, slots=True)
class ClockFacts:
    """Times in ms UTC. `quality` is the setting; `newest_ms` when the newest event came, `created_ms` the directory.

    `window_s` is how far a signed request's time may be from the clock.
    """

    now_ms: int
    synchronised: bool
    quality: str
    created_ms: int | None = None
    newest_ms: int | None = None
    window_s: int = 300


def probe_clock(site: Site) -> ClockFacts:
    """Ask kernel, NODE and index."""
    identity = None
    with contextlib.suppress(IdentityUnreadable, NewerFormat):  # which is the key's finding
        identity = read_identity(site.paths, OsFiles())
    return ClockFacts(
        now_ms=site.clock.now_ms(),
        synchronised=kernel_clock_synchronised(),
        quality=site.settings.clock.quality,
        created_ms=identity.created_ms if identity else None,
        newest_ms=_newest_ms(site),
        window_s=site.settings.trust.request_window_s,
    )


def _newest_ms(site: Site) -> int | None:
    if not site.paths.index_db.exists():
        return None
    try:
        with contextlib.closing(open_unchanged(site.paths.index_db)) as connection:
            newest = connection.execute("SELECT max(last_received_ms) FROM streams").fetchone()[0]
    except sqlite3.DatabaseError:  # a damaged index is the databases' finding
        return None
    return int(newest) if newest is not None else None


def judge_clock(facts: ClockFacts) -> list[Finding]:
    """Three findings: who vouches for the clock, whether it agrees with the log, and how near to it callers must be."""
    return [_judge_quality(facts), _judge_drift(facts), _judge_requests(facts)]


def _judge_quality(facts: ClockFacts) -> Finding:
    check, figures = "clock.synchronised", {"kernel": facts.synchronised, "setting": facts.quality}
    if facts.quality in {"network", "precise"} and not facts.synchronised:
        said = f'clock.quality = "{facts.quality}" vouches for a clock that the kernel does not call synchronised'
        return warn(check, said, f'{_SYNC} Or set clock.quality = "auto".', **figures)
    if facts.quality == "unsynced" or (facts.quality == "auto" and not facts.synchronised):
        said = "nothing keeps this clock right: events are stored as unsynced, expiring rights cannot be judged"
        off = f"and signed requests, those of DDC among them, are refused once it is {in_time(facts.window_s)} off"
        return warn(check, f"{said}, {off}", _SYNC, **figures)
    who = "the kernel says so" if facts.quality == "auto" else f'clock.quality = "{facts.quality}" says so'
    return ok(check, f"the clock is believed; {who}", **figures)


def _judge_drift(facts: ClockFacts) -> Finding:
    check = "clock.drift"
    if facts.now_ms < RELEASED_MS:
        return bad(check, "the clock stands before this release was made; it was not set since power-on", _SYNC)
    for what, then_ms in (("newest event", facts.newest_ms), ("data directory", facts.created_ms)):
        if then_ms is not None and facts.now_ms < then_ms - TOLERANCE_MS:
            behind = in_time((then_ms - facts.now_ms) / 1_000)
            return bad(check, f"the clock is {behind} behind the time of the {what}", _WRONG, then_ms=then_ms)
    if facts.newest_ms is None:
        return ok(check, "nothing stored is newer than now; no event is stored yet")
    age = in_time(max(0, facts.now_ms - facts.newest_ms) / 1_000)
    return ok(check, f"the newest event came {age} ago", newest_ms=facts.newest_ms)


def _judge_requests(facts: ClockFacts) -> Finding:
    """The DDC SDK with every call, and readers with theirs, sign the time by their own clocks."""
    check, window = "clock.requests", in_time(facts.window_s)
    figures = {"window_s": facts.window_s}
    if facts.window_s < SDK_WINDOW_S:
        said = f"signed requests are taken within {window} of this clock; phones and laptops are further off than that"
        return warn(check, said, f"Set trust.request_window_s to {SDK_WINDOW_S} and restart.", **figures)
    return ok(check, f"signed requests are taken within {window} of this clock", **figures)


def check_clock(site: Site) -> list[Finding]:
    """Probe and judge."""
    return judge_clock(probe_clock(site))
