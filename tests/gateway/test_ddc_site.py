"""What a bucket URL leads to: websites by their root or their name, directories, names with slashes."""

from pathlib import Path

import httpx
import pytest

from edge_node.gateway.ddc_site import read_asker
from edge_node.serving import Request
from edge_node.wire.cid import parse_cid, raw_piece_cid
from edge_node.wire.http1_head import HeadLimits, parse_head
from tests.gateway.ddc_house import PRIVATE, PUBLIC, House, house
from tests.gateway.test_ranged import NoBody

FOR_EVER = "public, immutable, max-age=31536000"


async def put_site(at: House, number: int = PUBLIC) -> str:
    """A website: links whose names are whole paths, and a directory that is a node of its own."""
    texts = {"index.html": b"home", "css/style.css": b"style", "docs/index.html": b"docs", "a b/ü.txt": b"odd"}
    links = {name: parse_cid(await at.put(text, number)) for name, text in texts.items()}
    below = {name: parse_cid(await at.put(text, number)) for name, text in {"x.txt": b"x", "y/z.txt": b"z"}.items()}
    below["index.html"] = parse_cid(await at.put(b"node's index", number))
    links["node"] = parse_cid(await at.put_node(below, number=number))
    links["bare"] = parse_cid(await at.put_node({"x.txt": below["x.txt"]}, b"its data", number))
    return await at.put_node(links, b"root's data", number)


@pytest.mark.parametrize("named", [False, True], ids=["cid", "name"])
async def test_a_website(tmp_path: Path, *, named: bool) -> None:
    """Whole paths first, then by segments; directories by their slash; kept for ever by CID, for its time by a name."""
    async with house(tmp_path) as at:
        root = await put_site(at)
        if named:
            await at.put_name("site", parse_cid(root))
            root = "site"
        for path, text in (
            ("", b"home"),
            ("index.html", b"home"),
            ("css/style.css", b"style"),
            ("docs/", b"docs"),
            ("a%20b/%C3%BC.txt", b"odd"),
            ("a%20b%2F%C3%BC.txt", b"odd"),
            ("node/x.txt", b"x"),
            ("node/y/z.txt", b"z"),
            ("node/", b"node's index"),
            ("bare", b"its data"),
            ("bare/", b"its data"),
            ("bare/x.txt", b"x"),
        ):
            got = await at.get(f"/{PUBLIC}/{root}/{path}")
            assert (got.status_code, got.content) == (200, text), path
            assert got.headers["cache-control"] == ("public, max-age=300" if named else FOR_EVER)
            assert got.headers["etag"] != f'"{root}"'


async def test_a_directory_without_its_slash_is_sent_to_it(tmp_path: Path) -> None:
    """So that the relative links of its index resolve below it; for good where nothing can change."""
    async with house(tmp_path) as at:
        root = await put_site(at)
        await at.put_name("site", parse_cid(root))
        await at.put_name("my/site", parse_cid(root))
        for path, status, text in (
            (root, 308, b"home"),
            (f"{root}/docs", 308, b"docs"),
            (f"{root}/node", 308, b"node's index"),
            ("site", 307, b"home"),
            ("site/docs", 307, b"docs"),
            ("my/site", 307, b"home"),
            ("my%2Fsite", 307, b"home"),
            ("my/site/docs", 307, b"docs"),
        ):
            url = httpx.URL(at.url).join(f"/{PUBLIC}/{path}?source=x")
            got = await at.client.get(url)
            assert (got.status_code, got.content) == (status, b""), path
            there = url.join(got.headers["location"])
            assert there.path.startswith(f"/{PUBLIC}/"), path
            assert there.query == b"source=x"
            assert (await at.client.get(there)).content == text, path


async def test_what_is_not_there(tmp_path: Path) -> None:
    """No link, no name, a file taken for a directory, a link to nothing: 404 each, which says what was looked for."""
    async with house(tmp_path) as at:
        root = await put_site(at)
        never = raw_piece_cid(b"never stored")
        empty = await at.put_node({"gone.txt": never, "hollow/index.html": never}, b"data")
        file = await at.put(b"file")
        for path, slug in (
            (f"{root}/nothing", "unknown-link"),
            (f"{root}/css", "unknown-link"),
            (f"{root}/css/", "unknown-link"),
            (f"{root}/index.html/", "unknown-link"),
            (f"{root}/index.html/x", "unknown-link"),
            (f"{empty}/gone.txt", "unknown-piece"),
            (f"{empty}/nothing/", "unknown-link"),
            (f"{empty}/hollow", "unknown-link"),
            (f"{empty}/hollow/", "unknown-link"),
            (f"{file}/x", "unknown-link"),
            (f"{file}/", "unknown-link"),
            ("nobody", "unknown-name"),
            ("nobody/" + "x/" * 60, "unknown-name"),
            ("baebb4", "unknown-name"),
            ("a" * 300, "unknown-name"),
        ):
            got = await at.get(f"/{PUBLIC}/{path}")
            assert (got.status_code, got.json()["type"].rpartition(":")[2]) == (404, slug), path


async def test_a_way_that_is_too_long(tmp_path: Path) -> None:
    """A path deeper than the node walks is refused as such."""
    async with house(tmp_path) as at:
        cid = parse_cid(await at.put(b"bottom"))
        for _ in range(70):
            cid = parse_cid(await at.put_node({"d": cid}))
        got = await at.get(f"/{PUBLIC}/{(await at.put_node({'d': cid}))}/" + "/".join("d" * 71))
        assert (got.status_code, got.json()["type"].rpartition(":")[2]) == (400, "invalid-path")


async def test_dots_are_no_way_out(tmp_path: Path) -> None:
    """Neither written nor escaped: no path of a bucket leads out of it."""
    async with house(tmp_path) as at:
        secret = await at.put(b"secret", PRIVATE)
        root = await put_site(at)
        for path in (f"{root}/../../{PRIVATE}/{secret}", f"{root}/%2e%2e/%2e%2e/{PRIVATE}/{secret}", f"{root}/.%2Fx"):
            raw = f"GET /{PUBLIC}/{path} HTTP/1.1\r\nHost: a\r\n\r\n".encode()
            with pytest.raises(Exception, match="dot segments"):
                parse_head(raw, HeadLimits())


async def test_a_node_s_own_data(tmp_path: Path) -> None:
    """A node without an index is its data, also in ranges; an empty one is empty."""
    async with house(tmp_path) as at:
        node, empty = await at.put_node({}, b"0123456789"), await at.put_node({})
        assert (await at.get(f"/{PUBLIC}/{node}")).content == b"0123456789"
        part = await at.get(f"/{PUBLIC}/{node}", range="bytes=2-4")
        assert (part.status_code, part.content) == (206, b"234")
        got = await at.get(f"/{PUBLIC}/{empty}")
        assert (got.status_code, got.content, got.headers["content-type"]) == (200, b"", "application/octet-stream")
        assert at.answers.held == 0


@pytest.mark.parametrize(
    ("target", "headers", "token", "in_url"),
    [
        ("/7/x", "", None, False),
        ("/7/x?token=", "", None, False),
        ("/7/x?token=T", "", "T", True),
        ("/7/x?token=T", "Token: U\r\n", "T", True),
        ("/7/x?source=s&token=T", "", "T", True),
        ("/7/x?Token=T", "", None, False),
        ("/7/x", "Token: U\r\n", "U", False),
        ("/7/x", "Authorization: Bearer V\r\n", "V", False),
        ("/7/x", "Authorization: Basic V\r\n", None, False),
        ("/7/x", "Token: \r\n", None, False),
    ],
)
def test_who_asks(target: str, headers: str, token: str | None, *, in_url: bool) -> None:
    """The URL's token counts as one, whatever else came; where URLs are not looked at, it is none."""
    raw = f"GET {target} HTTP/1.1\r\nHost: a\r\n{headers}\r\n".encode()
    request = Request(parse_head(raw, HeadLimits()), NoBody(), "192.0.2.7")
    asker = read_asker(request, url=True)
    assert (asker.token, asker.in_url, asker.source) == (token, in_url, "http 192.0.2.7")
    assert read_asker(request, url=False).in_url is False
