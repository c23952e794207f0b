"""Horizons in the journal: when a write is made, when none, and that nobody acts on a request before it is durable."""

import errno
from pathlib import Path

import pytest
import trio
import trio.testing

from edge_node.base.ids import PublicKey
from edge_node.gateway.horizon_log import ROUNDING_MS, HorizonLog
from edge_node.journal import Database, Journal, NotWritable
from edge_node.trust.horizon_rows import load_horizons
from edge_node.trust.horizons import RESTART_MS, STEP_MS
from tests.journal.faulty import FaultyFiles
from tests.store.rig import NOW_MS, FixedClock, key_of, opened

ANN, BOB = key_of("ann").public, key_of("bob").public
WINDOW_MS = 300_000


async def stored(journal: Journal) -> dict[PublicKey, int]:
    """What a restart would find."""
    return await journal.query(load_horizons, database=Database.META)


async def test_an_ordinary_request_costs_nothing(tmp_path: Path) -> None:
    """No record, and not even a checkpoint."""
    async with opened(tmp_path / "data") as store:
        log, records = HorizonLog(store.journal, FixedClock(), WINDOW_MS, {}), store.journal.stats().records
        with trio.testing.assert_no_checkpoints():
            for off_ms in (-5_000, 0, RESTART_MS - 1):
                await log.cover(ANN, NOW_MS + off_ms, NOW_MS)
        assert (store.journal.stats().records, await stored(store.journal)) == (records, {})


async def test_a_request_ahead_waits_for_its_record_and_others_lean_on_it(tmp_path: Path) -> None:
    """One record for all of a step, also when they come at once; the next step costs the next."""
    async with opened(tmp_path / "data") as store:
        log, records = HorizonLog(store.journal, FixedClock(), WINDOW_MS, {}), store.journal.stats().records
        async with trio.open_nursery() as nursery:
            for _ in range(20):
                nursery.start_soon(log.cover, ANN, NOW_MS + 2_000, NOW_MS)
        assert await stored(store.journal) == {ANN: NOW_MS + 2_000 + STEP_MS}
        await log.cover(ANN, NOW_MS + 2_000 + STEP_MS, NOW_MS + STEP_MS)
        assert store.journal.stats().records == records + 1
        await log.cover(ANN, NOW_MS + 2_001 + STEP_MS, NOW_MS + STEP_MS)
        await log.cover(BOB, NOW_MS + 1_000, NOW_MS)
        assert store.journal.stats().records == records + 3
        assert await stored(store.journal) == {ANN: NOW_MS + 2_001 + 2 * STEP_MS, BOB: NOW_MS + 1_000 + STEP_MS}


async def test_a_caller_that_goes_away_lowers_nothing(tmp_path: Path) -> None:
    """Its record still lands; a lower one never follows."""
    async with opened(tmp_path / "data") as store:
        log = HorizonLog(store.journal, FixedClock(), WINDOW_MS, {})
        with trio.CancelScope() as scope:
            scope.cancel()
            await log.cover(ANN, NOW_MS + 60_000, NOW_MS)
        assert scope.cancelled_caught
        await log.cover(ANN, NOW_MS + 2_000, NOW_MS)
        assert await stored(store.journal) == {ANN: NOW_MS + 60_000 + STEP_MS}


async def test_a_disk_that_refuses_lets_no_request_through(tmp_path: Path) -> None:
    """Every caller hears it, each time anew."""
    files = FaultyFiles()
    async with opened(tmp_path / "data", files=files) as store:
        log = HorizonLog(store.journal, FixedClock(), WINDOW_MS, {})
        files.refuse("fdatasync", errno.EIO)
        for _ in range(2):
            with pytest.raises(NotWritable):
                await log.cover(ANN, NOW_MS + 2_000, NOW_MS)


async def test_a_node_begins_when_requests_signed_now_count(tmp_path: Path) -> None:
    """Until then a first caller would be refused; a clock that stands does not keep it from starting."""
    async with opened(tmp_path / "data") as store:
        log = HorizonLog(store.journal, FixedClock(), WINDOW_MS, {BOB: NOW_MS + 40_000})
        await log.begin()
        assert log.wait_ms(ANN, NOW_MS) == RESTART_MS
        assert log.wait_ms(ANN, NOW_MS + RESTART_MS) == 0
        assert log.wait_ms(BOB, NOW_MS + RESTART_MS) == 40_001 - RESTART_MS


class SetClock(FixedClock):
    """A wall clock that a test sets; elapsed time goes with it only where it says so."""

    def __init__(self) -> None:
        self.ms, self.elapsed_s = NOW_MS, 5.0

    def now_ms(self) -> int:
        return self.ms

    def monotonic_s(self) -> float:
        return self.elapsed_s


async def test_a_start_by_an_old_clock_is_told_by_the_right_one(tmp_path: Path) -> None:
    """Set right a second after the start, it shows when that was: what was signed before may have been used.

    Set back, it moves nothing: what is older than the start by the time of then stays refused.
    """
    clock = SetClock()
    async with opened(tmp_path / "data") as store:
        log = HorizonLog(store.journal, clock, WINDOW_MS, {})
        year_ms = 31_536_000_000
        clock.ms, clock.elapsed_s = NOW_MS + year_ms + 1_000, clock.elapsed_s + 1
        assert log.wait_ms(ANN, NOW_MS + year_ms - 1) > RESTART_MS - ROUNDING_MS
        assert log.wait_ms(ANN, NOW_MS + year_ms + RESTART_MS) == 0
        clock.ms -= 2 * year_ms
        assert log.wait_ms(ANN, NOW_MS - 1) == RESTART_MS + 1
        assert log.wait_ms(ANN, NOW_MS + RESTART_MS) == 0
