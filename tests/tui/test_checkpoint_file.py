"""A checkpoint's file, as far as it is looked at here."""

from pathlib import Path

import pytest

from tui.checkpoint_file import CHECKPOINT_BYTES_MAX, CheckpointUnreadable, read_checkpoint


def test_the_text_of_a_file_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Up to the limit; `~` is the operator's home."""
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "c.json").write_text(" " + "x" * (CHECKPOINT_BYTES_MAX - 2) + "\n")
    assert read_checkpoint(Path("~/c.json")) == "x" * (CHECKPOINT_BYTES_MAX - 2)


@pytest.mark.parametrize("content", [b"x" * (CHECKPOINT_BYTES_MAX + 1), b"\xff\xfe", b"  \n", None])
def test_what_is_no_text_is_refused_with_its_name(content: bytes | None, tmp_path: Path) -> None:
    """Too long, no text, empty, not there: the path and the reason are said."""
    path = tmp_path / "c.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(CheckpointUnreadable, match=str(path)) as caught:
        read_checkpoint(path)
    assert caught.value.why
    assert caught.value.remedy


@pytest.mark.parametrize("path", ["/", "~nobody-of-this-name/c.json", "a\0b", ""])
def test_a_path_that_is_no_file_is_refused(path: str) -> None:
    """A directory, a stranger's home, a name no system takes."""
    with pytest.raises(CheckpointUnreadable):
        read_checkpoint(Path(path))
