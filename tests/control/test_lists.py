"""Lists over a node's rooms: the beginnings of CIDs, logs and refusals by what they say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.base.log_ring import LOG_RING
from edge_node.base.refusals import REFUSAL_RING, Asker
from edge_node.control.errors import BadParameter
from edge_node.control.lists import Lists, cid_span
from edge_node.wire.cid import format_cid, raw_piece_cid
from tests.control.house import house_of
from tests.gateway.rig import Site


@given(st.binary(min_size=1, max_size=4), st.integers(0, 59))
def test_a_cid_lies_in_the_span_of_each_of_its_beginnings(content: bytes, length: int) -> None:
    """And outside that of another's."""
    cid = raw_piece_cid(content)
    least, most = cid_span(format_cid(cid)[:length])
    assert least <= bytes(cid) <= most
    other = raw_piece_cid(content + b"x")
    if length > 7 + 8:
        assert not least <= bytes(other) <= most


@pytest.mark.parametrize("text", ["x", "B", "b1", "b8", "b" + "a" * 65, "b ", "bé"])
def test_what_begins_no_cid_is_refused(text: str) -> None:
    """Instead of an empty list, which would say that there is none."""
    with pytest.raises(BadParameter):
        cid_span(text)


async def test_logs_are_filtered_and_followed(site: Site) -> None:
    """By level, room, name and any text; on from where the last page ended."""
    async with house_of(site) as house:
        lists, start = Lists(house), str(LOG_RING.last)
        for number, level in enumerate(("debug", "info", "warning", "error")):
            LOG_RING(
                None, level, {"event": f"thing.n{number}", "level": level, "room": "lab", "why": f"Because{number}"}
            )

        def names(**query: str) -> list[str]:
            return [line["name"] for line in lists.logs({"after": start, **query})["lines"]]

        assert names() == ["thing.n0", "thing.n1", "thing.n2", "thing.n3"]
        assert names(level="warning") == ["thing.n2", "thing.n3"]
        assert names(room="lab", name="thing.n1") == ["thing.n1"]
        assert names(text="because3") == ["thing.n3"]
        assert names(room="none") == []
        page = lists.logs({"after": start, "limit": "3"})
        assert [line["name"] for line in lists.logs({"after": page["next"]})["lines"]] == ["thing.n3"]
        assert [line["name"] for line in lists.logs({"limit": "2"})["lines"]] == ["thing.n2", "thing.n3"]


async def test_refusals_are_counted_and_the_last_ones_kept(site: Site) -> None:
    """Newest first, with what to do; by slug and by the key that was claimed."""
    async with house_of(site) as house:
        lists = Lists(house)
        before = lists.refusals({})["total"]
        for number in range(3):
            REFUSAL_RING.note("test-slug", 403, f"why {number}", "Do it.", Asker("10.0.0.7", "abcd1234…", "http"))
        found = lists.refusals({"slug": "test-slug", "limit": "2"})
        assert found["total"] == before + 3
        assert [one["detail"] for one in found["refusals"]] == ["why 2", "why 1"]
        rest = lists.refusals({"slug": "test-slug", "after": found["next"]})
        assert ([one["detail"] for one in rest["refusals"]], rest["next"]) == (["why 0"], None)
        counted = next(one for one in found["by_slug"] if one["slug"] == "test-slug")
        assert (counted["count"], counted["title"], counted["remedy"]) == (3, "Test slug", "Do it.")
        assert len(lists.refusals({"key": "abcd"})["refusals"]) == 3
        assert lists.refusals({"key": "ffff"})["refusals"] == []
