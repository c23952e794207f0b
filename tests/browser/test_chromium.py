"""The browser itself: what the other tests here lean on."""

from pathlib import Path

import pytest

from tests.browser.chromium import BrowserSaid, chromium

pytestmark = pytest.mark.needs_browser


async def test_a_page_is_asked_and_photographed(tmp_path: Path) -> None:
    """Values come back, promises are waited for, what throws is told, a picture is a PNG."""
    async with chromium() as browser:
        page = await browser.open("data:text/html,<title>here</title>")
        assert await page.ask("document.title") == "here"
        assert await page.ask("Promise.resolve(6 * 7)") == 42
        with pytest.raises(BrowserSaid, match="not a thing"):
            await page.ask("(() => { throw new Error('not a thing') })()")
        await page.picture(tmp_path / "page.png")
        assert (tmp_path / "page.png").read_bytes().startswith(b"\x89PNG")
