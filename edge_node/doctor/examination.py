"""The whole examination: every check in order, each on its own, so that one that cannot be made stops no other."""

import sqlite3
import traceback
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
import psutil

from edge_node import __version__
from edge_node.base.errors import EdgeNodeError
from edge_node.doctor.buckets import check_buckets
from edge_node.doctor.certificate import check_certificate
from edge_node.doctor.chain import check_chain
from edge_node.doctor.clock import check_clock
from edge_node.doctor.databases import check_databases
from edge_node.doctor.disk import check_disk
from edge_node.doctor.finding import EXIT_CODES, Finding, Verdict, bad, unknown, worst
from edge_node.doctor.keys import check_keys
from edge_node.doctor.limits import check_limits
from edge_node.doctor.memory import check_memory
from edge_node.doctor.permissions import check_permissions
from edge_node.doctor.ports import check_ports
from edge_node.doctor.running import check_running
from edge_node.doctor.segments import check_segments
from edge_node.doctor.settings import check_settings, judge_unloadable
from edge_node.doctor.site import Site, remedy_of
from edge_node.doctor.syncing import check_sync
from edge_node.doctor.versions import check_versions
from edge_node.journal import NotOfItsKind, require_layout
from edge_node.settings import SettingsError

Check = Callable[[Site], list[Finding]]

CHECKS: Mapping[str, Check] = {
    "node": check_running,
    "versions": check_versions,
    "settings": check_settings,
    "clock": check_clock,
    "key": check_keys,
    "certificate": check_certificate,
    "permissions": check_permissions,
    "disk": check_disk,
    "disk.sync": check_sync,
    "databases": check_databases,
    "segments": check_segments,
    "ports": check_ports,
    "ddc": check_buckets,
    "chain": check_chain,
    "limits": check_limits,
    "memory": check_memory,
}


class Report(msgspec.Struct, frozen=True):
    """Everything found, in the order of CHECKS; `t_ms` ms UTC when it began."""

    verdict: Verdict
    t_ms: int
    release: str
    data_dir: str
    findings: Sequence[Finding]

    @property
    def exit_code(self) -> int:
        """0 all well, 1 something to look at, 2 something broken."""
        return EXIT_CODES[self.verdict]


def examine(
    site: Site, told: Callable[[Finding], Any] = lambda _: None, checks: Mapping[str, Check] = CHECKS
) -> Report:
    """Make every check; `told` gets each finding as soon as it is there."""
    t_ms, findings = site.clock.now_ms(), list[Finding]()
    if (missing := _missing_directory(site)) is not None:
        return _without_directory(site, t_ms, missing, told)
    for name, check in checks.items():
        for finding in _made(name, check, site):
            told(finding)
            findings.append(finding)
    return _report(t_ms, str(site.paths.root), findings)


def report_unloadable(error: SettingsError, t_ms: int, told: Callable[[Finding], Any] = lambda _: None) -> Report:
    """The report when the settings cannot be read: nothing else is known then, but what runs here."""
    findings = [judge_unloadable(error), *check_versions()]
    for finding in findings:
        told(finding)
    return _report(t_ms, "", findings)


def _missing_directory(site: Site) -> Finding | None:
    """What stands in the way of any examination: no directory, or in it something that would hold up who opens it."""
    try:
        there = site.paths.root.is_dir()
    except PermissionError as error:
        return unknown("key.directory", str(error), remedy_of(error))
    if not there:
        said = f"{site.paths.root} is not there, or is no directory"
        return bad("key.directory", said, "Name another settings file with --config, or mount the disk.")
    try:
        require_layout(site.paths)
    except NotOfItsKind as error:
        return bad("key.directory", str(error), error.remedy)
    except PermissionError:
        return None  # parts of it are closed to this user; each check says so
    return None


def _without_directory(site: Site, t_ms: int, missing: Finding, told: Callable[[Finding], Any]) -> Report:
    findings = [missing, *check_settings(site), *check_versions()]
    for finding in findings:
        told(finding)
    return _report(t_ms, str(site.paths.root), findings)


def _made(name: str, check: Check, site: Site) -> list[Finding]:
    label = name if "." in name else f"{name}.check"
    try:
        return check(site)
    except (EdgeNodeError, OSError, psutil.Error, sqlite3.Error) as error:
        return [unknown(label, f"it could not be looked at: {error}", remedy_of(error))]
    except Exception as defect:  # noqa: BLE001  the boundary of one check; the report is where an examination logs
        where = [f"{frame.filename}:{frame.lineno}" for frame in traceback.extract_tb(defect.__traceback__)]
        said = f"a defect in this check: {type(defect).__name__}"
        return [unknown(label, said, "Report it with the --json report.", where=where)]


def _report(t_ms: int, data_dir: str, findings: Sequence[Finding]) -> Report:
    return Report(worst(findings), t_ms, __version__, data_dir, findings)
