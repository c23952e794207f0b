"""What the verbs say: answers on standard output, errors with their remedies on standard error."""

import sys
import traceback
from collections.abc import Sequence
from typing import Any

import msgspec

from edge_node.base.errors import EdgeNodeError
from edge_node.base.ids import strip_type
from edge_node.base.log_text import inert


def say(line: str = "") -> None:
    """One line of an answer."""
    print(line)


def say_json(value: Any) -> None:
    """An answer for machines: one JSON document, indented."""
    print(msgspec.json.format(msgspec.json.encode(value, enc_hook=strip_type), indent=2).decode())


def say_line(value: Any) -> None:
    """An answer for machines on one line, at once: another process waits for it."""
    print(msgspec.json.encode(value).decode(), flush=True)


def say_table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Columns as wide as their widest cell, under their names; the last is not padded."""
    shown = [[inert(cell) for cell in row] for row in (heads, *rows)]
    widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
    for row in shown:
        say("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def short_size(count: int) -> str:
    """Bytes in the binary unit that leaves at most four figures, in 8 cells: `0 B`, `12.5 MiB`, `1023 GiB`."""
    value, units = float(count), ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]
    while value >= 1_023.5 and len(units) > 1:
        value /= 1_024
        del units[0]
    return f"{value:.0f} {units[0]}" if units[0] == "B" or value >= 99.95 else f"{value:.1f} {units[0]}"


def draw_progress(what: str, done: int, total: int) -> None:
    """Where long work stands, on one line of the terminal that is gone when it is done."""
    end = "\r\x1b[K" if done >= total else ""
    sys.stderr.write(f"\r{what}: {done / 2**20:.0f} of {total / 2**20:.0f} MiB{end}")
    sys.stderr.flush()


def say_aside(line: str) -> None:
    """A word beside the answer, on standard error, where it is in no program's way."""
    print(line, file=sys.stderr)


def complain(message: str, remedy: str = "") -> None:
    """`error:` and, where there is something to do about it, `hint:`."""
    print(f"error: {message}", file=sys.stderr)
    if remedy:
        print(f"hint: {remedy}", file=sys.stderr)


def complain_of(error: EdgeNodeError) -> None:
    """One of the product's own errors, in its own words."""
    complain(inert(str(error)), inert(error.remedy))  # a node's refusal is text from the network


def complain_of_defect(error: BaseException) -> None:
    """An error nobody foresaw: its traceback, without local variables, which may hold keys."""
    traceback.print_exception(error)
    complain(f"a defect in edge-node: {type(error).__name__}", "Report it with the lines above.")
