"""What the doctor's tests share: a node that was really made, and a short way to examine it."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from edge_node.base.clock import ClockQuality, SystemClock
from edge_node.doctor.finding import Finding, Verdict
from edge_node.doctor.site import Site
from edge_node.offline import make_node
from edge_node.paths import Paths
from edge_node.settings import Loaded, load


class ShiftedClock(SystemClock):
    """The machine's clock, `by_s` later."""

    def __init__(self, by_s: float) -> None:
        super().__init__(ClockQuality.NETWORK)
        self._by_ms = int(by_s * 1_000)

    def now_ms(self) -> int:
        return super().now_ms() + self._by_ms


def settings_of(root: Path, *lines: str) -> Loaded:
    """Settings of a node in `root`; `lines` are TOML, below its data directory and doors on free ports."""
    file = root.with_name(f"{root.name}.toml")
    chosen = "\n".join(lines)
    doors = "" if "[http]" in chosen else '[http]\nlisten = "127.0.0.1:0"\nlisten_tls = "127.0.0.1:0"\n'
    doors += "" if "[grpc]" in chosen else '[grpc]\nlisten = "127.0.0.1:0"\n'
    file.write_text(f'[node]\ndata_dir = "{root}"\n{doors}{chosen}\n')
    return load(file, {})


def site_of(loaded: Loaded, **known: Any) -> Site:
    """That node under examination."""
    paths = Paths(Path(loaded.settings.node.data_dir))
    return Site(**({"loaded": loaded, "paths": paths, "environ": {}, "clock": SystemClock()} | known))


def made(root: Path, *lines: str, **known: Any) -> Site:
    """A new node in `root`, under examination."""
    loaded = settings_of(root, *lines)
    make_node(loaded.settings, SystemClock(), os.urandom, {})
    return site_of(loaded, **known)


def verdicts(findings: Sequence[Finding]) -> dict[str, Verdict]:
    """Verdicts by check; the last one where a check has several findings."""
    return {finding.check: finding.verdict for finding in findings}


def only(findings: Sequence[Finding], check: str) -> Finding:
    """The one finding of a check."""
    (found,) = [finding for finding in findings if finding.check == check]
    return found
