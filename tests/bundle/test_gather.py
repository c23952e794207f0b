"""What is gathered of a stopped node, and of one whose every answer carries secrets and payload."""

import io
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest

from edge_node.base.errors import EdgeNodeError
from edge_node.bundle.gather import Bundle, SecretKept, gather, gather_without_settings
from edge_node.doctor import examine, report_unloadable
from edge_node.settings import SettingsError, load
from tests.doctor.rig import made, settings_of, site_of

CANARY = "the-canary-sings"
TOKEN = "Zm9vYmFyMTIzNDU2Nzg5MGFiY2RlZkdISUpLTE1OT1BR"


def contents(bundle: Bundle) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(bundle.packed())) as archive:
        files = {entry.name.partition("/")[2]: archive.extractfile(entry) for entry in archive.getmembers()}
        return {name: file.read() for name, file in files.items() if file is not None}


def test_a_stopped_node(tmp_path: Path) -> None:
    """Findings, versions, settings and segments are there, and what there is not says why."""
    site = made(tmp_path / "n")
    found = contents(gather(site, examine(site), None))
    assert sorted(found) == [
        "chain.json", "doctor.json", "health.json", "log.jsonl", "manifest.json", "metrics.txt", "refusals.json",
        "segments.json", "settings.json", "versions.json",
    ]  # fmt: skip
    assert json.loads(found["doctor.json"])["findings"]
    assert json.loads(found["health.json"]) == {"running": False}
    assert json.loads(found["segments.json"])["count"] == 3
    assert b"does not run" in found["metrics.txt"]
    listed = {each["name"]: each["bytes"] for each in json.loads(found["manifest.json"])["files"]}
    assert listed == {name: len(content) for name, content in found.items() if name != "manifest.json"}


def test_the_same_twice_but_for_what_was_measured(tmp_path: Path) -> None:
    """Order and form do not change."""
    site = made(tmp_path / "n")
    report = examine(site)
    first, second = (contents(gather(site, report, None)) for _ in range(2))
    assert {name: first[name] for name in first if name != "manifest.json"} == {
        name: second[name] for name in second if name != "manifest.json"
    }


def hostile(site: Any) -> Any:
    """A node that tells everything it should not."""
    seed, pem = site.paths.node_key.read_text().strip(), (site.paths.tls / "key.pem").read_text()

    def ask(target: str) -> bytes:
        fields = {"body": f"seed {seed}", "path": "/etc/secret/k.pem", "auth": f"Bearer {TOKEN}", "n": 1}
        lines = [
            {"n": 1, "t_ms": 1, "name": "a.b", "level": "info", "room": "x", "fields": fields, "data": {"x": CANARY}},
            {"n": 2, "name": "c.d", "fields": {"pem": pem}, "exception": f'File "x.py", line 1\nValueError: {CANARY}'},
        ]
        match target.partition("?")[0]:
            case "/v1/logs":
                return json.dumps({"lines": lines, "next": "2", "first": 1, "last": 2}).encode()
            case "/v1/refusals":
                return json.dumps({"refusals": [{"detail": f"token={TOKEN}", "event": CANARY}]}).encode()
        return f'# HELP a b\nedge_node_x{{label="{TOKEN}"}} 1\n'.encode()

    return ask


def test_planted_secrets_and_payload_are_in_no_byte(tmp_path: Path) -> None:
    """Seeds, a PEM key, a bearer, the path of a credential, a canary in every field that carries payload."""
    lines = '[http]\nlisten = "127.0.0.1:0"\nlisten_tls = ""\ncertificate_file = "/etc/secret/c.pem"\n'
    lines += 'certificate_key_file = "/etc/secret/k.pem"'
    site = made(tmp_path / "n", lines, live={"health": {"state": "healthy"}, "event": CANARY, "node": "ab" * 32})
    (site.paths.tls).mkdir(exist_ok=True)
    (site.paths.tls / "key.pem").write_text(
        "-----BEGIN PRIVATE KEY-----\n" + "Q" * 64 + "\n-----END PRIVATE KEY-----\n"
    )
    bundle = gather(site, examine(site), hostile(site))
    whole = b"\n".join(contents(bundle).values()) + bundle.packed()
    seeds = [site.paths.node_key.read_text().strip(), site.paths.operator_key.read_text().strip()]
    for planted in (*seeds, seeds[0].upper(), CANARY, TOKEN, "Q" * 64, "/etc/secret/k.pem"):
        assert planted.encode() not in whole
    removed = {part.name: dict(part.removed) for part in bundle.parts}
    assert removed["log.jsonl"]["payload"] == 1
    assert removed["settings.json"] == {"secret setting": 1}
    assert removed["health.json"] == {"payload": 1}


def test_what_the_redaction_missed_stops_the_bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last look is at the bytes themselves."""
    site = made(tmp_path / "n")
    report = examine(site)
    monkeypatch.setattr("edge_node.bundle.redaction.Redactor.text", lambda _self, text: text)
    with pytest.raises(SecretKept):
        gather(site, report, hostile(site))


def test_a_node_that_stops_answering_leaves_its_reason(tmp_path: Path) -> None:
    """The rest of the bundle is worth having."""

    def silent(_target: str) -> bytes:
        raise EdgeNodeError("gone meanwhile")

    site = made(tmp_path / "n", live={"health": {"state": "healthy"}})
    found = contents(gather(site, examine(site), silent))
    assert b"gone meanwhile" in found["refusals.json"]
    assert b"gone meanwhile" in found["metrics.txt"]


def test_settings_that_cannot_be_read_still_give_a_bundle(tmp_path: Path) -> None:
    """What is wrong with them is in it; what is in them is not."""
    file = Path(settings_of(tmp_path / "n").file)
    file.write_text(f'[http]\ncertificate_key_file = "/etc/{CANARY}"\nbad = 1\n')
    with pytest.raises(SettingsError) as caught:
        load(file, {})
    found = contents(gather_without_settings(report_unloadable(caught.value, 7)))
    assert sorted(found) == ["doctor.json", "manifest.json", "versions.json"]
    assert CANARY.encode() not in b"".join(found.values())


def test_segments_that_cannot_be_listed_are_said_to_be(tmp_path: Path) -> None:
    """A bundle is made exactly when something is broken."""
    site = made(tmp_path / "n")
    path = site.paths.segments / "ev/00000001.seg"
    path.unlink()
    path.mkdir()
    found = contents(gather(site_of(site.loaded), examine(site), None))
    assert "not_read" in json.loads(found["segments.json"])
