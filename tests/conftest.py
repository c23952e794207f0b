"""What every test shares: markers that name what a machine may lack, and an honest count of what was left out."""

import os
import shutil
from collections import Counter
from collections.abc import Generator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

# No timing assertions: a slow machine is no defect, so hypothesis gets no deadline.
settings.register_profile(
    "edge_node", deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile("edge_node")

# Under `make ci` a test that cannot run is a defect of the machine, and says so.
SKIPS_ARE_FAILURES = os.environ.get("EDGE_NODE_CI") == "1"

TOOLS = {
    "needs_systemd": ("systemd-analyze", "systemd-run"),
    "needs_tmux": ("tmux",),
    "needs_node": ("node", "npm"),
    "needs_browser": ("chromium",),
    "needs_promtool": ("promtool",),
    "needs_faketime": ("faketime",),
}
LEFT_OUT = pytest.StashKey[Counter[str]]()


def missing_on_this_machine(marker: str) -> str:
    """What `marker` asks for and this machine lacks; empty when it has everything."""
    if marker == "needs_root":
        return "" if os.geteuid() == 0 else "root"
    return ", ".join(tool for tool in TOOLS.get(marker, ()) if shutil.which(tool) is None)


def pytest_configure(config: pytest.Config) -> None:
    config.stash[LEFT_OUT] = Counter()


def pytest_deselected(items: list[pytest.Item]) -> None:
    for item in items:
        names = {mark.name for mark in item.iter_markers()}
        names = {name for name in names if name in {"faults", "fuzz"} or name.startswith("needs_")}
        item.config.stash[LEFT_OUT].update(names)


def pytest_runtest_setup(item: pytest.Item) -> None:
    for mark in item.iter_markers():
        if lacking := missing_on_this_machine(mark.name):
            pytest.skip(f"{mark.name}: this machine lacks {lacking}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if SKIPS_ARE_FAILURES and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped, which `make ci` does not allow: {report.longrepr}"
    return report


def pytest_sessionfinish(session: pytest.Session) -> None:
    # Under `-n` a worker collects and the controller prints.
    if (output := getattr(session.config, "workeroutput", None)) is not None:
        output["left_out"] = dict(session.config.stash[LEFT_OUT])


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    node.config.stash[LEFT_OUT] |= Counter(getattr(node, "workeroutput", {}).get("left_out", {}))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for marker, count in sorted(config.stash[LEFT_OUT].items()):
        terminalreporter.write_line(f"left out: {count} marked {marker}")
