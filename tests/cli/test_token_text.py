"""Where a token comes from."""

import io
import sys
from pathlib import Path

import pytest
from cyclopts import CycloptsError

from edge_node.cli.token_text import READ_MAX_CHARACTERS, read_token


def test_blanks_around_it_are_nobody_s(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Lines end as editors and shells end them."""
    monkeypatch.setattr(sys, "stdin", io.StringIO("  abc\r\n"))
    assert read_token("-", None) == "abc"
    (tmp_path / "t").write_text("\nabc\n")
    assert read_token("-", tmp_path / "t") == "abc"
    assert read_token(" abc ", None) == "abc"


def test_another_file_is_not_read_to_its_end(tmp_path: Path) -> None:
    """A disk image named by mistake costs 64 KiB; bytes that are no ASCII are no error of the machine's."""
    (tmp_path / "t").write_bytes(b"\xff" * (4 * READ_MAX_CHARACTERS))
    assert len(read_token("-", tmp_path / "t")) == READ_MAX_CHARACTERS


def test_one_source_is_enough(tmp_path: Path) -> None:
    """A token and a file contradict each other."""
    with pytest.raises(CycloptsError):
        read_token("abc", tmp_path / "t")
