"""Logs and refusals by what they say."""

from edge_node.base.log_ring import LOG_RING
from edge_node.base.refusals import REFUSAL_RING, Asker
from edge_node.control.history import History
from tests.control.house import house_of
from tests.gateway.rig import Site


async def test_logs_are_filtered_and_followed(site: Site) -> None:
    """By level, room, name and any text; on from where the last page ended."""
    async with house_of(site) as house:
        history, start = History(house), str(LOG_RING.last)
        for number, level in enumerate(("debug", "info", "warning", "error")):
            LOG_RING(
                None, level, {"event": f"thing.n{number}", "level": level, "room": "lab", "why": f"Because{number}"}
            )

        def names(**query: str) -> list[str]:
            return [line["name"] for line in history.logs({"after": start, **query})["lines"]]

        assert names() == ["thing.n0", "thing.n1", "thing.n2", "thing.n3"]
        assert names(level="warning") == ["thing.n2", "thing.n3"]
        assert names(room="lab", name="thing.n1") == ["thing.n1"]
        assert names(text="because3") == ["thing.n3"]
        assert names(room="none") == []
        page = history.logs({"after": start, "limit": "3"})
        assert [line["name"] for line in history.logs({"after": page["next"]})["lines"]] == ["thing.n3"]
        assert [line["name"] for line in history.logs({"limit": "2"})["lines"]] == ["thing.n2", "thing.n3"]


async def test_refusals_are_counted_and_the_last_ones_kept(site: Site) -> None:
    """Newest first, with what to do; by slug and by the key that was claimed."""
    async with house_of(site) as house:
        history = History(house)
        before = history.refusals({})["total"]
        for number in range(3):
            REFUSAL_RING.note("test-slug", 403, f"why {number}", "Do it.", Asker("10.0.0.7", "abcd1234…", "http"))
        found = history.refusals({"slug": "test-slug", "limit": "2"})
        assert found["total"] == before + 3
        assert [one["detail"] for one in found["refusals"]] == ["why 2", "why 1"]
        rest = history.refusals({"slug": "test-slug", "after": found["next"]})
        assert ([one["detail"] for one in rest["refusals"]], rest["next"]) == (["why 0"], None)
        counted = next(one for one in found["by_slug"] if one["slug"] == "test-slug")
        assert (counted["count"], counted["title"], counted["remedy"]) == (3, "Test slug", "Do it.")
        assert len(history.refusals({"key": "abcd"})["refusals"]) == 3
        assert history.refusals({"key": "ffff"})["refusals"] == []
