"""One question through a Unix socket."""

import socket
import threading
from pathlib import Path

import pytest

from edge_node.client.errors import AnswerNotUnderstood, NodeUnreachable
from edge_node.client.local import ask_socket


def answer_once(path: Path, answer: bytes) -> threading.Thread:
    """Listens on `path` and gives one connection these bytes."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen()

    def serve() -> None:
        with listener, listener.accept()[0] as peer:
            peer.recv(65_536)
            peer.sendall(answer)

    thread = threading.Thread(target=serve)
    thread.start()
    return thread


def test_the_body_of_an_answer_comes_whole(tmp_path: Path) -> None:
    """Whatever it is."""
    thread = answer_once(tmp_path / "s", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
    assert ask_socket(tmp_path / "s", "/v1/node") == b"{}"
    thread.join()


def test_a_refusal_is_not_taken_for_an_answer(tmp_path: Path) -> None:
    """Its words are kept."""
    thread = answer_once(tmp_path / "s", b"HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nwhat")
    with pytest.raises(AnswerNotUnderstood, match="what"):
        ask_socket(tmp_path / "s", "/v1/node")
    thread.join()


@pytest.mark.parametrize("answer", [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"])
def test_half_an_answer_is_none(tmp_path: Path, answer: bytes) -> None:
    """A node that ended while it spoke, or another program."""
    thread = answer_once(tmp_path / "s", answer)
    with pytest.raises(NodeUnreachable):
        ask_socket(tmp_path / "s", "/v1/node")
    thread.join()


def test_nobody_there(tmp_path: Path) -> None:
    """No socket, or one that a dead process left."""
    with pytest.raises(NodeUnreachable):
        ask_socket(tmp_path / "s", "/v1/node")
    left = socket.socket(socket.AF_UNIX)
    left.bind(str(tmp_path / "t"))
    left.close()
    with pytest.raises(NodeUnreachable):
        ask_socket(tmp_path / "t", "/v1/node")


def test_who_says_nothing_is_not_waited_for(tmp_path: Path) -> None:
    """A node that hangs must not hang its doctor."""
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(tmp_path / "s"))
        silent.listen()
        with pytest.raises(NodeUnreachable):
            ask_socket(tmp_path / "s", "/v1/node", timeout_s=0.2)
