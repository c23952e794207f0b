"""A website in a bucket as its visitors see it: relative links, style, pictures, a video in ranges, its own data."""

import os
from pathlib import Path
from typing import Any

import pytest

from edge_node.base import counters
from tests.browser.chromium import Page, chromium
from tests.browser.house import PAGES, PRIVATE, house
from tests.gateway.rig import Site

pytestmark = pytest.mark.needs_browser

STYLE = b"body { font: 16px/1.5 sans-serif; margin: 2em; background: rgb(250, 245, 230) } h1 { color: rgb(10, 90, 60) }"
DOT = b"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 6"><circle cx="4" cy="3" r="3" fill="#b40"/></svg>"""
BELOW = b"""<!doctype html><title>Below</title><link rel="stylesheet" href="../css/style.css"><a href="../">Up</a>"""


def files() -> dict[str, bytes]:
    """The site: link names are whole relative paths, as the SDK's tools make them."""
    return {
        "index.html": (PAGES / "index.html").read_bytes(),
        "css/style.css": STYLE,
        "img/dot.svg": DOT,
        "js/data.js": (PAGES / "data.js").read_bytes(),
        "data.json": b'{"text": "data of its own"}',
        "clip.webm": (PAGES.parent / "clip.webm").read_bytes(),
        "docs/index.html": BELOW,
    }


def answers(page: Page, ending: str) -> list[dict[str, Any]]:
    """What came for URLs that end so."""
    responses = [heard["response"] for heard in page.heard("Network.responseReceived")]
    return [one for one in responses if str(one["url"]).partition("?")[0].endswith(ending)]


async def looks_right(page: Page) -> None:
    """Everything the page wants has come and does what it should."""
    assert await page.ask("getComputedStyle(document.querySelector('h1')).color") == "rgb(10, 90, 60)"
    assert await page.ask("document.getElementById('dot').naturalWidth > 0")
    await page.wait_for("document.getElementById('data').textContent === 'data of its own'")
    assert (
        await page.ask(
            """(async () => {
          const clip = document.getElementById("clip");
          const ended = new Promise((yes) => { clip.onended = () => yes("ended") });
          await clip.play();
          return ended;
        })()"""
        )
        == "ended"
    )


@pytest.mark.parametrize("named", [False, True], ids=["cid", "name"])
async def test_a_site_works(site: Site, *, named: bool) -> None:
    """By its root's CID or by its name: first without the slash, then by the links in it, down and up again."""
    async with house(site) as at, chromium() as browser:
        root = await at.put_site(files(), "site")
        start = at.url(f"/7/{'site' if named else root}")
        page = await browser.open(start)
        assert await page.ask("location.href") == start + "/"
        await looks_right(page)
        if picture := os.environ.get("EDGE_NODE_PICTURES"):
            await page.picture(Path(picture) / "site.png")
        [video] = answers(page, "/clip.webm")[:1]
        assert (video["status"], video["mimeType"]) == (206, "video/webm")
        assert {name.lower() for name in video["headers"]} >= {"content-range", "etag"}
        for where, title in (("docs/", "Below"), ("docs", "Below"), ("", "A site in a bucket")):
            await page.go(f"{start}/{where}")
            assert await page.ask("document.title") == title
        await page.go(start + "/docs/")
        assert await page.ask("document.querySelector('a').href") == start + "/"
        assert await page.ask("getComputedStyle(document.body).backgroundColor") == "rgb(250, 245, 230)"


async def test_a_page_of_another_origin_reads_ranges(site: Site) -> None:
    """What players on other sites do: a preflight, then part of the content with its place and tag."""
    async with house(site) as at, chromium() as browser:
        cid = await at.put(bytes(range(256)))
        elsewhere = at.url("/info").replace("127.0.0.1", "localhost")  # another origin, on this machine as well
        page = await browser.open(elsewhere)
        script = f"""fetch("{at.url(f"/7/{cid}")}", {{
          headers: {{ range: "bytes=10-12", "if-range": '"{cid}"' }},
        }}).then(async (answer) => [
          answer.status, answer.headers.get("content-range"), answer.headers.get("etag"),
          [...new Uint8Array(await answer.arrayBuffer())],
        ])"""
        assert await page.ask(script) == [206, "bytes 10-12/256", f'"{cid}"', [10, 11, 12]]
        methods = [heard["request"]["method"] for heard in page.heard("Network.requestWillBeSent")]
        assert "OPTIONS" in methods


async def test_a_token_in_a_url_goes_no_further(site: Site) -> None:
    """The page opens; what it links to is asked for without the token, and no request says where it comes from."""
    async with house(site) as at, chromium() as browser:
        root, token = await at.put_site(files(), bucket=PRIVATE), at.token(PRIVATE)
        missing = counters.refusals("token-missing")
        page = await browser.open(at.url(f"/8/{root}/?token={token}"))
        assert await page.ask("document.title") == "A site in a bucket"
        everything = page.heard("Network.requestWillBeSent") + page.heard("Network.requestWillBeSentExtraInfo")
        headers = [heard.get("headers") or heard["request"]["headers"] for heard in everything]
        assert len(headers) > 5
        assert not [value for one in headers for name, value in one.items() if name.lower() == "referer" and value]
        assert not [one for one in headers if token in str(one)]
        assert counters.refusals("token-missing") > missing
        await page.ask("location.href = 'docs/'")
        await page.wait_for("location.pathname.endsWith('/docs/')")
        assert await page.ask("document.referrer") == ""
