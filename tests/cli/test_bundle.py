"""`edge-node bundle` of a running node that really met secrets and payload."""

import json
import signal
import stat
import subprocess
import sys
import tarfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from edge_node.base.clock import ClockQuality, SystemClock
from edge_node.base.ids import StreamName, VaultId
from edge_node.cli import main
from edge_node.trust.keystore import read_key_file
from edge_node.trust.signed_event import format_event_header, sign_event

CANARY = b"canary-in-the-mine"
BEARER = "bm90LWEtYmVhcmVyLWJ1dC1pdC1sb29rcy1saWtlLW9uZS0xMjM0NTY3ODkw"


@pytest.fixture
def home(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Path:
    for door in ("LISTEN", "LISTEN_TLS"):
        monkeypatch.setenv(f"EDGE_NODE__HTTP__{door}", "127.0.0.1:0")
    monkeypatch.setenv("EDGE_NODE__GRPC__LISTEN", "127.0.0.1:0")
    assert main(["init", "--data-dir", str(tmp_path / "node"), "--json"]) == 0
    capsys.readouterr()
    return tmp_path / "node"


@pytest.fixture
def running(home: Path) -> Iterator[tuple[Path, str]]:
    command = [sys.executable, "-m", "edge_node", "run", "--config", str(home / "edge-node.toml")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as node:
        try:
            assert node.stdout is not None
            yield home, json.loads(node.stdout.readline())["http"]
        finally:
            node.send_signal(signal.SIGTERM)
            node.communicate()


def post(home: Path, url: str, body: bytes, *, seq: int, content_type: str = "application/json") -> None:
    """A post by the operator, stored or refused; whatever the node says of it may reach its log and refusals."""
    with read_key_file(home / "keys/operator.key") as key, read_key_file(home / "keys/node.key") as node:
        header = sign_event(
            key, audience=VaultId(node.public), stream=StreamName("t"), content_type=content_type, seq=seq,
            t_ms=SystemClock().now_ms(), quality=ClockQuality.NETWORK, body=body,
        )  # fmt: skip
    headers = {"Edge-Signature": format_event_header(header), "Content-Type": content_type}
    request = urllib.request.Request(f"{url}/events", body, headers | {"Authorization": f"Bearer {BEARER}"})
    with suppress(urllib.error.HTTPError):
        urllib.request.urlopen(request).close()


def run(home: Path, *more: str) -> int:
    return main(["bundle", "--config", str(home / "edge-node.toml"), *more])


def test_no_secret_and_no_payload_of_a_running_node_leaves(
    running: tuple[Path, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Stored and refused bodies, seeds, a bearer: none of them is in any byte of the archive."""
    home, url = running
    post(home, url, b'{"canary": "%s"}' % CANARY, seq=1 << 24)
    post(home, url, b'{"canary": %s' % CANARY, seq=(1 << 24) + 1)
    with suppress(urllib.error.HTTPError):
        urllib.request.urlopen(
            urllib.request.Request(f"{url}/api/v1/streams", headers={"Authorization": BEARER})
        ).close()
    assert run(home, "-o", str(tmp_path / "b.tar.gz")) == 0
    with tarfile.open(tmp_path / "b.tar.gz") as archive:
        parts = {entry.name: archive.extractfile(entry).read() for entry in archive.getmembers()}  # type: ignore[union-attr]
    whole = b"".join(parts.values()) + (tmp_path / "b.tar.gz").read_bytes()
    seeds = [(home / name).read_text().strip().encode() for name in ("keys/node.key", "keys/operator.key")]
    for secret in (*seeds, CANARY, BEARER.encode(), *(home / "keys/tls/key.pem").read_bytes().splitlines()[1:-1]):
        assert secret not in whole
    assert json.loads(parts["edge-node-bundle/health.json"])["health"]["state"] == "healthy"
    assert json.loads(parts["edge-node-bundle/refusals.json"])["total"] >= 1
    assert b"node.started" in parts["edge-node-bundle/log.jsonl"]
    assert b"edge_node_ready 1.0" in parts["edge-node-bundle/metrics.txt"]
    assert stat.S_IMODE((tmp_path / "b.tar.gz").stat().st_mode) == 0o600


def test_a_preview_shows_everything_and_writes_nothing(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every file with its size, and what was taken out of it."""
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.iterdir())
    assert run(home, "--preview") == 0
    said = capsys.readouterr().out
    for name in ("doctor.json", "settings.json", "log.jsonl", "manifest.json", "metrics.txt"):
        assert name in said
    assert "nothing was written" in said
    assert sorted(tmp_path.iterdir()) == before


def test_the_default_name_carries_the_time(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the answer for machines names the file."""
    monkeypatch.chdir(tmp_path)
    assert run(home, "--json") == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["file"].startswith("edge-node-bundle-20")
    assert (tmp_path / answer["file"]).stat().st_size == answer["bytes"]
    assert run(home, "-o", answer["file"]) == 1
    assert "exists" in capsys.readouterr().err
