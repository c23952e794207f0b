"""Catching up: pages as the log has them, gaps where it has nothing, one reading for all who ask the same."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import trio

from edge_node.base.ids import StreamName
from edge_node.paths import Paths
from edge_node.settings import JournalSettings
from edge_node.store.streams.catch_up import EVENT_BYTES_MIN, PAGE_EVENTS, CatchUp, Page, PageShelf
from edge_node.store.streams.frames import Gap, GapReason, Run, gather
from edge_node.store.streams.rows import find_heads, find_page
from edge_node.store.streams.subscription_errors import PastUnreadable
from edge_node.trust.access import AccessDenied, Verb
from tests.store.rig import STREAM, Store, opened, sign, vault_of
from tests.store.streams.test_frames import LINES, offsets_of

NDJSON = "application/x-ndjson"
KEY = (vault_of("ann"), STREAM)


async def publish(store: Store, seq: int, count: int, stream: StreamName = STREAM) -> None:
    body = b"".join(b'{"n":%d,"i":%d}\n' % (seq, item) for item in range(count))
    await store.ingest.submit(sign(body, seq, content_type=NDJSON, stream=stream), body, "test")


def forget_rows(root: Path, below: int) -> None:
    """What retention leaves of the index: nothing below an offset."""
    with closing(sqlite3.connect(Paths(root).index_db)) as conn, conn:
        conn.execute("DELETE FROM bodies WHERE first_offset + count <= ?", (below,))


async def test_walking_pages_finds_every_event(tmp_path: Path) -> None:
    """From any offset, also inside a body, each page begins where it was asked for and the next goes on."""
    async with opened(tmp_path / "data") as store:
        for seq, count in enumerate((1, 700, 800, 3, 1_500)):
            await publish(store, seq, count)
        past, access = CatchUp(store.journal), store.may("ann", Verb.READ)
        for start in (0, 1, 350, 1_502):
            cursor, found = start, []
            while cursor < 3_004:
                page = await past.page(access, KEY, cursor)
                assert page.first <= cursor < page.stop <= page.first + PAGE_EVENTS
                parts = [part for part in page.parts if part.stop > cursor]
                frames = gather(parts, cursor, 1 << 30, LINES)
                found += offsets_of(frames.data)
                assert frames.cursor == page.stop
                cursor = frames.cursor
            assert found == list(range(start, 3_004))
        end = await past.page(access, KEY, 3_004)
        assert (end.parts, end.first, end.stop) == ((), 3_004, 3_004)


async def test_a_page_is_hardly_more_than_is_wanted(tmp_path: Path) -> None:
    """Who is given little at a time, one of a crowd all over the log, has little read; and everything, in the end."""
    async with opened(tmp_path / "data") as store:
        await publish(store, 1, 700)
        await publish(store, 2, 300)
        past, access, cursor, found = CatchUp(store.journal), store.may("ann", Verb.READ), 0, []
        while cursor < 1_000:
            page = await past.page(access, KEY, cursor, 10 * EVENT_BYTES_MIN)
            assert page.first == cursor < page.stop <= cursor + 11
            found += offsets_of(gather(page.parts, cursor, 1 << 30, LINES).data)
            cursor = page.stop
        assert found == list(range(1_000))
        assert (await past.page(access, KEY, 990, 0)).stop > 990


async def test_a_crowd_reads_a_place_once(tmp_path: Path) -> None:
    """A hundred who ask for the same at once, and those just after, cost one reading."""
    async with opened(tmp_path / "data") as store:
        await publish(store, 1, 50)
        past, access, pages = CatchUp(store.journal), store.may("ann", Verb.READ), []

        async def ask() -> None:
            pages.append(await past.page(access, KEY, 7))

        async with trio.open_nursery() as nursery:
            for _ in range(100):
                nursery.start_soon(ask)
        await past.page(access, KEY, 7)
        await past.page(access, KEY, 30)
        assert past.reads == 1
        assert len({id(page) for page in pages}) == 1


async def test_a_reader_who_leaves_takes_nobody_along(tmp_path: Path) -> None:
    """When the one that reads for all is cancelled in line, another reads."""
    async with opened(tmp_path / "data") as store:
        await publish(store, 1, 5)
        past, access, pages = CatchUp(store.journal), store.may("ann", Verb.READ), []

        async def ask() -> None:
            pages.append(await past.page(access, KEY, 0))

        async with past._turn, past._turn, trio.open_nursery() as nursery:
            leader = trio.CancelScope()

            async def lead() -> None:
                with leader:
                    await ask()

            nursery.start_soon(lead)
            await trio.testing.wait_all_tasks_blocked()
            nursery.start_soon(ask)
            nursery.start_soon(ask)
            await trio.testing.wait_all_tasks_blocked()
            leader.cancel()
            await trio.testing.wait_all_tasks_blocked()
            past._turn.release()
            await trio.sleep(0.05)
            await past._turn.acquire()
        assert len(pages) == 2
        assert past.reads == 1


async def test_what_retention_took_is_a_gap(tmp_path: Path) -> None:
    """Below what is kept, and also when nothing is kept any more."""
    async with opened(tmp_path / "data") as store:
        for seq in range(4):
            await publish(store, seq, 10)
        forget_rows(store.root, 20)
        past, access = CatchUp(store.journal), store.may("ann", Verb.READ)
        page = await past.page(access, KEY, 5)
        assert page.parts[0] == Gap(5, 20, GapReason.RETENTION)
        assert [(part.first, part.stop) for part in page.parts[1:]] == [(20, 30), (30, 40)]
        assert await store.journal.query(find_heads, [KEY]) == [(20, 40)]
        forget_rows(store.root, 40)
        past = CatchUp(store.journal)
        assert (await past.page(access, KEY, 5)).parts == (Gap(5, 40, GapReason.RETENTION),)
        assert await store.journal.query(find_heads, [KEY, (KEY[0], StreamName("none"))]) == [(40, 40), (0, 0)]


async def test_a_page_that_retention_overtook_is_not_kept(tmp_path: Path) -> None:
    """It may be given to who asked before; those who come after are given nothing of what is gone."""
    async with opened(tmp_path / "data") as store:
        await publish(store, 1, 10)
        past, access = CatchUp(store.journal), store.may("ann", Verb.READ)
        read = past._read

        async def overtaken(*where: Any) -> Page:
            page = await read(*where)
            forget_rows(store.root, 10)
            past.forget_below(KEY, 10)
            return page

        past._read = overtaken  # type: ignore[method-assign]
        await past.page(access, KEY, 0)
        past._read = read  # type: ignore[method-assign]
        assert (await past.page(access, KEY, 0)).parts == (Gap(0, 10, GapReason.RETENTION),)
        assert past.reads == 2


async def test_damage_is_a_gap_and_the_rest_is_read(tmp_path: Path) -> None:
    """A body whose bytes rotted is passed over by name; its neighbours are whole."""
    async with opened(tmp_path / "data") as store:
        for seq in range(3):
            await publish(store, seq, 4)
        _, rows = await store.journal.query(find_page, *KEY, 0, 100, 1 << 20)
        position = rows[1].position
        segment = Paths(store.root).segments / "ev" / f"{position.segment:08d}.seg"
        with segment.open("r+b") as file:
            file.seek(position.offset + 140)
            file.write(b"\xff\xff\xff\xff")
        page = await CatchUp(store.journal).page(store.may("ann", Verb.READ), KEY, 1)
        assert [type(part) for part in page.parts] == [Run, Gap, Run]
        assert page.parts[1] == Gap(4, 8, GapReason.DAMAGE)
        assert (page.first, page.stop) == (1, 12)


async def test_a_segment_that_left_under_the_reading(tmp_path: Path) -> None:
    """The index is asked again: what it no longer knows was retained away, what it still knows is damage."""
    journal = JournalSettings(preallocate_bytes=0, reserve_bytes=0, free_min_bytes=0, segment_bytes=1 << 20)
    async with opened(tmp_path / "data", journal=journal) as store:
        for seq in range(20):
            body = b'{"x":"%b"}' % (b"x" * 120_000)
            await store.ingest.submit(sign(body, seq), body, "test")
        _, rows = await store.journal.query(find_page, *KEY, 0, 100, 1 << 30)
        first = rows[0].position
        gone = [row for row in rows if row.position.segment == first.segment]
        await store.journal.drop_segment(first.segment_class, first.segment)
        access = store.may("ann", Verb.READ)
        page = await CatchUp(store.journal).page(access, KEY, 0)
        assert page.parts[0] == Gap(0, 1, GapReason.DAMAGE)
        forget_rows(store.root, gone[-1].first_offset + 1)
        page = await CatchUp(store.journal).page(access, KEY, 0)
        assert page.parts[0] == Gap(0, len(gone), GapReason.RETENTION)


async def test_an_unreadable_index_is_said(tmp_path: Path) -> None:
    """Everybody who waited is refused, and the next is tried again."""
    async with opened(tmp_path / "data") as store:
        await publish(store, 1, 5)
        past, access, refused = CatchUp(store.journal), store.may("ann", Verb.READ), []
        with closing(sqlite3.connect(Paths(store.root).index_db)) as conn, conn:
            conn.execute("ALTER TABLE bodies RENAME TO away")

        async def ask() -> None:
            with pytest.raises(PastUnreadable):
                await past.page(access, KEY, 0)
            refused.append(1)

        async with trio.open_nursery() as nursery:
            for _ in range(5):
                nursery.start_soon(ask)
        assert len(refused) == 5
        with closing(sqlite3.connect(Paths(store.root).index_db)) as conn, conn:
            conn.execute("ALTER TABLE away RENAME TO bodies")
        assert (await past.page(access, KEY, 0)).stop == 5


async def test_another_vaults_access_reads_nothing(tmp_path: Path) -> None:
    """Also what is already in memory is given only to an access that covers it."""
    async with opened(tmp_path / "data") as store:
        await publish(store, 1, 5)
        past = CatchUp(store.journal)
        await past.page(store.may("ann", Verb.READ), KEY, 0)
        with pytest.raises(AccessDenied):
            await past.page(store.may("bob", Verb.READ), KEY, 0)


def test_the_shelf_is_bounded_and_forgets() -> None:
    """The longest unused page goes first; retention's are gone at once; empty and huge pages are not kept."""
    shelf = PageShelf(300)
    pages = [Page(KEY, first, first + 10, (), 100) for first in (0, 10, 20, 30)]
    for page in pages[:3]:
        shelf.keep(page)
    assert shelf.find(KEY, 5) is pages[0]
    shelf.keep(pages[3])
    assert (shelf.find(KEY, 15), shelf.find(KEY, 5), shelf.bytes) == (None, pages[0], 300)
    shelf.keep(Page(KEY, 0, 10, (), 90))
    assert shelf.bytes == 290
    shelf.forget_below(KEY, 25)
    assert (shelf.find(KEY, 5), shelf.find(KEY, 25), shelf.find(KEY, 30)) == (None, None, pages[3])
    shelf.keep(Page(KEY, 50, 50, (), 1))
    shelf.keep(Page(KEY, 50, 60, (), 301))
    assert (shelf.find(KEY, 50), shelf.bytes) == (None, 100)
    shelf.forget_below(KEY, 99)
    assert (shelf.bytes, shelf._by_stream) == (0, {})
