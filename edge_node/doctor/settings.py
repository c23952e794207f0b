"""The settings: whether a start would take them, and which of them are dangerous together."""

import errno
import os
from collections.abc import Callable, Iterator

from edge_node.doctor.finding import Finding, bad, ok, unknown, warn
from edge_node.doctor.site import Site
from edge_node.settings import Settings, SettingsError, parse_listen
from edge_node.settings.doors import parse_pairs
from edge_node.settings.errors import SettingsFileUnreadable

Rule = Callable[[Settings], Iterator[tuple[str, str]]]
"""(what is risky, what to do)"""


def judge_settings(settings: Settings, file: str) -> list[Finding]:
    """A finding per risk, or one that there is none; an unknown or unfit value never comes so far."""
    found = [warn("settings.risk", what, remedy) for rule in RULES for what, remedy in rule(settings)]
    if _no_doors(settings):
        said = "neither http.listen nor http.listen_tls is set: no device can reach the node"
        found.append(bad("settings.doors", said, "Set one of them."))
    return [
        *found,
        ok("settings.file", f"{file or 'no file, defaults alone'}: every value is known and fits", file=file),
    ]


def judge_unloadable(error: SettingsError) -> Finding:
    """The finding when a start would refuse the settings, or when this user may not read them."""
    if isinstance(error, SettingsFileUnreadable) and error.why == os.strerror(errno.EACCES):
        return unknown("settings.file", str(error), "Run it as the node's user, or as root.", where=error.where)
    return bad("settings.file", str(error), error.remedy, where=error.where)


def _no_doors(settings: Settings) -> bool:
    return not (settings.http.listen or settings.http.listen_tls)


def _plain_lan(settings: Settings) -> Iterator[tuple[str, str]]:
    http = settings.http
    if http.plain == "lan" and http.listen and not parse_listen(http.listen).is_loopback:
        yield (
            f'http.plain = "lan" on {http.listen}: everybody on the network reads what devices send and readers get',
            'Use HTTPS (http.listen_tls) and set http.plain = "loopback".',
        )


def _plain_grpc(settings: Settings) -> Iterator[tuple[str, str]]:
    listens = [parse_listen(settings.grpc.listen)] if settings.grpc.listen else []
    listens += [pair.grpc for pair in parse_pairs(settings.ddc.doors) if pair.grpc is not None]
    wide = [str(address) for address in listens if not address.is_loopback]
    if settings.grpc.plain == "lan" and wide:
        yield (
            f'grpc.plain = "lan" on {wide[0]}: everybody on the network reads pieces and tokens',
            "The SDK speaks gRPC without TLS: use grpc-web over HTTPS, or a network of its own.",
        )


def _every_host(settings: Settings) -> Iterator[tuple[str, str]]:
    if "*" in settings.http.hosts:
        yield (
            'http.hosts = ["*"]: a web page may reach this node under a name of its own (DNS rebinding)',
            "Name the hosts that are meant.",
        )


def _no_room_kept(settings: Settings) -> Iterator[tuple[str, str]]:
    if settings.journal.free_min_bytes == 0:
        yield (
            "journal.free_min_bytes = 0: the node fills the disk to the last byte, for every program on it",
            "Leave it at its default.",
        )
    if settings.journal.reserve_bytes == 0:
        yield "journal.reserve_bytes = 0: on a full disk not even deletes can be written", "Leave it at its default."


def _no_operator(settings: Settings) -> Iterator[tuple[str, str]]:
    if settings.control.socket == "none":
        yield (
            "control.socket = none: the running node cannot be operated, only stopped",
            "Leave it empty: the socket is the operators' alone.",
        )


RULES: tuple[Rule, ...] = (_plain_lan, _plain_grpc, _every_host, _no_room_kept, _no_operator)


def check_settings(site: Site) -> list[Finding]:
    """Judge what was loaded."""
    return judge_settings(site.settings, site.loaded.file)
