"""The units and their companions, judged by systemd's own tools on a staged tree."""

import os
import shutil
import stat
from pathlib import Path

import pytest

from tests.firmware.unit import FIRMWARE, UNIT, allowed_calls, lines_of, run, values_of

HOST_UNITS = Path("/lib/systemd/system")
EXPOSURE_MAX = 20  # of 100; what is open beyond that, and why, stands in the unit
EXECUTABLES = ("usr/bin/edge-node", "bin/kill")


@pytest.fixture
def staged(tmp_path: Path) -> Path:
    """A root with systemd's own units, ours, and the programs it names."""
    root = tmp_path / "root"
    shutil.copytree(HOST_UNITS, root / "lib/systemd/system", symlinks=True)
    shutil.copy(UNIT, root / "lib/systemd/system")
    for name in EXECUTABLES:
        program = root / name
        program.parent.mkdir(parents=True, exist_ok=True)
        program.write_text("#!/bin/sh\n")
        program.chmod(0o755)
    return root


@pytest.mark.needs_systemd
def test_the_unit_verifies_without_a_word(staged: Path) -> None:
    """Exit 0 is not enough: a misspelt directive only warns."""
    done = run("systemd-analyze", "verify", "--man=no", f"--root={staged}", UNIT.name)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.needs_systemd
@pytest.mark.parametrize("defect", ["ProtectSytem=strict", "ExecStartPre=/usr/bin/absent"])
def test_verify_would_find_a_defect(staged: Path, defect: str) -> None:
    """The check above has teeth: a misspelt directive and a missing program are both told."""
    unit = staged / "lib/systemd/system" / UNIT.name
    unit.write_text(unit.read_text().replace("Type=notify\n", f"Type=notify\n{defect}\n"))
    done = run("systemd-analyze", "verify", "--man=no", f"--root={staged}", UNIT.name)
    assert done.stderr != ""


@pytest.mark.needs_systemd
def test_the_unit_is_hardened() -> None:
    """At most 2.0 of 10 by systemd's own measure."""
    done = run("systemd-analyze", "security", "--offline=true", f"--threshold={EXPOSURE_MAX}", str(UNIT))
    assert done.returncode == 0, done.stdout
    assert done.stderr == ""


@pytest.mark.needs_systemd
@pytest.mark.needs_root
def test_users_and_directories_are_made_as_the_sockets_need_them(tmp_path: Path) -> None:
    """The node owns both socket directories, each belongs to its group, others come to neither."""
    root = tmp_path / "root"
    (root / "etc").mkdir(parents=True)
    users = run("systemd-sysusers", f"--root={root}", str(FIRMWARE / "sysusers.d/edge-node.conf"))
    assert users.returncode == 0, users.stderr
    groups = {line.split(":")[0]: line.split(":") for line in (root / "etc/group").read_text().splitlines()}
    assert groups["edge-operators"][3] == groups["edge-viewers"][3] == "edge-node"
    node = next(line.split(":") for line in (root / "etc/passwd").read_text().splitlines() if "edge-node" in line)
    assert node[6].endswith("nologin")

    made = run("systemd-tmpfiles", "--create", f"--root={root}", str(FIRMWARE / "tmpfiles.d/edge-node.conf"))
    assert made.returncode == 0, made.stderr
    for name, group in (("control", "edge-operators"), ("view", "edge-viewers")):
        found = (root / "run/edge-node" / name).stat()
        assert stat.S_IMODE(found.st_mode) == 0o750
        assert (found.st_uid, found.st_gid) == (int(node[2]), int(groups[group][2]))


@pytest.mark.needs_systemd
def test_the_calls_the_node_lives_by_are_allowed() -> None:
    """Reading the clock's discipline and giving a socket to its group survive the groups that are taken away."""
    allowed = allowed_calls()
    assert {"adjtimex", "clock_adjtime", "fchown", "fchownat", "fdatasync", "fallocate", "sendto", "flock"} <= allowed
    assert not {"clock_settime", "settimeofday", "mount", "ptrace", "bpf", "reboot", "setuid"} & allowed


def test_the_watchdog_waits_longer_than_a_heartbeat_may_take() -> None:
    """A room is given up by the node before the node is given up by systemd; three beats fit into its time."""
    from edge_node.node import BEAT_S

    assert values_of("WatchdogSec") == ["30s"]
    assert BEAT_S < 30


def test_the_sockets_lie_in_the_directories_that_are_made() -> None:
    """Unit, tmpfiles.d and the settings' groups name the same things."""
    from edge_node.settings import Settings

    made = {line.split()[1]: line.split()[4] for line in lines_of(FIRMWARE / "tmpfiles.d/edge-node.conf")}
    environment = dict(value.split("=", 1) for value in values_of("Environment"))
    control = Settings().control
    assert made[os.path.dirname(environment["EDGE_NODE__CONTROL__SOCKET"])] == control.group  # noqa: PTH120
    assert made[os.path.dirname(environment["EDGE_NODE__CONTROL__VIEW_SOCKET"])] == control.view_group  # noqa: PTH120
    assert set(values_of("SupplementaryGroups")[0].split()) == {control.group, control.view_group}
