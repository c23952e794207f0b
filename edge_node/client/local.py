"""One question through a running node's Unix socket, asked without a loop: for tools on the same machine."""

import http.client
import socket
from contextlib import closing
from pathlib import Path

from edge_node.base.limits import MIB
from edge_node.client.errors import AnswerNotUnderstood, NodeUnreachable

ANSWER_MAX_BYTES = 16 * MIB  # the largest page of the control door is a few MiB


class _Through(http.client.HTTPConnection):
    """The library's own HTTP over a Unix socket (httpx leaks the socket of a connect that is refused)."""

    def __init__(self, path: Path, timeout_s: float) -> None:
        super().__init__("node", timeout=timeout_s)
        self._path = path

    def connect(self) -> None:
        """Open the socket; nothing is left open when nobody listens."""
        sock = socket.socket(socket.AF_UNIX)
        try:
            sock.settimeout(self.timeout)
            sock.connect(str(self._path))
        except BaseException:
            sock.close()
            raise
        self.sock = sock


def ask_socket(path: Path, target: str, timeout_s: float = 5.0) -> bytes:
    """The body of `GET target` (docs/specs/control.md); NodeUnreachable or AnswerNotUnderstood otherwise."""
    try:
        with closing(_Through(path, timeout_s)) as connection:
            connection.request("GET", target)
            answer = connection.getresponse()
            body = answer.read(ANSWER_MAX_BYTES + 1)
    except (OSError, http.client.HTTPException) as error:
        raise NodeUnreachable(f"{path}{target}", str(error) or type(error).__name__) from error
    if len(body) > ANSWER_MAX_BYTES:
        raise AnswerNotUnderstood(answer.status, "it has no end")
    if answer.length:
        raise NodeUnreachable(f"{path}{target}", f"{answer.length} bytes of its answer did not come")
    if answer.status != http.client.OK:
        raise AnswerNotUnderstood(answer.status, body[:200].decode(errors="replace"))
    return body
