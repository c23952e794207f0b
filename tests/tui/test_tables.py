"""Columns and rows."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tui.scene import NOW_MS, picture
from tui import tables
from tui.lines import cells_of_line, text_of
from tui.models import Bucket, BucketName, Device, LogLine, Piece, Reference, Stream
from tui.tables import View, head_line, row_line, widths_of
from tui.theme import ASCII, UNICODE

VIEW = View(UNICODE, NOW_MS)
TABLES = {name: value for name, value in vars(tables).items() if name.endswith(("_COLUMNS", "_COLUMNS_WIDE"))}
LISTINGS = {
    "STREAM_COLUMNS": "streams", "DEVICE_COLUMNS": "devices", "PIECE_COLUMNS": "pieces", "SETTING_COLUMNS": "settings",
    "BUCKET_COLUMNS": "buckets", "NAME_COLUMNS": "names",
    "LOG_COLUMNS": "logs", "LOG_COLUMNS_WIDE": "logs", "REFUSAL_COLUMNS": "refusals", "REASON_COLUMNS": "reason_rows",
}  # fmt: skip


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("cells", [38, 60, 78, 100, 138, 298])
def test_a_table_is_exactly_as_wide_as_its_room(name: str, cells: int) -> None:
    """No horizontal bar, no wrapped row: names and rows take their cells, whatever they hold."""
    layout = widths_of(TABLES[name], cells)
    assert cells_of_line(head_line(layout, cells, UNICODE)) == cells
    if name in LISTINGS:
        for row in getattr(picture("degraded"), LISTINGS[name]).window(0, 50):
            assert cells_of_line(row_line(row, layout, cells, VIEW)) == cells
            assert text_of(row_line(row, layout, cells, View(ASCII, NOW_MS))) != ""


@pytest.mark.parametrize("name", TABLES)
def test_the_main_column_has_room_on_eighty(name: str) -> None:
    """At least sixteen cells are left for what a row is about."""
    assert max(width for column, width in widths_of(TABLES[name], 78) if column.width == 0) >= 16


@given(st.text(), st.floats(0, 1e12), st.integers(0, 2**63), st.text())
def test_any_row_is_exact(text: str, rate: float, number: int, status: str) -> None:
    """Also with hostile names and figures no column was made for."""
    rows: list[tuple[str, Any]] = [
        ("DEVICE_COLUMNS", Device(key=text, name=text, status=status, events_per_s=rate, bytes_today=number)),
        ("PIECE_COLUMNS", Piece(cid=text, kind=text, bytes=number, owners=2, references=[Reference(text, number)])),
        ("BUCKET_COLUMNS", Bucket(bucket=number, owner=text, address=text, authority=text, names=number)),
        ("NAME_COLUMNS", BucketName(name=text, cid=text, ttl_s=number, signer=text)),
        ("STREAM_COLUMNS", Stream(stream=text, events=number, bytes=number, bytes_per_s=rate, refused=number)),
        ("LOG_COLUMNS", LogLine(n=1, t_ms=number, level=status, room=text, name=text, fields={text: text})),
    ]  # fmt: skip
    for name, row in rows:
        spans = row_line(row, widths_of(TABLES[name], 78), 78, VIEW)
        assert cells_of_line(spans) == 78
        assert text_of(spans).isprintable()


def test_a_state_in_a_table_has_glyph_and_word() -> None:
    """Suspended, damaged, refused: never by colour alone."""
    layout = widths_of(tables.DEVICE_COLUMNS, 78)
    suspended = next(row for row in picture().devices.window(0, 25) if row.status == "suspended")
    assert "▲ suspended" in text_of(row_line(suspended, layout, 78, VIEW))
    assert "▲ 3" in text_of(row_line(suspended, layout, 78, VIEW))


def test_a_bucket_says_what_came_and_went_where_there_is_room() -> None:
    """Reads on a hundred cells, acknowledgements on a hundred and ten, stores on more; the owner keeps its room."""
    row = Bucket(bucket=7, address="6S" * 24, stores=12, stored_bytes=2**20, reads=3, sent_bytes=2**30, acked_bytes=77)
    seen = {}
    for cells in (78, 98, 110, 138):
        layout = widths_of(tables.BUCKET_COLUMNS, cells)
        assert next(width for column, width in layout if column.name == "owner") >= 16
        seen[cells] = " ".join(text_of(row_line(row, layout, cells, VIEW)).split()[4:])
    assert seen == {
        78: "0 0 B 0 nobody", 98: "0 0 B 0 3 1.0 GiB nobody", 110: "0 0 B 0 3 1.0 GiB 77 B nobody",
        138: "0 0 B 0 12 1.0 MiB 3 1.0 GiB 77 B nobody",
    }  # fmt: skip


def test_a_piece_says_in_which_bucket_it_is() -> None:
    """The first that holds it and how many others do; a dash for a vault by itself; the owner's beginning."""
    layout = widths_of(tables.PIECE_COLUMNS, 78)

    def shown(*held: Reference, owners: int) -> str:
        return text_of(row_line(Piece(cid="b", kind="multipart", owners=owners, references=[*held]), layout, 78, VIEW))

    assert "multipart" in shown(owners=0)
    assert "  7  abababab… " in shown(Reference("ab" * 32, 7), owners=1)
    assert "7 +2" in shown(Reference("ab" * 32), Reference("ab" * 32, 7), owners=3)
    assert "  -  abababab… " in shown(Reference("ab" * 32), owners=1)
