"""Ports that are free, held, the node's own, not of this machine."""

import os
import socket
from pathlib import Path
from typing import Any

import pytest

from edge_node.doctor.ports import (
    Listener,
    PortFacts,
    WantedDoor,
    check_ports,
    in_the_way,
    judge_port,
    list_wanted,
    match_doors,
)
from edge_node.doctor.site import Holder
from edge_node.settings import parse_listen
from tests.doctor.rig import made, verdicts
from tests.node.test_listening import listening_at, settings_of


def door(name: str, mode: str, address: str) -> dict[str, Any]:
    """A door as a running node tells it."""
    return {"name": name, "kind": "tcp", "mode": mode, "address": address}


@pytest.mark.parametrize(
    ("wanted", "host", "port", "way"),
    [
        ("127.0.0.1:80", "127.0.0.1", 80, True),
        ("127.0.0.1:80", "127.0.0.1", 81, False),
        ("127.0.0.1:80", "127.0.0.2", 80, False),
        ("127.0.0.1:80", "0.0.0.0", 80, True),
        ("0.0.0.0:80", "127.0.0.1", 80, True),
        ("127.0.0.1:80", "::", 80, True),
        ("127.0.0.1:80", "::ffff:127.0.0.1", 80, True),
        ("[::1]:80", "127.0.0.1", 80, False),
        ("[::]:80", "::1", 80, True),
        ("localhost:80", "127.0.0.1", 80, True),
        ("some.host:80", "10.0.0.1", 80, True),
    ],
)
def test_which_addresses_exclude_each_other(wanted: str, host: str, port: int, way: bool) -> None:
    """The same one, or a wildcard over it."""
    assert in_the_way(parse_listen(wanted), Listener(host, port)) is way


def judged(**facts) -> str:
    usual = {"setting": "http.listen", "wanted": parse_listen("127.0.0.1:8091"), "listeners": []}
    return judge_port(PortFacts(**(usual | facts))).verdict


def test_a_running_node_holds_its_own_ports() -> None:
    """Somebody else's socket there, or none at all, is wrong."""
    own, other, hidden = (Listener("127.0.0.1", 8091, pid, "x") for pid in (7, 8, None))
    assert judged(running=True, own_pid=7, listeners=[own]) == "ok"
    assert judged(running=True, own_pid=7, listeners=[other]) == "bad"
    assert judged(running=True, own_pid=7, listeners=[hidden]) == "unknown"
    assert judged(running=True, own_pid=7) == "bad"
    assert judged(running=True, own_pid=7, listeners=[own], door="127.0.0.1:8091") == "ok"
    assert judged(running=True, own_pid=7, door="127.0.0.1:9000") == "warn"
    assert judged(hidden=True, listeners=[hidden]) == "unknown"
    assert judged(hidden=True) == "ok"


def test_addresses_and_ports_that_cannot_be_had() -> None:
    """An address of another machine, a port of root's."""
    assert judged() == "ok"
    assert judged(local=False) == "bad"
    assert judged(allowed=False) == "bad"
    assert judged(wanted=parse_listen("127.0.0.1:0"), listeners=[Listener("127.0.0.1", 0)]) == "ok"


def test_a_port_that_is_really_held(tmp_path: Path) -> None:
    """The holder is named; when it is the node itself, all is well."""
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]
        doors = f'[http]\nlisten = "127.0.0.1:{port}"\nlisten_tls = "192.0.2.1:8443"'
        site = made(tmp_path / "n", doors)
        found = check_ports(site)
        assert verdicts(found) == {"ports.listen": "bad", "ports.listen_tls": "bad", "ports.grpc": "ok"}
        assert str(os.getpid()) in found[0].evidence
        assert "no such address" in found[1].evidence
        running = made(tmp_path / "m", doors, holder=Holder(os.getpid(), "edge-node run"))
        assert verdicts(check_ports(running))["ports.listen"] == "ok"
    assert verdicts(check_ports(site))["ports.listen"] == "ok"


def test_the_doors_of_the_ddc_node_are_examined_too(tmp_path: Path) -> None:
    """The gRPC door, and every further pair; each under its own name."""
    with socket.create_server(("127.0.0.1", 0)) as held, socket.create_server(("127.0.0.1", 0)) as other:
        port, further = held.getsockname()[1], other.getsockname()[1]
        doors = (
            f'[grpc]\nlisten = "127.0.0.1:{port}"\n[ddc]\ndoors = ["cache grpc=127.0.0.1:{further} http=127.0.0.1:0"]'
        )
        found = check_ports(made(tmp_path / "n", doors))
        assert [(one.check, one.verdict) for one in found][2:] == [
            ("ports.grpc", "bad"), ("ports.ddc", "bad"), ("ports.ddc", "ok"),
        ]  # fmt: skip
        assert f"grpc.listen 127.0.0.1:{port} is held" in found[2].evidence
        assert f"ddc.doors 127.0.0.1:{further} is held" in found[3].evidence
        live = {"doors": [door("grpc", "full", "127.0.0.1:1"), door("http", "full", "127.0.0.1:2")]}
        running = made(tmp_path / "m", doors, holder=Holder(os.getpid(), "edge-node run"), live=live)
        moved = {one.check: one for one in check_ports(running)}["ports.grpc"]
        assert (moved.verdict, "at 127.0.0.1:1" in moved.evidence) == ("warn", True)
        two = {"doors": [*live["doors"], door("grpc", "cache", "127.0.0.1:3")]}
        several = made(tmp_path / "k", doors, holder=Holder(os.getpid(), "edge-node run"), live=two)
        assert [one.evidence.partition(" at ")[2] for one in check_ports(several)][2:] == [
            "127.0.0.1:1", "127.0.0.1:3", "",
        ]  # fmt: skip


def test_a_door_is_told_by_its_name_its_mode_and_its_address() -> None:
    """Where several of one kind are missing, or none of a kind is there, nobody can say which one it is."""

    def matched(*doors: dict[str, Any]) -> list[str | None]:
        wanted = [
            WantedDoor("http.listen", "http", "full", parse_listen("127.0.0.1:1")),
            WantedDoor("ddc.doors", "grpc", "cache", parse_listen("127.0.0.1:2")),
            WantedDoor("ddc.doors", "http", "cache", parse_listen("127.0.0.1:3")),
            WantedDoor("ddc.doors", "http", "cache", parse_listen("[::1]:4")),
        ]
        return match_doors(wanted, doors)

    sockets = {"name": "control", "kind": "unix", "address": "/run/edge-node/control.sock", "mode": None}
    one, two = door("http", "cache", "127.0.0.1:3"), door("http", "cache", "[::1]:4")
    assert matched() == [None] * 4
    assert matched(sockets, one, two) == [None, None, "127.0.0.1:3", "[::1]:4"]
    assert matched(door("http", "full", "127.0.0.1:9"), one) == ["127.0.0.1:9", None, "127.0.0.1:3", None]
    assert matched(two, door("http", "cache", "127.0.0.1:9")) == [None, None, "127.0.0.1:9", "[::1]:4"]
    assert matched(door("http", "cache", "127.0.0.1:8"), door("http", "cache", "127.0.0.1:9")) == [None] * 4
    assert matched(door("grpc", "storage", "127.0.0.1:2")) == [None] * 4


def test_the_doors_of_a_node_that_listens_are_all_known_again() -> None:
    """Several of one name and of one mode among them."""
    pairs = ("cache grpc=127.0.0.1:0 http=127.0.0.1:0", "cache http=127.0.0.1:0", "full grpc=127.0.0.1:0")
    listening = listening_at(settings_of(*pairs))
    figures = listening.figures()
    listening.close()
    live = [door(one.name, str(one.mode), one.address) for one in figures]
    http, cache, more, grpc, cached, full = (one.address for one in figures)
    texts = (f"cache grpc={cached} http={cache}", f"cache http={more}", f"full grpc={full}")
    wanted = list_wanted(settings_of(*texts, grpc=grpc, http=http))
    assert match_doors(wanted, live) == [str(one.address) for one in wanted] == [http, grpc, cached, cache, more, full]
