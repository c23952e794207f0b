"""The store's kinds: what a live writer applies is what a replay from bytes applies."""

import tempfile
from pathlib import Path

import trio
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_node.base.errors import Refusal
from edge_node.base.ids import StreamName
from edge_node.journal import Database, SegmentClass
from edge_node.journal.kinds import KindTable
from edge_node.store.kinds import STORE_KINDS
from edge_node.store.records import DELETE_KIND, NAME_KIND
from edge_node.store.streams.records import RETENTION_KIND
from edge_node.trust.access import Verb
from edge_node.wire.cid import raw_piece_cid
from tests.store.rig import Store, chunks_of, drop_index, dump, opened, sign, vault_of

NDJSON = "application/x-ndjson"
EVENTS = st.tuples(
    st.just("event"), st.sampled_from(["ann", "bob"]), st.integers(1, 12), st.integers(1, 3), st.sampled_from("ab")
)
PIECES = st.tuples(
    st.sampled_from(["put", "delete"]),
    st.sampled_from(["ann", "bob"]),
    st.integers(0, 3),
    st.just(0),
    st.just(""),
)


async def play(store: Store, what: str, who: str, number: int, count: int, stream: str) -> None:
    content = bytes([number]) * (10, 70_000)[number % 2]
    try:
        if what == "event":
            body = b'{"n":%d}\n' % count * count
            header = sign(body, number, who, stream=StreamName(f"site/{stream}"), content_type=NDJSON)
            await store.ingest.submit(header, body, "test")
        elif what == "put":
            await store.pieces.put(store.may(who, Verb.PUT), vault_of(who), chunks_of(content))
        else:
            await store.pieces.delete(store.may(who, Verb.DELETE), vault_of(who), raw_piece_cid(content))
    except Refusal as refusal:
        assert refusal.slug in {"sequence-conflict", "unknown-piece"}  # noqa: PT017 - refusals leave evidence or nothing


@given(st.lists(st.one_of(EVENTS, PIECES), max_size=40), st.integers(1, 8))
@settings(max_examples=15)
def test_live_rows_equal_replayed_rows(plan: list[tuple[str, str, int, int, str]], together: int) -> None:
    """However a random log was batched while it was written, the index made from its bytes is the same to the row."""

    async def write_and_read(root: Path) -> None:
        async with opened(root) as store:
            for at in range(0, len(plan), together):
                async with trio.open_nursery() as nursery:
                    for step in plan[at : at + together]:
                        nursery.start_soon(play, store, *step)
        live = dump(root)
        drop_index(root)
        async with opened(root):
            pass
        assert dump(root) == live

    with tempfile.TemporaryDirectory() as name:
        trio.run(write_and_read, Path(name) / "data")


def test_the_table_is_sound() -> None:
    """Numbers are unique, only names live in meta.db, only deletes and removals are taken on a full disk."""
    table = KindTable(STORE_KINDS)
    assert sorted(table) == [1, 3, 6, 7, 8, 9, 11, 12, 13]
    assert [kind.number for kind in STORE_KINDS if kind.database is Database.META] == [NAME_KIND]
    assert [kind.number for kind in STORE_KINDS if kind.frees_space] == [DELETE_KIND, RETENTION_KIND]
    assert {kind.number: kind.segment_class for kind in STORE_KINDS} == {
        1: SegmentClass.PX, 3: SegmentClass.RC, 6: SegmentClass.PX,
        7: SegmentClass.RC, 8: SegmentClass.EV, 9: SegmentClass.RC, 11: SegmentClass.RC,
        12: SegmentClass.RC, 13: SegmentClass.RC,
    }  # fmt: skip
