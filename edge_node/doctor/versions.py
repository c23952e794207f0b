"""What the node runs on: interpreter, SQLite, libraries, kernel."""

import platform
import sqlite3
import ssl
import sys
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, requires, version
from typing import NamedTuple

from edge_node import __version__
from edge_node.doctor.finding import Finding, bad, ok, warn
from edge_node.doctor.site import Site

PYTHON_MIN = (3, 11)
SQLITE_MIN = (3, 35)  # RETURNING
# PyNaCl carries its libsodium with it and does not name its version; the release of PyNaCl says which it is.
SHOWN = ("blake3", "cryptography", "httptools", "msgspec", "pynacl", "trio")


class VersionFacts(NamedTuple):
    """Version tuples of what is judged, and texts of what is shown; `absent` names libraries that are not installed."""

    python: tuple[int, ...]
    sqlite: tuple[int, ...]
    texts: Mapping[str, str]
    absent: tuple[str, ...] = ()


def probe_versions() -> VersionFacts:
    """Ask the interpreter and the installed distributions."""
    found = {name: _version(name) for name in _required()}
    texts = {
        "edge-node": __version__,
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "openssl": ssl.OPENSSL_VERSION,
        "kernel": platform.release(),
        "machine": platform.machine(),
        **{name: text for name, text in found.items() if text},
    }
    absent = tuple(name for name, text in found.items() if not text)
    return VersionFacts(tuple(sys.version_info[:3]), sqlite3.sqlite_version_info, texts, absent)


def _required() -> list[str]:
    """The names of the libraries that the installed product asks for."""
    try:
        wanted = requires("edge-node") or []
    except PackageNotFoundError:
        return list(SHOWN)
    plain = [line for line in wanted if ";" not in line]
    return sorted({line.split(">")[0].split("=")[0].split("[")[0].strip() for line in plain})


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def judge_versions(facts: VersionFacts) -> list[Finding]:
    """Two findings: what the product stands on, and its libraries."""
    check, texts = "versions.platform", facts.texts
    said = f"edge-node {texts.get('edge-node')}, Python {texts.get('python')}, SQLite {texts.get('sqlite')}"
    if facts.python < PYTHON_MIN:
        found = bad(check, said, "Install Python 3.11 or later.", **texts)
    elif facts.sqlite < SQLITE_MIN:
        found = bad(check, said, "Install SQLite 3.35 or later.", **texts)
    else:
        found = ok(check, said, **texts)
    if facts.absent:
        return [found, warn("versions.libraries", f"not installed: {', '.join(facts.absent)}",
                            "Install the product with its pinned libraries (`make setup`).")]  # fmt: skip
    shown = ", ".join(f"{name} {texts[name]}" for name in SHOWN if name in texts)
    return [found, ok("versions.libraries", shown)]


def check_versions(_site: Site | None = None) -> list[Finding]:
    """Probe and judge."""
    return judge_versions(probe_versions())
