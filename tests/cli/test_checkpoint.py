"""`edge-node chain checkpoint` without a node: drafted, signed in two places, carried as texts, shown."""

import io
import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from edge_node.base.clock import SystemClock
from edge_node.chain_light.checkpoint import CheckpointKeys, open_checkpoint, sign_checkpoint
from edge_node.chain_light.checkpoint_payload import Checkpoint
from edge_node.cli import main
from edge_node.trust.keystore import write_key_file
from edge_node.trust.signing_key import SigningKey
from tests.chain_light.electorate import electorate, genesis, vector

Out = pytest.CaptureFixture[str]

FIRST, SECOND = (SigningKey.from_seed(bytes([number]) * 32) for number in (11, 12))
FACTS = vector("light-sync-states")["chains"]["polkadot"]
DAY_MS = 86_400_000


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A directory with two keys and the answer of a full node."""
    write_key_file(tmp_path / "first.key", FIRST)
    write_key_file(tmp_path / "second.key", SECOND)
    members = {"finalizedBlockHeader": FACTS["header_scale"], "grandpaAuthoritySet": FACTS["authority_set_scale"]}
    (tmp_path / "state.json").write_text(json.dumps({"lightSyncState": members}))
    (tmp_path / "e.toml").write_text(f'[node]\ndata_dir = "{tmp_path / "n"}"\n')
    return tmp_path


def run(capsys: Out, *arguments: object, code: int = 0) -> str:
    capsys.readouterr()
    assert main(["chain", "checkpoint", *map(str, arguments)]) == code, capsys.readouterr().err
    return capsys.readouterr().out


def drafted(place: Path, capsys: Out) -> Path:
    genesis_hash = "0x" + FACTS["genesis_hash"]
    run(capsys, "draft", place / "state.json", "--genesis", genesis_hash, "--config", place / "e.toml",
        "--counter", 9, "-o", place / "draft.json")  # fmt: skip
    return place / "draft.json"


def test_a_release_signs_in_two_places(place: Path, capsys: Out) -> None:
    """Draft once; each place signs the same words; what is merged is believed with two keys."""
    draft = drafted(place, capsys)
    for name in ("first", "second"):
        run(capsys, "sign", draft, "--key", place / f"{name}.key", "-o", place / f"{name}.json")
    run(capsys, "merge", place / "first.json", place / "second.json", "-o", place / "both.json")
    run(capsys, "sign", place / "first.json", "--key", place / "second.key", "-o", place / "beside.json")
    assert (place / "both.json").read_bytes() == (place / "beside.json").read_bytes()
    keys = CheckpointKeys(release=frozenset({FIRST.public, SECOND.public}))
    opened = open_checkpoint((place / "both.json").read_bytes(), keys=keys, genesis=None, now_ms=SystemClock().now_ms())
    assert (opened.checkpoint.anchor.hash.hex(), opened.checkpoint.counter) == (FACTS["hash"], 9)


def test_qr_texts_carry_a_checkpoint(place: Path, capsys: Out, monkeypatch: pytest.MonkeyPatch) -> None:
    """Texts are printed one a line, read back from files in any order or from standard input, and shown as they are."""
    run(capsys, "sign", drafted(place, capsys), "--key", place / "first.key", "-o", place / "c.json")
    texts = run(capsys, "qr", place / "c.json").splitlines()
    assert len(texts) > 10
    assert all(text.startswith("CKPT1/") and len(text) <= 970 for text in texts)
    assert json.loads(run(capsys, "qr", place / "c.json", "--json")) == texts
    (place / "a.txt").write_text("\n".join(texts[5:]).lower())
    (place / "b.txt").write_text("\n".join(texts[:5]))
    run(capsys, "read-qr", place / "a.txt", place / "b.txt", "-o", place / "again.json")
    assert (place / "again.json").read_bytes() == (place / "c.json").read_bytes()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO("\n".join(texts).encode())))
    assert run(capsys, "read-qr", "-").strip() == (place / "c.json").read_text()
    (place / "all.txt").write_text("\n".join(texts))
    assert FACTS["hash"] in run(capsys, "show", place / "all.txt")
    assert main(["chain", "checkpoint", "read-qr", str(place / "b.txt")]) == 1
    assert "missing parts: 6, 7" in capsys.readouterr().err


def checkpoint(**changes: int) -> Checkpoint:
    now = SystemClock().now_ms()
    made = Checkpoint(
        genesis=genesis().hash, anchor=genesis(), issued_ms=now - 1_000, expires_ms=now + DAY_MS, counter=7
    )
    return replace(made, **changes)


def test_show_tells_what_it_says_and_whose_signatures_hold(place: Path, capsys: Out) -> None:
    """All of it in JSON; whether anybody believes it, no word."""
    file = place / "c.json"
    file.write_bytes(sign_checkpoint(checkpoint(), [FIRST]))
    shown = json.loads(run(capsys, "show", file, "--json"))
    assert (shown["number"], shown["authorities"], shown["counter"]) == (0, len(electorate(4)), 7)
    assert (shown["signatures"], shown["timely"]) == ({FIRST.public.hex(): True}, True)
    assert f"signed by   {FIRST.public.hex()}" in run(capsys, "show", file)


def test_show_fails_for_what_does_not_hold(place: Path, capsys: Out) -> None:
    """A signature of other words, a time that is over, and what is no checkpoint."""
    file, now = place / "c.json", SystemClock().now_ms()
    other = json.loads(sign_checkpoint(checkpoint(counter=8), [FIRST]))
    forged = {**json.loads(sign_checkpoint(checkpoint(), [FIRST])), "signatures": other["signatures"]}
    file.write_text(json.dumps(forged))
    assert "NOT signed by" in run(capsys, "show", file, code=1)
    file.write_bytes(sign_checkpoint(checkpoint(issued_ms=now - 2 * DAY_MS, expires_ms=now - DAY_MS), [FIRST]))
    assert "holds now   no" in run(capsys, "show", file, code=1)
    file.write_bytes(b'{"payloadType": 1}')
    run(capsys, "show", file, code=1)


def test_a_file_that_is_there_is_not_written_over(place: Path, capsys: Out) -> None:
    """It may be a key."""
    draft = drafted(place, capsys)
    run(capsys, "sign", draft, "--key", place / "first.key", "-o", place / "second.key", code=1)
    assert (place / "second.key").read_text().strip() == (b"\x0c" * 32).hex()


def test_a_draft_wants_to_know_its_chain(place: Path, capsys: Out) -> None:
    """From --genesis, or the network of the settings."""
    state, config = place / "state.json", place / "e.toml"
    run(capsys, "draft", state, "--config", config, code=2)
    with config.open("a") as file:
        file.write('[chain]\nnetwork = "cere-mainnet"\n')
    assert '"genesis":"81443836a9a2' in run(capsys, "draft", state, "--config", config)
    run(capsys, "draft", "--config", config, code=1)  # no node runs
