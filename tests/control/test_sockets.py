"""The sockets' files: their rights, a stale one, a live one, paths that are too long, and that nothing stays behind."""

import os
import socket
import stat
from pathlib import Path

import pytest

from edge_node.control.errors import ControlInUse, SocketPathTooLong, SocketUnusable
from edge_node.control.payload import Standing
from edge_node.control.sockets import NO_SOCKET, PATH_MAX_BYTES, ControlSocket, close_sockets, open_sockets
from edge_node.paths import Paths
from edge_node.settings import ControlSettings

PLAIN = ControlSettings(group="", view_group="")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def opened(place: Path, settings: ControlSettings = PLAIN) -> list[ControlSocket]:
    place.mkdir(exist_ok=True)
    return open_sockets(settings, Paths(place))


def test_both_are_made_with_their_rights(place: Path) -> None:
    """Each in a directory of its own, which only its group may enter, whatever the umask is."""
    former = os.umask(0)
    try:
        sockets = opened(place)
    finally:
        os.umask(former)
    assert [(one.name, one.standing, one.path) for one in sockets] == [
        ("control", Standing.OPERATOR, place / "run/control/control.sock"),
        ("view", Standing.VIEWER, place / "run/view/view.sock"),
    ]
    for one in sockets:
        assert (mode(one.path), mode(one.path.parent)) == (0o660, 0o750)
        assert not one.door.listener.getblocking()
    close_sockets(sockets)
    assert not any(one.path.exists() for one in sockets)
    close_sockets(sockets)


def test_the_umask_is_given_back(place: Path) -> None:
    """Whatever was set before holds after."""
    former = os.umask(0o123)
    try:
        close_sockets(opened(place))
        assert os.umask(0o123) == 0o123
    finally:
        os.umask(former)


def test_the_operator_chooses_places(place: Path) -> None:
    """A path, the default, or none."""
    own = place / "own" / "c.sock"
    sockets = opened(place, ControlSettings(socket=str(own), view_socket=NO_SOCKET, group="", view_group=""))
    assert [one.path for one in sockets] == [own]
    close_sockets(sockets)


def test_a_directory_that_is_there_keeps_its_mode(place: Path) -> None:
    """What a service manager made is not changed."""
    directory = place / "there"
    directory.mkdir()
    directory.chmod(0o711)  # whatever the umask is
    settings = ControlSettings(socket=str(directory / "c.sock"), view_socket=NO_SOCKET, group="", view_group="")
    sockets = opened(place, settings)
    assert mode(directory) == 0o711
    close_sockets(sockets)


def test_a_stale_socket_is_replaced(place: Path) -> None:
    """A file that a dead process left is no obstacle."""
    path = place / "run/control/control.sock"
    path.parent.mkdir(parents=True)
    dead = socket.socket(socket.AF_UNIX)
    dead.bind(str(path))
    dead.close()
    sockets = opened(place)
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))
    close_sockets(sockets)


def test_a_live_socket_is_left_alone(place: Path) -> None:
    """The one who serves goes on, the second one is told and leaves nothing of its own."""
    first = opened(place)
    with pytest.raises(ControlInUse):
        opened(place)
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(first[0].path))
    first[0].path.unlink()
    with pytest.raises(ControlInUse):  # the view socket is still served: the control socket made for it goes again
        opened(place)
    assert not first[0].path.exists()
    close_sockets(first)


def test_a_socket_that_only_listens_is_live(place: Path) -> None:
    """Somebody whose backlog is full holds it all the same."""
    path = place / "run/control/control.sock"
    path.parent.mkdir(parents=True)
    with socket.socket(socket.AF_UNIX) as busy:
        busy.bind(str(path))
        busy.listen(0)
        waiting = [socket.socket(socket.AF_UNIX) for _ in range(3)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(str(path))
        with pytest.raises(ControlInUse):
            opened(place)
        for one in waiting:
            one.close()


@pytest.mark.parametrize("extra", [0, 1])
def test_a_path_at_the_limit_and_beyond(place: Path, extra: int) -> None:
    """107 bytes go; 108 are a clear error, before anything is made."""
    name = "s" * (PATH_MAX_BYTES - len(str(place)) - len("/x/") + extra)
    settings = ControlSettings(socket=f"{place}/x/{name}", view_socket=NO_SOCKET, group="", view_group="")
    if extra:
        with pytest.raises(SocketPathTooLong) as refusal:
            opened(place, settings)
        assert refusal.value.size == PATH_MAX_BYTES + 1
        assert not (place / "x").exists()
    else:
        close_sockets(opened(place, settings))


@pytest.mark.parametrize("kind", ["file", "directory", "no room"])
def test_what_stands_in_the_way_is_named(place: Path, kind: str) -> None:
    """A file in the socket's place is never removed."""
    path = place / "c.sock"
    if kind == "file":
        path.write_text("mine")
    elif kind == "directory":
        path.mkdir()
    else:
        (place / "f").write_text("")
        path = place / "f" / "c.sock"
    with pytest.raises(SocketUnusable, match="sock"):
        opened(place, ControlSettings(socket=str(path), view_socket=NO_SOCKET, group="", view_group=""))
    if kind == "file":
        assert path.read_text() == "mine"


def test_another_s_file_is_not_removed_at_the_end(place: Path) -> None:
    """Who took the path over keeps it."""
    sockets = opened(place)
    path = sockets[0].path
    path.unlink()
    path.write_text("another's")
    close_sockets(sockets)
    assert path.read_text() == "another's"


def test_a_group_that_is_not_there_changes_nothing(place: Path) -> None:
    """The sockets stay the node's own."""
    sockets = opened(place, ControlSettings(group="no-such-group-here", view_group="nor-this"))
    assert sockets[0].path.stat().st_gid == os.getgid()
    close_sockets(sockets)


@pytest.mark.skipif(os.getuid() != 0, reason="only root may give a file to any group")
def test_the_group_gets_socket_and_directory(place: Path) -> None:
    """Who is in the group may enter the directory and open the socket."""
    sockets = opened(place, ControlSettings(group="daemon", view_group="daemon"))
    for one in sockets:
        assert one.path.stat().st_gid == one.path.parent.stat().st_gid == 1
    close_sockets(sockets)
