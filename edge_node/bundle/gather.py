"""What goes into a bundle: each part gathered, freed of secrets and payload, and described."""

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from typing import Any

import msgspec

from edge_node import __version__
from edge_node.base.errors import EdgeNodeError
from edge_node.base.ids import strip_type
from edge_node.bundle.archive import Part, pack, within_total
from edge_node.bundle.redaction import Redactor
from edge_node.bundle.secrets import secrets_of
from edge_node.doctor import Report, Site, probe_segments, probe_versions
from edge_node.settings.show import rows

LOG_LINES = 1_000
SEGMENTS_MAX = 10_000
UNIT = "edge-node"
NEVER = ("keys", "bearers and passwords", "credentials and their paths", "bodies of events", "pieces")
_JOURNALCTL_S = 20.0

Ask = Callable[[str], bytes]
"""GET on the running node's socket: a path to a body; EdgeNodeError without one."""


class SecretKept(EdgeNodeError):
    """A secret was found in what should be free of any: nothing is written."""

    slug = "secret-kept"
    remedy = "Nothing was written. Report it, naming the file and not the secret."

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"{name} would carry a secret of this node")


class Bundle(msgspec.Struct, frozen=True):
    """Everything that would be sent; `made_ms` is ms UTC."""

    made_ms: int
    parts: Sequence[Part]

    def packed(self) -> bytes:
        """The archive's bytes."""
        return pack(self.parts, self.made_ms)


def gather(site: Site, report: Report, ask: Ask | None) -> Bundle:
    """Gather from the directory, from the running node if it can be asked, and from the machine's own log.

    SecretKept, and no bundle, when a known secret is left in any part.
    """
    secrets = secrets_of(site)
    known = _public_values(site, report)
    drafts = [_Draft(secrets, known, *each) for each in _sources(site, report, ask)]
    parts = [draft.part() for draft in drafts]
    whole = within_total([*parts, _manifest(parts, site.clock.now_ms())])
    guard = Redactor(secrets)
    for part in whole:
        if guard.holds_secret(part.content):
            raise SecretKept(part.name)
    return Bundle(site.clock.now_ms(), whole)


def gather_without_settings(report: Report) -> Bundle:
    """What can be told when the settings cannot be read, and with them what is secret: findings and versions."""
    sources = [
        ("doctor.json", "the findings of `edge-node doctor`", _plain(report)),
        ("versions.json", "what the node runs on", dict(probe_versions().texts)),
    ]
    parts = [_Draft(set(), set(), *each).part() for each in sources]
    return Bundle(report.t_ms, [*parts, _manifest(parts, report.t_ms)])


class _Draft:
    """One file before anything was removed from it; `content` is a JSON value, text, or lines of JSON."""

    def __init__(self, secrets: set[str], known: set[str], name: str, about: str, content: Any) -> None:
        self._redactor, self._name, self._about, self._content = Redactor(secrets, known), name, about, content

    def part(self) -> Part:
        """The file as it goes out."""
        content, clean = self._content, self._redactor
        if isinstance(content, str):
            raw = "".join(clean.text(line) + "\n" for line in content.splitlines()).encode()
        elif self._name.endswith(".jsonl"):
            raw = b"".join(_encoded(clean.value(line)) + b"\n" for line in content)
        else:
            raw = msgspec.json.format(_encoded(clean.value(content)), indent=1) + b"\n"
        return Part(self._name, raw, self._about, dict(sorted(clean.removed.items())))


def _encoded(value: Any) -> bytes:
    return msgspec.json.encode(value, enc_hook=strip_type)


def _plain(value: Any) -> Any:
    """A value of ours as plain JSON values."""
    return msgspec.json.decode(_encoded(value))


def _public_values(site: Site, report: Report) -> set[str]:
    """Long random values everybody may know: the node's key and its certificates' fingerprints."""
    found = {str(finding.facts.get("key")) for finding in report.findings if finding.check == "key.node"}
    live = site.live or {}
    found |= {str(live.get("node")), str(live.get("vault"))}
    return found | {str(door.get("fingerprint")) for door in live.get("doors") or []}


def _sources(site: Site, report: Report, ask: Ask | None) -> Iterator[tuple[str, str, Any]]:
    yield "doctor.json", "the findings of `edge-node doctor`", _plain(report)
    yield "versions.json", "what the node runs on", dict(probe_versions().texts)
    yield "settings.json", "every setting with its source; secrets as <set>", [asdict(row) for row in rows(site.loaded)]
    yield "segments.json", "the log's segments and what is wrong with them", _segments(site)
    yield "health.json", "what the running node says of itself", _health(site)
    log, where = _log(ask)
    yield "log.jsonl", f"the newest lines of the log ({where})", log
    yield "refusals.json", "what was refused lately, and why", _asked(ask, "/v1/refusals?limit=500")
    yield "chain.json", "what the running node says of the chain it follows", _asked(ask, "/v1/chain")
    yield "metrics.txt", "the node's figures", _asked_text(ask, "/v1/metrics")


def _segments(site: Site) -> Any:
    try:
        states = probe_segments(site)
    except (EdgeNodeError, OSError) as error:
        return {"not_read": str(error)}
    shown = [asdict(state) | {"name": state.name} for state in states[-SEGMENTS_MAX:]]
    return _plain({"count": len(states), "segments": shown})


def _health(site: Site) -> Any:
    if site.live is not None:
        return dict(site.live)
    if site.holder is None:
        return {"running": False}
    return {"running": True, "pid": site.holder.pid, "doing": site.holder.doing, "not_asked": site.no_live}


def _asked(ask: Ask | None, target: str) -> Any:
    if ask is None:
        return {"not_asked": "the node does not run"}
    try:
        return msgspec.json.decode(ask(target))
    except (EdgeNodeError, msgspec.DecodeError) as error:
        return {"not_asked": str(error)}


def _asked_text(ask: Ask | None, target: str) -> str:
    if ask is None:
        return "# not asked: the node does not run"
    try:
        return ask(target).decode(errors="replace")
    except EdgeNodeError as error:
        return f"# not asked: {error}"


def _log(ask: Ask | None) -> tuple[list[Any], str]:
    """The node's own ring, else the machine's journal, else nothing: lines and where they come from."""
    if ask is not None:
        answer = _asked(ask, f"/v1/logs?limit={LOG_LINES}")
        if isinstance(answer, dict) and isinstance(answer.get("lines"), list):
            return answer["lines"], "from the running node"
    return _from_journald()


def _from_journald() -> tuple[list[Any], str]:
    if shutil.which("journalctl") is None:
        return [], "none: the node does not run, and there is no journald"
    command = ["journalctl", "--unit", UNIT, "--no-pager", "--quiet", "--output", "cat", "--lines", str(LOG_LINES)]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_JOURNALCTL_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return [], f"none: journalctl: {error}"
    return [_line(text) for text in done.stdout.decode(errors="replace").splitlines()], f"journald, unit {UNIT}"


def _line(text: str) -> Any:
    """A line of our own JSON log as its fields; anything else as text."""
    try:
        value = json.loads(text)
    except ValueError:
        return {"text": text}
    return value if isinstance(value, dict) else {"text": text}


def _manifest(parts: Sequence[Part], made_ms: int) -> Part:
    listed = [
        {"name": part.name, "bytes": len(part.content), "about": part.about, "removed": part.removed} for part in parts
    ]
    value = {
        "made_ms": made_ms, "release": __version__, "files": listed,
        "never_in_here": NEVER,
    }  # fmt: skip
    return Part(
        "manifest.json", msgspec.json.format(_encoded(value), indent=1) + b"\n", "what is in here and what is not"
    )
