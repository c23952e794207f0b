"""`edge-node piece`."""

import io
import sys
from pathlib import Path

import msgspec
import pytest

from edge_node.cli import main
from edge_node.trust.keys import SigningKey
from edge_node.trust.keystore import write_key_file
from edge_node.wire.cid import format_cid, raw_piece_cid
from tests.client.rig import TinyNode

CONTENT = bytes(range(256)) * 10
CID = format_cid(raw_piece_cid(CONTENT))


@pytest.fixture
def key_file(tmp_path: Path) -> str:
    """A writer's key."""
    write_key_file(tmp_path / "key", SigningKey.from_seed(b"w" * 32))
    return str(tmp_path / "key")


def test_a_file_goes_and_comes_back(key_file: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The second put says that it was there; the file that comes back is verified."""
    (tmp_path / "in").write_bytes(CONTENT)
    with TinyNode() as node:
        there = ["--node", node.url, "--key", key_file]
        assert main(["piece", "put", str(tmp_path / "in"), *there]) == 0
        assert capsys.readouterr().out == f"{CID}  2560 bytes\n"
        assert main(["piece", "put", str(tmp_path / "in"), *there]) == 0
        assert "already there" in capsys.readouterr().out
        assert main(["piece", "get", CID, "-o", str(tmp_path / "out"), *there, "--json"]) == 0
        assert msgspec.json.decode(capsys.readouterr().out) == {
            "cid": CID, "size": 2560, "file": str(tmp_path / "out")
        }  # fmt: skip
    assert (tmp_path / "out").read_bytes() == CONTENT


def test_somebody_at_a_terminal_sees_how_far_it_is(
    key_file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """On standard error, on a line that is wiped in the end; a script's standard error stays empty."""
    (tmp_path / "in").write_bytes(CONTENT)
    with TinyNode() as node:
        there = ["--node", node.url, "--key", key_file]
        assert main(["piece", "put", str(tmp_path / "in"), *there]) == 0
        assert capsys.readouterr().err == ""
        monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
        assert main(["piece", "put", str(tmp_path / "in"), *there]) == 0
        assert capsys.readouterr().err.startswith("\rsent: 0 of 0 MiB\r\x1b[K")
        assert main(["piece", "get", CID, "-o", str(tmp_path / "out"), *there]) == 0
        assert capsys.readouterr().err.endswith("\r\x1b[K")


def test_standard_input_and_output_are_files_too(
    key_file: str, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    """A pipe in, the bare bytes out."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(CONTENT)))
    with TinyNode() as node:
        assert main(["piece", "put", "-", "--node", node.url, "--key", key_file, "--json"]) == 0
        assert msgspec.json.decode(capsysbinary.readouterr().out)["cid"] == CID
        assert main(["piece", "get", CID, "--node", node.url, "--key", key_file]) == 0
        assert capsysbinary.readouterr().out == CONTENT


def test_damaged_content_is_neither_shown_nor_saved(
    key_file: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit 1; a name is never given to wrong bytes."""
    with TinyNode() as node:
        node.pieces[CID] = CONTENT[1:]
        for more in ([], ["--output", str(tmp_path / "out")]):
            assert main(["piece", "get", CID, "--node", node.url, "--key", key_file, *more]) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "hash to something else" in shown.err
    assert not (tmp_path / "out").exists()


def test_a_malformed_cid_is_refused_before_asking(key_file: str, capsys: pytest.CaptureFixture[str]) -> None:
    """No node is needed to see it."""
    assert main(["piece", "get", "bafy", "--node", "http://127.0.0.1:1", "--key", key_file]) == 1
    assert "not a CID" in capsys.readouterr().err
