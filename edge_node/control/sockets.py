"""The two Unix sockets of the operator's door: made with their rights, never taken from a live process, removed."""

import errno
import grp
import os
import socket
import stat
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from edge_node.base.log import get_log
from edge_node.control.errors import ControlInUse, SocketPathTooLong, SocketUnusable
from edge_node.control.payload import Standing
from edge_node.paths import Paths
from edge_node.serving import Door
from edge_node.settings import ControlSettings

PATH_MAX_BYTES = 107  # sockaddr_un has 108, the last for a zero (unix(7))
DIRECTORY_MODE, SOCKET_MODE = 0o750, 0o660
BACKLOG = 64
NO_SOCKET = "none"
PROBE_S = 1.0  # a live node accepts at once; one that is stopped in a debugger still has a backlog

log = get_log("control")


@dataclass(frozen=True, slots=True)
class ControlSocket:
    """One of the two: where it is, whom it is for, and the listening socket as a door."""

    name: str
    path: Path
    standing: Standing
    door: Door
    file_id: tuple[int, int]


def open_sockets(settings: ControlSettings, paths: Paths) -> list[ControlSocket]:
    """Make the sockets of the settings; SocketPathTooLong, ControlInUse or SocketUnusable, and none left open.

    A socket file that nobody serves is replaced.
    """
    opened: list[ControlSocket] = []
    wanted = (
        ("control", settings.socket, paths.control_socket, Standing.OPERATOR, settings.group),
        ("view", settings.view_socket, paths.view_socket, Standing.VIEWER, settings.view_group),
    )
    try:
        for name, chosen, default, standing, group in wanted:
            if chosen != NO_SOCKET:
                path = Path(chosen) if chosen else default.absolute()
                door = Door(_listen(path, group))
                opened.append(ControlSocket(name, path, standing, door, _file_id(path)))
    except BaseException:
        close_sockets(opened)
        raise
    return opened


def close_sockets(opened: Sequence[ControlSocket]) -> None:
    """Remove their files and close them; a file that is another's by now is left alone."""
    for one in opened:
        with suppress(OSError):  # gone already, or on a disk that takes nothing: the next start finds it stale
            if _file_id(one.path) == one.file_id:
                one.path.unlink()
        one.door.listener.close()


def _file_id(path: Path) -> tuple[int, int]:
    status = path.lstat()
    return status.st_dev, status.st_ino


def _listen(path: Path, group: str) -> socket.socket:
    size = len(os.fsencode(path))
    if size > PATH_MAX_BYTES:
        raise SocketPathTooLong(str(path), size, PATH_MAX_BYTES)
    try:
        _make_directory(path.parent)
        _remove_stale(path)
        listener = _bind(path)
    except OSError as error:
        raise SocketUnusable(str(path), error.strerror or str(error)) from error
    for place in (path.parent, path):
        _give(place, group)
    return listener


def _make_directory(directory: Path) -> None:
    directory.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    try:
        directory.mkdir(mode=DIRECTORY_MODE)
    except FileExistsError:
        return  # the operator's own choice, or systemd's RuntimeDirectory: its mode is theirs to set
    directory.chmod(DIRECTORY_MODE)  # the umask had its say in mkdir


def _remove_stale(path: Path) -> None:
    try:
        kind = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(kind):
        raise OSError(errno.EEXIST, "something that is no socket lies there")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(PROBE_S)
        try:
            probe.connect(str(path))
        except (ConnectionRefusedError, FileNotFoundError):
            path.unlink(missing_ok=True)
            return
        except (TimeoutError, BlockingIOError):
            pass  # its backlog is full: somebody holds it
    raise ControlInUse(str(path))


def _bind(path: Path) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    former = os.umask(0o777 & ~SOCKET_MODE)  # bind makes the file: it must never be wider, not for a moment
    try:
        listener.bind(str(path))
        listener.listen(BACKLOG)
    except BaseException:
        listener.close()
        raise
    finally:
        os.umask(former)
    return listener


def _give(place: Path, group: str) -> None:
    """Hand a place to the group, where there is one and this process may; else it stays this process's own."""
    if not group:
        return
    try:
        number = grp.getgrnam(group).gr_gid
    except KeyError:
        return
    try:
        os.chown(place, -1, number)
    except OSError as error:
        log.warning("socket.not_given", path=str(place), group=group, reason=error.strerror)
