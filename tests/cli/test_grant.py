"""`edge-node grant`: tokens read, and revoked on a stopped and on a running node."""

import io
import json
import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_node.cli import main
from edge_node.journal import DirectoryLock, OsFiles
from edge_node.paths import Paths
from edge_node.trust.account import address_of
from edge_node.trust.auth_token import parse_token
from tests.control.process import Process, running_process
from tests.trust.wallets import BOB, CAROL, NOW_MS, OWNER, bearer, chain_text

LONG_MS = NOW_MS * 2  # 2077: what is judged by this machine's clock
TEXT = bearer(expires_ms=LONG_MS, operations=(2,))
HASH = parse_token(TEXT).last.digest.hex()

Out = pytest.CaptureFixture[str]


@pytest.fixture
def config(tmp_path: Path, capsys: Out) -> str:
    assert main(["init", "--data-dir", str(tmp_path / "n")]) == 0
    capsys.readouterr()
    return str(tmp_path / "n" / "edge-node.toml")


@pytest.fixture(scope="module")
def node() -> Iterator[Process]:
    with running_process() as process:
        yield process


def typed(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(text))


def listed(config: str, capsys: Out) -> list[dict[str, object]]:
    capsys.readouterr()
    assert main(["grant", "list", "--json", "--config", config]) == 0
    rows: list[dict[str, object]] = json.loads(capsys.readouterr().out)
    return rows


def test_a_token_is_shown_from_standard_input_or_a_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: Out
) -> None:
    """Who gives what to whom until when, with the hash to revoke it by; never the token itself."""
    typed(monkeypatch, f"{TEXT}\n")
    assert main(["grant", "show"]) == 0
    from_input = capsys.readouterr()
    for said in (address_of(OWNER.public), "holds", "whoever has the text", "GET", "2077-", HASH, "also in a URL"):
        assert said in from_input.out, said
    (tmp_path / "t").write_text(TEXT)
    assert main(["grant", "show", "--file", str(tmp_path / "t")]) == 0
    assert (again := capsys.readouterr()) == from_input
    assert TEXT[:24] not in again.out + again.err


def test_a_token_on_the_command_line_is_read_with_a_word_of_warning(capsys: Out) -> None:
    """The shell's history has it by then."""
    assert main(["grant", "show", TEXT, "--json"]) == 0
    shown = capsys.readouterr()
    assert "history" in shown.err
    document = json.loads(shown.out)
    assert (document["counts"], document["faults"], document["bucket"]) == (True, [], 7)
    [link] = document["links"]
    assert (link["hash"], link["operations"], link["expires_ms"]) == (HASH, ["GET"], LONG_MS)
    assert main(["grant", "show", TEXT, "--file", "x"]) == 2


def test_a_bad_token_is_shown_with_what_speaks_against_it(monkeypatch: pytest.MonkeyPatch, capsys: Out) -> None:
    """Ended, signed by somebody else, no token at all: exit code 1 and the reason."""
    for text, why, shown in (
        (bearer(), "ended at", True),
        (TEXT[:60] + ("2" if TEXT[60] != "2" else "3") + TEXT[61:], "not signed by|not a token", None),
        ("hello", "not a token", False),
        ("", "no token", False),
        (TEXT + "0", "not a token", False),
        ("1" * 3_000, "3000 characters", False),
    ):
        typed(monkeypatch, text)
        assert main(["grant", "show"]) == 1
        said = capsys.readouterr()
        assert any(part in said.err for part in why.split("|")), (text, said.err)
        assert shown is None or ("signed by" in said.out) is shown
        assert "Counts in" not in said.out
        assert len(text) < 30 or text[:24] not in said.out + said.err


def test_every_link_of_a_chain_is_shown(monkeypatch: pytest.MonkeyPatch, capsys: Out) -> None:
    """From the owner's to the last, each with its own hash; what is wrong with the whole of it after them."""
    typed(monkeypatch, text := chain_text(3))
    assert main(["grant", "show"]) == 1  # it ended in 2023
    out = capsys.readouterr().out
    for number, (link, signer) in enumerate(zip(parse_token(text).links, (OWNER, BOB, CAROL), strict=True), 1):
        assert link.digest.hex() in out
        assert f"{number}      signed by       {address_of(signer.public)}" in out


def test_revocations_of_a_stopped_node(
    config: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: Out
) -> None:
    """Under LOCK, durable; in the order the door would list them."""
    (tmp_path / "t").write_text(TEXT)
    assert main(["grant", "revoke", "--file", str(tmp_path / "t"), "--note", "lost", "--config", config]) == 0
    said = capsys.readouterr()
    assert f"subject   {HASH}" in said.out
    assert f"token 1 of 1, signed by {address_of(OWNER.public)}" in said.err
    typed(monkeypatch, chain_text(2))
    assert main(["grant", "revoke", "-", "--link", "1", "--config", config]) == 0
    assert main(["grant", "revoke", "--holder", address_of(BOB.public), "--config", config]) == 0
    until = ["--until", "2030-01-01T00:00:00Z"]
    assert main(["grant", "revoke", "--issuer", CAROL.public.hex(), *until, "--config", config]) == 0
    rows = listed(config, capsys)
    assert [row["kind"] for row in rows] == ["holder", "issuer", "token", "token"]
    assert (rows[0]["address"], rows[1]["until_ms"]) == (address_of(BOB.public), 1_893_456_000_000)
    assert {row["subject"] for row in rows[2:]} == {HASH, parse_token(chain_text(2)).root.digest.hex()}
    assert main(["grant", "list", "--config", config]) == 0
    assert "2030-01-01T00:00:00Z" in capsys.readouterr().out
    assert main(["grant", "revoke", "--hash", HASH, "--config", config]) == 1
    assert "revoked already" in capsys.readouterr().err
    files = b"".join(path.read_bytes() for path in Path(config).parent.rglob("*") if path.is_file())
    assert TEXT[:24].encode() not in files


@pytest.mark.parametrize(
    "wish",
    [
        ["--hash", HASH, "--holder", "x"], ["--issuer", OWNER.public.hex()],
        ["--holder", OWNER.public.hex(), "--link", "1"],
        ["--hash", HASH, "--until", "2030-01-01"], [TEXT, "--hash", HASH], [TEXT, "--link", "2"], [TEXT, "--link", "0"],
    ],
    ids=lambda wish: " ".join(part[:10] for part in wish),
)  # fmt: skip
def test_what_contradicts_itself_is_a_mistake_of_the_command_line(config: str, wish: list[str], capsys: Out) -> None:
    """Two of them, an issuer without an end, an end without an issuer, a link of nothing."""
    assert main(["grant", "revoke", *wish, "--config", config]) == 2
    assert TEXT not in capsys.readouterr().err
    assert listed(config, capsys) == []


def test_nobody_s_account_is_refused(config: str, capsys: Out) -> None:
    """A slip of the pen in an address revokes nobody."""
    slip = address_of(BOB.public)[:-1] + "1"
    for wish in (["--holder", slip], ["--hash", "ab"], ["--holder", BOB.public.hex(), "--note", "x" * 257]):
        assert main(["grant", "revoke", *wish, "--config", config]) == 1
    assert listed(config, capsys) == []


def test_another_process_in_the_directory_is_waited_for_by_nobody(config: str, capsys: Out) -> None:
    """While LOCK is held and no door answers, the verbs end with exit code 4."""
    lock = DirectoryLock(Paths(Path(config).parent), OsFiles(), "edge-node run")
    try:
        assert main(["grant", "list", "--config", config]) == 4
        assert main(["grant", "revoke", "--hash", HASH, "--config", config]) == 4
        assert "in use" in capsys.readouterr().err
    finally:
        lock.release()


def test_revocations_of_a_running_node(node: Process, tmp_path: Path) -> None:
    """The plan goes to standard error, the token no further than this process."""
    (tmp_path / "t").write_text(TEXT)
    done = node.cli("grant", "revoke", "--file", str(tmp_path / "t"), "--yes", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["subject"] == HASH
    assert f"Refuse the DDC token {HASH}" in done.stderr
    again = node.cli("grant", "revoke", "--hash", HASH, "--yes")
    assert (again.returncode, "revoked already" in again.stderr) == (1, True)
    unasked = node.cli("grant", "revoke", "--holder", BOB.public.hex())
    assert (unasked.returncode, "--yes" in unasked.stderr) == (1, True)
    rows = json.loads(node.cli("grant", "list", "--json").stdout)
    assert [(row["kind"], row["subject"]) for row in rows] == [("token", HASH)]
    assert TEXT[:24] not in node.log()


def test_a_token_is_asked_for_unseen_at_a_terminal() -> None:
    """What is typed is not echoed."""
    near, far = pty.openpty()
    command = [sys.executable, "-m", "edge_node", "grant", "show", "--json"]
    with subprocess.Popen(
        command, stdin=far, stdout=subprocess.PIPE, stderr=far, start_new_session=True, text=True
    ) as process:
        os.close(far)
        seen = b""
        while b"token (not shown)" not in seen:
            seen += os.read(near, 1_024)
        os.write(near, f"{TEXT}\n".encode())
        out, _ = process.communicate(timeout=30)
    seen += os.read(near, 4_096)
    os.close(near)
    assert json.loads(out)["links"][0]["hash"] == HASH
    assert TEXT[:24].encode() not in seen
