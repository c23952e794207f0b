"""Limits of open files and file sizes, read from a process that really has them."""

import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from edge_node.doctor.limits import LimitFacts, check_limits, count_connections, judge_limits, parse_limits
from edge_node.doctor.site import Holder
from edge_node.settings import DdcSettings, GrpcSettings, HttpSettings, Settings
from tests.doctor.rig import made, verdicts


def judged(files: int | None = None, size: int | None = None) -> tuple[str, str]:
    found = judge_limits(LimitFacts("x", files, size, connections=2_048, segment_bytes=2**28))
    return found[0].verdict, found[1].verdict


def test_open_files() -> None:
    """Enough for every connection, enough for the log at least, or not even that."""
    assert [judged(files)[0] for files in (None, 65_536, 2_000, 300)] == ["ok", "ok", "warn", "bad"]


def test_file_sizes() -> None:
    """A segment and the index must fit."""
    assert [judged(size=size)[1] for size in (None, 2**40, 2**28)] == ["ok", "ok", "bad"]


def test_those_of_a_running_process(tmp_path: Path) -> None:
    """What counts is what the node's process may, not what this one may."""
    script = "import resource, sys; resource.setrlimit(resource.RLIMIT_NOFILE, (200, 200)); print(flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as node:
        assert node.stdout is not None
        node.stdout.readline()
        site = made(tmp_path / "n", holder=Holder(node.pid, "edge-node run"))
        found = check_limits(site)
        assert verdicts(found)["limits.open_files"] == "bad"
        assert str(node.pid) in found[0].evidence
        node.communicate()


def test_a_process_that_is_gone_leaves_this_ones_limits(tmp_path: Path) -> None:
    """Better than nothing, and said so."""
    site = made(tmp_path / "n", holder=Holder(2**22 + 1, "edge-node run"))
    assert "this session" in check_limits(site)[0].evidence


@pytest.mark.skipif(not Path("/proc/self/limits").exists(), reason="no proc")
def test_the_kernels_table_is_read() -> None:
    """Names of two words, and `unlimited`."""
    found = parse_limits(Path(f"/proc/{os.getpid()}/limits").read_text())
    assert {"open files", "file size", "cpu time"} <= found.keys()


def test_every_door_s_connections_are_counted() -> None:
    """Each pair of doors has an HTTP server with the whole limit; gRPC has one limit for all."""
    one = Settings(http=HttpSettings(connections_max=10), grpc=GrpcSettings(connections_max=3))
    assert count_connections(one) == 13
    pairs = ("cache grpc=127.0.0.1:0 http=127.0.0.1:0", "storage grpc=127.0.0.1:0 http=127.0.0.1:0")
    assert count_connections(msgspec.structs.replace(one, ddc=DdcSettings(doors=pairs))) == 33


@pytest.mark.parametrize(
    ("listen", "tls", "grpc", "doors", "count"),
    [
        ("127.0.0.1:0", "", "127.0.0.1:0", ("cache grpc=127.0.0.1:0",), 13),
        ("127.0.0.1:0", "", "127.0.0.1:0", ("cache grpc=127.0.0.1:0", "full http=127.0.0.1:0"), 23),
        ("127.0.0.1:0", "127.0.0.1:0", "", (), 10),
        ("127.0.0.1:0", "", "", ("storage grpc=127.0.0.1:0",), 13),
        ("", "127.0.0.1:0", "", ("cache http=127.0.0.1:0",), 20),
        ("", "", "127.0.0.1:0", (), 3),
    ],
)
def test_a_door_that_is_not_there_takes_no_connection(
    listen: str, tls: str, grpc: str, doors: tuple[str, ...], count: int
) -> None:
    """A pair that has gRPC alone has no HTTP server; one that has none anywhere none of its connections."""
    settings = Settings(
        http=HttpSettings(listen=listen, listen_tls=tls, connections_max=10),
        grpc=GrpcSettings(listen=grpc, connections_max=3),
        ddc=DdcSettings(doors=doors),
    )
    assert count_connections(settings) == count
