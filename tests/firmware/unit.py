"""Reads the unit as systemd would, as far as the tests ask."""

import functools
import subprocess
from pathlib import Path

FIRMWARE = Path(__file__).parents[2] / "firmware"
UNIT = FIRMWARE / "systemd/edge-node.service"


def run(*command: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(command, capture_output=True, text=True, check=False)


def lines_of(path: Path) -> list[str]:
    """What a file says, without comments."""
    return [line for line in path.read_text().splitlines() if line and not line.startswith("#")]


def values_of(key: str) -> list[str]:
    """Every value the unit gives a key, in order."""
    return [line.partition("=")[2] for line in lines_of(UNIT) if line.partition("=")[0] == key]


@functools.cache
def call_groups() -> dict[str, frozenset[str]]:
    """systemd's groups of system calls, each with calls and other groups in it."""
    listed: dict[str, set[str]] = {}
    group: set[str] = set()
    for line in run("systemd-analyze", "syscall-filter").stdout.splitlines():
        if line.startswith("@"):
            group = listed.setdefault(line.strip(), set())
        elif (word := line.strip()) and not word.startswith("#"):
            group.add(word)
    return {name: frozenset(calls) for name, calls in listed.items()}


def expand(name: str) -> set[str]:
    """The calls behind a name: a group's, or itself."""
    groups = call_groups()
    return set().union(*map(expand, groups[name])) if name in groups else {name}


def allowed_calls() -> set[str]:
    """What SystemCallFilter= leaves: lines are applied in order, `~` takes away."""
    allowed: set[str] = set()
    for value in values_of("SystemCallFilter"):
        names = set().union(*(expand(word) for word in value.removeprefix("~").split()))
        allowed = allowed - names if value.startswith("~") else allowed | names
    return allowed
