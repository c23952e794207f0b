"""The client's subscription against a real node whose link is cut again and again."""

import trio

from edge_node.client import Event, Gap, Node
from edge_node.devnet.link import Link
from tests.gateway.rig import RunningNode, Site, key_of, running

COUNT = 60


async def test_nothing_is_lost_over_a_link_that_breaks(site: Site) -> None:
    """Every event once and in order, whatever happens to the cable."""
    async with running(site) as node, trio.open_nursery() as nursery:
        link = Link(node.port, nursery)
        await link.restore()
        found: list[Event | Gap] = []
        done = trio.Event()

        async def follow() -> None:
            async with (
                Node(f"http://127.0.0.1:{link.port}", key_of("neighbour"), node=node.site.node) as client,
                client.subscribe("site/a", 0) as events,
            ):
                async for item in events:
                    found.append(item)
                    if len(found) == COUNT:
                        assert events.links > 1
                        done.set()
                        return

        await node.say(b"[0]")
        nursery.start_soon(follow)
        await disturb(node, link, found)
        with trio.fail_after(30):
            await done.wait()
        link.cut()
    assert [item.offset for item in found if isinstance(item, Event)] == list(range(COUNT))


async def test_a_bearer_for_a_browser(site: Site) -> None:
    """The client's key makes a token that opens the stream it was narrowed to, and no other."""
    async with running(site) as node, Node(node.url, key_of("reader"), node=node.site.node) as client:
        await node.say(b"[0]")
        token = await client.bearer(60, "site/a")
        said = {"authorization": f"Bearer {token.bearer}"}
        assert (await node.client.get("/api/v1/streams/site/a", headers=said)).status_code == 200
        await node.refuses(403, "bearer-too-narrow", lambda: node.client.get("/api/v1/streams/site/b", headers=said))
        assert (await client.bearer()).expires > token.expires


async def disturb(node: RunningNode, link: Link, found: list[Event | Gap]) -> None:
    """Publish, and cut the cable now and then."""
    while not found:
        await trio.sleep(0.01)
    for number in range(1, COUNT):
        await node.say(b"[%d]" % number)
        if number % 20 == 0:
            link.cut()
            await trio.sleep(0.05)
            await link.restore()
