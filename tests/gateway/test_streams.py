"""GET /api/v1/streams: listing and paging over HTTP."""

from edge_node.base.ids import StreamName
from tests.gateway.rig import Site, running

STREAMS = "/api/v1/streams"


async def test_a_stream_is_walked_by_next(site: Site) -> None:
    """Pages of any size lead to the end, each event once."""
    async with running(site) as node:
        for number in range(7):
            await node.say(b'{"n":%d}\n{"n":%d}\n' % (2 * number, 2 * number + 1), content_type="application/x-ndjson")
        at, found = 0, []
        while True:
            page = (await node.ask("GET", f"{STREAMS}/site/a?from={at}&limit=3")).json()
            found += [event["event"]["n"] for event in page["events"]]
            at = page["next"]
            if at == page["end"]:
                break
        assert found == list(range(14))
        behind = (await node.ask("GET", f"{STREAMS}/site/a?from=99")).json()
        assert (behind["events"], behind["next"], behind["end"]) == ([], 14, 14)


async def test_limits_of_a_page(site: Site) -> None:
    """A hundred events unless asked otherwise, never more than the settings allow."""
    async with running(site, ingest={"page_events_max": 150}) as node:
        await node.say(b"{}\n" * 200, content_type="application/x-ndjson")
        assert len((await node.ask("GET", f"{STREAMS}/site/a")).json()["events"]) == 100
        assert len((await node.ask("GET", f"{STREAMS}/site/a?limit=150")).json()["events"]) == 150
        assert (await node.ask("GET", f"{STREAMS}/site/a?limit=151")).status_code == 400
    async with running(site, ingest={"page_events_max": 20}) as node:
        assert len((await node.ask("GET", f"{STREAMS}/site/a")).json()["events"]) == 20


async def test_the_list_of_streams(site: Site) -> None:
    """Every stream of the vault with its figures; the vault may be named."""
    async with running(site) as node:
        assert (await node.ask("GET", STREAMS)).json() == {"vault": str(site.node), "streams": []}
        await node.say(b"1")
        await node.say(b"2", stream=StreamName("site/b"))
        listed = (await node.ask("GET", f"{STREAMS}?vault={site.node}")).json()
        assert [stream["stream"] for stream in listed["streams"]] == ["site/a", "site/b"]
        assert set(listed["streams"][0]) == {
            "stream", "events", "bodies", "bytes", "first_offset", "next_offset", "last_received",
        }  # fmt: skip
