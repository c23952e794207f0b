"""A hostile page in a bucket shares the node's address and reaches nothing of node, visitor or neighbours."""

import os
from pathlib import Path
from typing import Any

import pytest

from edge_node.base import counters
from tests.browser.chromium import Browser, Page, chromium
from tests.browser.house import PAGES, PRIVATE, SECRET, House, house
from tests.gateway.rig import Site

pytestmark = pytest.mark.needs_browser

SCRIPT = (PAGES / "hostile.js").read_text()
WORKER = b"onmessage = null; postMessage('mine'); onfetch = (event) => event.respondWith(new Response('mine'))"
# What a visitor's browser keeps for the node's address before the hostile page comes.
KEEP = """(async () => {
  localStorage.setItem("secret", "kept");
  document.cookie = "secret=kept";
  window.heard = [];
  new BroadcastChannel("inside").onmessage = (said) => heard.push(said.data);
  const opened = indexedDB.open("secret");
  await new Promise((yes) => { opened.onsuccess = yes });
})()"""
# What a page of the node's own origin does reach by the same script, so that nothing here is refused by accident.
OWN_PAGE_REACHES = {
    "localStorage", "sessionStorage", "indexedDB", "caches", "cookies", "files", "blobWorker", "pageWorker", "info",
    "health", "openapi", "metrics", "nameInJson", "grpcWeb", "popup", "frame",
}  # fmt: skip
NOBODY_REACHES = {
    "serviceWorker", "privatePiece", "privateRange", "privateForm", "streams", "bearer", "putNode", "putPiece",
    "subscription", "eventSource",
}  # fmt: skip


async def put_hostile(at: House) -> str:
    """The page and its scripts, under the name `site`; the CID of the private bucket's secret."""
    secret = await at.put(SECRET, PRIVATE)
    files = {name: (PAGES / name).read_bytes() for name in ("hostile.html", "hostile.js")}
    await at.put_site(files | {"sw.js": WORKER, "worker.js": WORKER}, "site")
    return secret


async def visitor(browser: Browser, at: House) -> Page:
    """A tab at the node's own origin, which keeps something there."""
    page = await browser.open(at.url("/info"))
    await page.ask(KEEP)
    return page


def reached_nothing(report: dict[str, Any], secret: str) -> None:
    """No attempt gave anything, every one was made, and the page has no origin."""
    assert report["reached"] == {}
    assert len(report["refused"]) == SCRIPT.count(": () =>") + SCRIPT.count(": async () =>")
    assert report["origin"] == "null"
    assert SECRET.decode() not in str(report)
    assert secret


async def test_it_reaches_nothing(site: Site) -> None:
    """Neither storage, cookies, workers, the node's routes, sockets, windows, nor another bucket's private content."""
    async with house(site) as at, chromium() as browser:
        secret = await put_hostile(at)
        own = await visitor(browser, at)
        rows, refused = at.node.rows("holders"), counters.refusals("origin-refused")
        page = await browser.open(at.url(f"/7/site/hostile.html?secret={secret}&port={at.node.port}"))
        report = await page.wait_for("window.report")
        if picture := os.environ.get("EDGE_NODE_PICTURES"):
            await page.picture(Path(picture) / "hostile.png")
        reached_nothing(report, secret)
        assert await page.ask("document.title") == "hostile"  # its form went nowhere
        # What it sent in vain did come, and was refused for where it came from: posts and both kinds of live door.
        assert counters.refusals("origin-refused") >= refused + 4
        assert at.node.rows("holders") == rows
        kept = await own.ask("[localStorage.length, localStorage.getItem('secret'), document.cookie, heard.length]")
        assert kept == [1, "kept", "secret=kept", 0]
        assert await own.ask("navigator.serviceWorker.getRegistrations().then((all) => all.length)") == 0


async def test_in_a_frame_it_reaches_nothing_around_it(site: Site) -> None:
    """A page of the node's own origin holds it: it neither reads nor moves what it is in."""
    async with house(site) as at, chromium() as browser:
        secret = await put_hostile(at)
        own = await visitor(browser, at)
        source = at.url(f"/7/site/hostile.html?secret={secret}&port={at.node.port}")
        report = await own.ask(
            f"""new Promise((yes) => {{
              addEventListener("message", (said) => yes(said.data));
              const frame = document.createElement("iframe");
              frame.src = "{source}";
              document.documentElement.append(frame);
            }})"""
        )
        reached_nothing(report, secret)
        assert await own.ask("location.pathname") == "/info"
        assert await own.ask("heard.length") == 0


async def test_the_same_script_on_a_page_of_the_node_does_reach_it(site: Site) -> None:
    """So the sandbox is what refuses; yet even there no bucket's script becomes a service worker, and secrets stay."""
    async with house(site) as at, chromium() as browser:
        secret = await put_hostile(at)
        own = await visitor(browser, at)
        report = await own.ask(f"{SCRIPT}; attack('{secret}', {at.node.port})")
        assert report["origin"] == at.node.url
        assert OWN_PAGE_REACHES - set(report["reached"]) == set(), report["refused"]
        assert NOBODY_REACHES & set(report["reached"]) == set()
        assert set(report["refused"]) >= NOBODY_REACHES
        assert SECRET.decode() not in str(report)


async def test_a_page_without_a_page_s_name_is_not_laid_out(site: Site) -> None:
    """By its CID it is bytes, which a browser keeps as a file."""
    async with house(site) as at, chromium() as browser:
        cid = await at.put(b"<!doctype html><title>ran</title><script>document.title = 'ran'</script>")
        page = await browser.open()
        went = await page.call("Page.navigate", url=at.url(f"/7/{cid}"))
        assert went["isDownload"]
        assert await page.ask("location.href + document.title") == "about:blank"
        said = await at.node.client.get(f"/7/{cid}")
        assert said.headers["content-disposition"] == "attachment"
