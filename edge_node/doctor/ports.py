"""The doors' addresses: free for a stopped node, its own for a running one."""

import ipaddress
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from edge_node.doctor.finding import Finding, bad, ok, unknown, warn
from edge_node.doctor.site import Site
from edge_node.settings import ListenAddress, Settings, parse_listen
from edge_node.settings.doors import Mode, parse_pairs

CHECKS = {
    "http.listen": "ports.listen",
    "http.listen_tls": "ports.listen_tls",
    "grpc.listen": "ports.grpc",
    "ddc.doors": "ports.ddc",
}
_HELD = "Stop that program, or choose another port in the settings."


@dataclass(frozen=True, slots=True)
class Listener:
    """A socket somebody listens on; `pid` is None for other users' processes."""

    host: str
    port: int
    pid: int | None = None
    program: str = ""

    @property
    def who(self) -> str:
        """In words."""
        if self.pid is None:
            return "a process of another user (`ss -ltnp` as root names it)"
        return f"process {self.pid} ({self.program})"


@dataclass(frozen=True, slots=True)
class WantedDoor:
    """A door of the settings; `name` and `mode` are what a running node calls it by."""

    setting: str
    name: str
    mode: Mode
    address: ListenAddress


@dataclass(frozen=True, slots=True, kw_only=True)
class PortFacts:
    """One door.

    `own_pid` is the running node's, `door` the address it says it has, `hidden` that nobody knows whether one runs;
    `local`: this machine has the wanted address, `allowed`: this user may have its port.
    """

    setting: str
    wanted: ListenAddress
    listeners: Sequence[Listener]
    own_pid: int | None = None
    door: str | None = None
    running: bool = False
    hidden: bool = False
    local: bool = True
    allowed: bool = True


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        found = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return ipaddress.IPv4Address("127.0.0.1") if host.lower() == "localhost" else None
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return mapped or found


def in_the_way(wanted: ListenAddress, listener: Listener) -> bool:
    """Whether both cannot be had: the same port, and one address or a wildcard on either side."""
    if wanted.port != listener.port:
        return False
    ours, theirs = _address(wanted.host), _address(listener.host)
    if ours is None or theirs is None or ours == theirs:
        return True
    if theirs.is_unspecified and theirs.version == 6:
        return True  # Linux gives a wildcard of version 6 the same port of version 4 as well
    return ours.version == theirs.version and (ours.is_unspecified or theirs.is_unspecified)


def judge_port(facts: PortFacts) -> Finding:
    """One finding for one door."""
    check, place = CHECKS[facts.setting], f"{facts.setting} {facts.wanted}"
    figures = {"address": str(facts.wanted)}
    if facts.wanted.port == 0:
        return ok(check, f"{place}: any free port", **figures)
    met = [listener for listener in facts.listeners if in_the_way(facts.wanted, listener)]
    if facts.hidden and met:
        said = f"{place} is held by {met[0].who}; whether that is the node cannot be seen"
        return unknown(check, said, "Run it as the node's user, or as root.", **figures)
    if facts.running:
        return _judge_running(check, place, facts, met)
    if met:
        return bad(check, f"{place} is held by {met[0].who}", _HELD, **figures)
    if not facts.local:
        return bad(check, f"{place}: this machine has no such address",
                   "Correct the address; `ip addr` shows those there are.", **figures)  # fmt: skip
    if not facts.allowed:
        return bad(check, f"{place}: ports this low are not for this user",
                   "Choose a port above 1023, or give the unit AmbientCapabilities=CAP_NET_BIND_SERVICE.",
                   **figures)  # fmt: skip
    return ok(check, f"{place} is free", **figures)


def _judge_running(check: str, place: str, facts: PortFacts, met: Sequence[Listener]) -> Finding:
    figures = {"address": str(facts.wanted)}
    if facts.door is not None and parse_listen(facts.door) != facts.wanted:
        return warn(check, f"{place}: the running node has this door at {facts.door}",
                    "It takes the settings' address at its next start.", door=facts.door, **figures)  # fmt: skip
    if any(listener.pid == facts.own_pid and facts.own_pid is not None for listener in met):
        return ok(check, f"{place} is the running node's", **figures)
    if not met:
        return bad(check, f"{place}: nobody listens, though a process works in the data directory",
                   "If the address was changed since the node started, restart it.", **figures)  # fmt: skip
    if met[0].pid is None or facts.own_pid is None:
        return unknown(check, f"{place} is held by {met[0].who}", "Run it as the node's user, or as root.", **figures)
    return bad(check, f"{place} is held by {met[0].who}, not by the node", _HELD, **figures)


def probe_ports(site: Site) -> list[PortFacts]:
    """Every TCP door of the settings beside every socket that listens; nothing is bound."""
    wanted, listeners = list_wanted(site.settings), list_listeners()
    doors = match_doors(wanted, (site.live or {}).get("doors") or [])
    return [
        PortFacts(
            setting=one.setting,
            wanted=one.address,
            listeners=listeners,
            own_pid=site.holder.pid if site.holder else None,
            door=door,
            running=site.holder is not None and site.holder.serves,
            hidden=bool(site.hidden),
            local=_is_local(one.address.host),
            allowed=_is_allowed(one.address.port),
        )
        for one, door in zip(wanted, doors, strict=True)
    ]


def list_wanted(settings: Settings) -> list[WantedDoor]:
    """Every TCP door of the settings, the first pair's before those of the further ones."""
    http, mode = settings.http, settings.ddc.mode
    texts = [
        ("http.listen", "http", http.listen), ("http.listen_tls", "https", http.listen_tls),
        ("grpc.listen", "grpc", settings.grpc.listen),
    ]  # fmt: skip
    wanted = [WantedDoor(setting, name, mode, parse_listen(text)) for setting, name, text in texts if text]
    for pair in parse_pairs(settings.ddc.doors):
        both = (("grpc", pair.grpc), ("http", pair.http))
        wanted += [WantedDoor("ddc.doors", name, pair.mode, address) for name, address in both if address is not None]
    return wanted


def match_doors(wanted: Sequence[WantedDoor], doors: Sequence[Mapping[str, Any]]) -> list[str | None]:
    """The address that a running node gives for each door of the settings, by its name, mode and address.

    One that is at another address is told where it is the only one missing and the node has one more of its kind;
    None for any other, of which nobody can say which one it is.
    """
    found: list[str | None] = []
    for one in wanted:
        kind = one.name, one.mode
        there = {parse_listen(str(door["address"])) for door in doors if (door.get("name"), door.get("mode")) == kind}
        alike = {other.address for other in wanted if (other.name, other.mode) == kind}
        moved, left = alike - there, there - alike
        if one.address in there:
            found.append(str(one.address))
        else:
            found.append(str(left.pop()) if len(moved) == len(left) == 1 else None)
    return found


def list_listeners() -> list[Listener]:
    """Every TCP socket in LISTEN, with its process where this user may know it."""
    found = []
    for connection in psutil.net_connections(kind="tcp"):
        if connection.status == psutil.CONN_LISTEN and connection.laddr:
            pid = connection.pid
            found.append(Listener(connection.laddr.ip, connection.laddr.port, pid, _program(pid) if pid else ""))
    return found


def _program(pid: int) -> str:
    try:
        return psutil.Process(pid).name()
    except psutil.Error:
        return "already gone"


def _is_local(host: str) -> bool:
    wanted = _address(host)
    if wanted is None or wanted.is_unspecified or wanted.is_loopback:
        return True
    have = {_address(each.address) for several in psutil.net_if_addrs().values() for each in several}
    return wanted in have


def _is_allowed(port: int) -> bool:
    first = Path("/proc/sys/net/ipv4/ip_unprivileged_port_start")
    return os.geteuid() == 0 or not first.exists() or port >= int(first.read_text())


def check_ports(site: Site) -> list[Finding]:
    """Probe and judge."""
    return [judge_port(facts) for facts in probe_ports(site)]
