"""The verbs of an operator against a real node: devices and settings, with plans shown and confirmed."""

import json
import os
import pty
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import httpx
import pytest

from edge_node.cli.operator import (
    NodeNotRunning,
    NotConfirmed,
    confirm,
    control_socket,
    require_node,
    running_node,
    visible,
)
from edge_node.serving import fingerprint, make_self_signed, store_pair
from edge_node.settings import ControlSettings, NodeSettings, Settings
from tests.client.test_control import OK, serve
from tests.control.process import Process, running_process, until

KEY = "ab" * 32


@pytest.fixture(scope="module")
def node() -> Iterator[Process]:
    with running_process() as process:
        yield process


def test_devices_of_a_running_node(node: Process) -> None:
    """The same verbs and the same output as under LOCK; the plan goes to standard error."""
    enrolled = node.cli("device", "enrol", "pump", "--key", KEY, "--stream", "site", "--yes", "--json")
    assert enrolled.returncode == 0, enrolled.stderr
    assert json.loads(enrolled.stdout)["streams"] == ["site"]
    assert "Enrol device pump" in enrolled.stderr
    assert json.loads(node.cli("device", "list", "--json").stdout)[-1]["name"] == "pump"
    suspended = node.cli("device", "suspend", "pump", "--note", "leaks", "--yes")
    assert suspended.returncode == 0
    assert "status   suspended" in suspended.stdout
    rows = json.loads(node.cli("device", "list", "--status", "suspended", "--json").stdout)
    assert [(row["name"], row["note"], row["revision"]) for row in rows] == [("pump", "leaks", 2)]
    assert "pump" in node.cli("device", "export", "--form", "csv").stdout
    again = node.cli("device", "suspend", "pump", "--yes")
    assert (again.returncode, "suspended: cannot suspend" in again.stderr) == (1, True)
    unknown = node.cli("device", "revoke", "nobody", "--yes")
    assert (unknown.returncode, "nobody" in unknown.stderr) == (1, True)


def test_nothing_is_done_without_a_confirmation(node: Process, tmp_path: Path) -> None:
    """Without a terminal and without --yes: the plan is shown, nothing happens, no key file stays."""
    key = tmp_path / "k.key"
    refused = node.cli("device", "enrol", "other", "--new-key", str(key))
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "Enrol device other" in refused.stderr
    assert "--yes" in refused.stderr
    assert not key.exists()
    assert "other" not in node.cli("device", "list").stdout


@pytest.mark.parametrize(("typed", "code"), [("operator\n", 0), ("oprator\n", 1), ("\n", 1)])
def test_a_dangerous_plan_is_confirmed_by_its_name(node: Process, typed: str, code: int) -> None:
    """At a terminal the name is typed; anything else does nothing."""
    near, far = pty.openpty()
    command = [sys.executable, "-m", "edge_node", "device", "suspend", "operator", "--config", str(node.config)]
    with subprocess.Popen(command, stdin=far, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        os.write(near, typed.encode())
        out, errors = process.communicate(timeout=30)
    os.close(near)
    os.close(far)
    assert process.returncode == code, errors
    assert "Type operator to go on:" in errors
    assert ("suspended" in out) == (code == 0)
    if code == 0:
        assert node.cli("device", "resume", "operator", "--yes").returncode == 0


def test_settings_are_applied_while_a_connection_is_held(node: Process) -> None:
    """Live values are in force at once, others are told as pending, and nobody is cut off."""
    with httpx.Client(base_url=node.url) as held:
        assert held.get("/healthz").status_code == 200
        assert held.get("/healthz", headers={"host": "node.example"}).status_code == 421
        node.configure(
            'hosts = ["node.example"]\n[journal]\nsegment_bytes = 33554432\ngather_ms = 1.0\n[log]\nlevel = "debug"\n'
        )
        checked = node.cli("settings", "apply", "--check")
        assert checked.returncode == 0
        assert 'http.hosts: [] -> ["node.example"]' in checked.stderr
        assert held.get("/healthz", headers={"host": "node.example"}).status_code == 421
        applied = json.loads(node.cli("settings", "apply", "--yes", "--json").stdout)
        assert {one["name"] for one in applied["changed"]} == {"http.hosts", "journal.gather_ms", "log.level"}
        assert {one["name"] for one in applied["pending"]} == {"journal.segment_bytes", "http.listen_tls"}
        assert held.get("/healthz", headers={"host": "node.example"}).status_code == 200
        stream = held._transport._pool.connections  # type: ignore[attr-defined]
        assert len(stream) == 1, "the connection of the first request is still the one"


def test_an_invalid_file_changes_nothing(node: Process) -> None:
    """By the verb and by SIGHUP: line and reason are said, what is in force stays."""
    node.configure('hosts = ["kept.example"]\n')
    assert node.cli("settings", "apply", "--yes").returncode == 0
    node.configure('hosts = ["other.example"]\nidle_timeout_s = "long"\n')
    refused = node.cli("settings", "apply", "--yes")
    assert refused.returncode == 3
    assert "edge-node.toml:8" in refused.stderr
    before = node.log().count("settings.refused")
    node.hang_up()
    until(lambda: node.log().count("settings.refused") > before)
    assert "edge-node.toml:8" in node.log()
    assert httpx.get(node.url + "/healthz", headers={"host": "kept.example"}).status_code == 200
    assert httpx.get(node.url + "/healthz", headers={"host": "other.example"}).status_code == 421


def test_sighup_applies_a_good_file(node: Process) -> None:
    """As the verb does."""
    node.configure('hosts = ["hup.example"]\n')
    before = node.log().count("settings.applied")
    node.hang_up()
    until(lambda: node.log().count("settings.applied") > before)
    assert httpx.get(node.url + "/healthz", headers={"host": "hup.example"}).status_code == 200


def fingerprint_of(sock: ssl.SSLSocket) -> str:
    return sha256(sock.getpeercert(binary_form=True) or b"").hexdigest()


def test_a_certificate_is_changed_under_open_connections(node: Process, tmp_path: Path) -> None:
    """New handshakes show the new one, a connection that is open goes on; one that cannot be read changes nothing."""
    url = next(one for one in node.doors() if one["name"] == "https")
    host, _, port = url["address"].rpartition(":")
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    begin = datetime.now(UTC)
    files = tmp_path / "c.pem", tmp_path / "k.pem"
    store_pair(make_self_signed(["node.example"], begin, begin + timedelta(days=1)), *files)

    def dial() -> ssl.SSLSocket:
        return context.wrap_socket(socket.create_connection((host, int(port)), 10))

    def ask(sock: ssl.SSLSocket) -> bytes:
        sock.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        return sock.recv(65_536)

    with dial() as held:
        assert b" 200 " in ask(held)
        tls = 'listen_tls = "127.0.0.1:0"\n'
        node.configure(tls + f'certificate_file = "{files[0]}"\ncertificate_key_file = "{files[1]}"\n')
        assert node.cli("settings", "apply", "--yes").returncode == 0
        with dial() as fresh:
            assert fingerprint_of(fresh) == fingerprint(files[0].read_bytes()) != fingerprint_of(held)
            assert b" 200 " in ask(fresh)
        assert b" 200 " in ask(held)
        files[0].write_text("spoilt")
        refused = node.cli("settings", "apply", "--yes")
        assert (refused.returncode, "c.pem" in refused.stderr) == (3, True)
        with dial() as fresh:
            assert fingerprint_of(fresh) == url_fingerprint(node) != fingerprint_of(held)
        assert b" 200 " in ask(held)


def url_fingerprint(node: Process) -> str:
    return str(next(one for one in node.doors() if one["name"] == "https")["fingerprint"])


def test_a_stopped_node_has_no_door(tmp_path: Path) -> None:
    """The socket is where the settings say, and nobody answers there."""
    settings = Settings(node=NodeSettings(data_dir=str(tmp_path)))
    assert control_socket(settings) == tmp_path / "run/control/control.sock"
    assert running_node(settings) is None
    with pytest.raises(NodeNotRunning, match=r"control\.sock"):
        require_node(settings)
    assert control_socket(Settings(control=ControlSettings(socket="/x/y"))) == Path("/x/y")
    none = Settings(control=ControlSettings(socket="none"))
    assert (control_socket(none), running_node(none)) == (None, None)
    with pytest.raises(NodeNotRunning, match="turn off"):
        require_node(none)


def test_nobody_is_asked_without_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """A script without --yes is told."""
    with Path(os.devnull).open() as nobody:
        monkeypatch.setattr(sys, "stdin", nobody)
        with pytest.raises(NotConfirmed):
            confirm("pump")


def test_a_plan_s_text_cannot_drive_the_terminal() -> None:
    """Control characters and those that turn a line's direction are shown, not obeyed."""
    assert visible("a\x1b[2Jb\u202ec é") == "a\\x1b[2Jb\\u202ec é"


PLAN = {"plan": {"command": "x", "arguments": {}, "summary": "Do it."}, "token": "t", "expires_ms": 0}


@pytest.mark.parametrize(
    ("verb", "answers"),
    [
        (("device", "list"), [{"devices": [{"name": 5}], "next": None}]),
        (("device", "suspend", "pump", "--yes"), [PLAN, {"command": "x", "result": {}}]),
        (("device", "suspend", "pump", "--yes"), [PLAN, {"command": "x", "result": {"device": {"name": "pump"}}}]),
        (("settings", "apply", "--yes"), [PLAN, {"command": "x", "result": {}}]),
        (("settings", "apply", "--yes"), [PLAN, {"command": "x", "result": {"changed": [{}], "pending": []}}]),
        (("settings", "apply", "--check"), [{"plan": "none"}]),
    ],
    ids=str,
)
def test_an_answer_of_another_shape_is_no_defect_of_ours(
    tmp_path: Path, verb: tuple[str, ...], answers: list[object]
) -> None:
    """A stranger at the socket or a node of another version: said in a line, without a traceback."""
    config, path = tmp_path / "e.toml", tmp_path / "s"
    config.write_text(f'[node]\ndata_dir = "{tmp_path}"\n[control]\nsocket = "{path}"\n')
    raw = [json.dumps(answer).encode() for answer in answers]
    thread = serve(path, [OK % (len(body), body) for body in raw])
    done = subprocess.run(
        [sys.executable, "-m", "edge_node", *verb, "--config", str(config)],
        capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    thread.join(30)
    assert done.returncode == 1, done.stderr
    assert "not a node's" in done.stderr
    assert "Traceback" not in done.stderr
    assert "a defect" not in done.stderr


def test_a_new_key_stays_when_nobody_knows_whether_it_was_enrolled(tmp_path: Path) -> None:
    """The node may have made it durable before its answer broke off: its holder must not lose it."""
    config, path, key = tmp_path / "e.toml", tmp_path / "s", tmp_path / "k.key"
    config.write_text(f'[node]\ndata_dir = "{tmp_path}"\n[control]\nsocket = "{path}"\n')
    body = json.dumps(PLAN).encode()
    thread = serve(path, [OK % (len(body), body), b'HTTP/1.1 200 OK\r\ncontent-length: 90\r\n\r\n{"command":'])
    done = subprocess.run(
        [sys.executable, "-m", "edge_node", "device", "enrol", "pump", "--new-key", str(key), "--yes",
         "--config", str(config)],
        capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    thread.join(30)
    assert done.returncode != 0
    assert key.exists()
    assert str(key) in done.stderr
