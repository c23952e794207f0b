"""The peer of a Unix socket is who the kernel says it is."""

import os
import socket
from pathlib import Path

import pytest

from edge_node.serving.credentials import Credentials, peer_of, read_credentials


def test_a_unix_peer_is_known_by_its_process(tmp_path: Path) -> None:
    """Uid, gid and pid are those of the process that connected, whatever it says."""
    path = str(tmp_path / "s")
    with socket.socket(socket.AF_UNIX) as listener, socket.socket(socket.AF_UNIX) as client:
        listener.bind(path)
        listener.listen(1)
        client.connect(path)
        taken, name = listener.accept()
        with taken:
            credentials = read_credentials(taken)
            assert credentials == (os.getuid(), os.getgid(), os.getpid())
            assert peer_of(taken, name) == str(credentials) == f"uid={os.getuid()} gid={os.getgid()} pid={os.getpid()}"


def test_the_text_reads_back() -> None:
    """What stands in the audit log names the same process again."""
    assert Credentials.parse(str(Credentials(1000, 100, 4242))) == (1000, 100, 4242)


@pytest.mark.parametrize("peer", ["", "127.0.0.1", "uid=1 gid=2", "uid=1 gid=2 pid=3 x", "uid=a gid=2 pid=3"])
def test_another_kind_of_peer_has_none(peer: str) -> None:
    """An address is no credential."""
    assert Credentials.parse(peer) is None


def test_a_tcp_peer_is_its_address() -> None:
    """Without its port, so that one machine counts as one."""
    with socket.socket() as sock:
        assert peer_of(sock, ("10.0.0.7", 4711)) == "10.0.0.7"
