"""Figures that cost something: sampled while somebody looks, there for the first who asks, and never the door's end."""

import trio

from edge_node.base.counters import COMMIT_SECONDS
from edge_node.control import figures as figures_module
from edge_node.control.figures import Figures
from edge_node.journal import SegmentClass
from edge_node.store.listing import Totals
from tests.control.house import house_of
from tests.control.rig import ANSWER_S
from tests.gateway.rig import Site


async def test_the_first_who_asks_waits_for_figures(site: Site) -> None:
    """Totals, disk, process, segments: all there at once."""
    async with house_of(site) as house, trio.open_nursery() as nursery:
        figures = Figures(house)
        await nursery.start(figures.run)
        assert figures.slow is None
        with trio.fail_after(ANSWER_S):
            slow = await figures.fresh()
        assert slow.totals == Totals(0, 0, 0, 0, 0, 0)
        assert slow.disk_total > slow.disk_free > 0
        assert min(slow.rss_bytes, slow.threads, slow.open_files, slow.open_files_max) > 0
        assert set(slow.segments) == set(SegmentClass)
        assert slow.segments[SegmentClass.EV].files == 1
        assert await figures.fresh() is slow
        nursery.cancel_scope.cancel()


async def test_rates_come_with_the_second_sample(site: Site) -> None:
    """Nothing is claimed from one."""
    async with house_of(site) as house, trio.open_nursery() as nursery:
        figures = Figures(house)
        await nursery.start(figures.run)
        first = await figures.fresh()
        assert (figures.cpu_share, figures.refusals_per_s) == (0.0, 0.0)
        COMMIT_SECONDS.observe(0.004)
        with trio.fail_after(ANSWER_S):
            while await figures.fresh() is first:
                await trio.sleep(0.05)
        assert figures.cpu_share >= 0
        latency = figures.latency()
        assert latency.count >= 1
        assert latency.p99 is not None
        nursery.cancel_scope.cancel()


async def test_a_pause_forgets(site: Site, monkeypatch) -> None:
    """When nobody looked for a while, nothing old is shown to the next."""
    monkeypatch.setattr(figures_module, "SAMPLE_S", 0.02)
    monkeypatch.setattr(figures_module, "LOOKED_AT_S", 0.1)
    async with house_of(site) as house, trio.open_nursery() as nursery:
        figures = Figures(house)
        await nursery.start(figures.run)
        await figures.fresh()
        with trio.fail_after(ANSWER_S):
            while figures.slow is not None:
                await trio.sleep(0.02)
        assert (await figures.fresh()).rss_bytes > 0
        nursery.cancel_scope.cancel()


async def test_figures_that_cannot_be_had_are_zero(site: Site) -> None:
    """A disk that does not answer keeps nobody from seeing the rest."""
    async with house_of(site) as house, trio.open_nursery() as nursery:
        figures = Figures(house)
        for name in ("ev", "px", "rc"):
            (site.paths.segments / name).rename(site.paths.segments / f"{name}.away")
        await nursery.start(figures.run)
        with trio.fail_after(ANSWER_S):
            assert (await figures.fresh()).rss_bytes == 0
        for name in ("ev", "px", "rc"):
            (site.paths.segments / f"{name}.away").rename(site.paths.segments / name)
        nursery.cancel_scope.cancel()
