"""How many calls of browsers may have a large message on its way: a WebSocket holds the whole of one.

A place is taken when a message above the small size begins and the handler waits for it, and given back when the
handler comes for the next one: a socket that is silent, or asks for content, takes none. A client that no handler has
admitted may be anybody; all of those together have half of the places. When there is no place, calls wait in a line,
each address in turn.
"""

from collections import OrderedDict, deque

import trio

from edge_node.serving.limits import ConnectionCount
from edge_node.serving.refusals import Overloaded

LARGE_CALLS_MAX = 12  # of 4 MiB each
LARGE_CALLS_PER_ADDRESS_MAX = 8
ENTER_S = 10.0

_Row = tuple[str, bool]


class WebRoom:
    """The places of one node, whatever the doors."""

    def __init__(self, in_all: int = LARGE_CALLS_MAX, per_address: int = LARGE_CALLS_PER_ADDRESS_MAX) -> None:
        self._in_all = in_all
        self._all = ConnectionCount(in_all, per_address)
        self._strangers = ConnectionCount(max(1, in_all // 2), max(1, per_address // 2))
        self._line: OrderedDict[_Row, deque[trio.Event]] = OrderedDict()

    @property
    def taken(self) -> int:
        """How many places are."""
        return self._all.total

    @property
    def waited_for(self) -> bool:
        """Whether a call waits for a place."""
        return bool(self._line)

    async def enter(self, peer: str, *, admitted: bool) -> None:
        """Take a place, in turn; Overloaded when that takes longer than a client waits."""
        if self._fits(peer, admitted):
            return
        row, turn = (peer, admitted), trio.Event()
        self._line.setdefault(row, deque()).append(turn)
        try:
            with trio.move_on_after(ENTER_S):
                await turn.wait()
        except BaseException:
            if turn.is_set():  # a place came in the moment in which its call was given up
                self.leave(peer, admitted=admitted)
            raise
        finally:
            self._forget(row, turn)
        if not turn.is_set():
            raise Overloaded(self._in_all)

    def leave(self, peer: str, *, admitted: bool) -> None:
        """Give a place back, `admitted` as it was taken; those whose turn it is have theirs at once."""
        self._all.leave(peer)
        if not admitted:
            self._strangers.leave(peer)
        for row in list(self._line):
            waiting = self._line[row]
            if self._fits(*row):
                waiting.popleft().set()
                del self._line[row]
                if waiting:
                    self._line[row] = waiting  # behind the others
                if self._all.total >= self._in_all:
                    return

    def _fits(self, peer: str, admitted: bool) -> bool:  # noqa: FBT001 - half of a row
        try:
            self._all.enter(peer)
        except Overloaded:
            return False
        if not admitted:
            try:
                self._strangers.enter(peer)
            except Overloaded:
                self._all.leave(peer)
                return False
        return True

    def _forget(self, row: _Row, turn: trio.Event) -> None:
        waiting = self._line.get(row)
        if waiting is not None and turn in waiting:
            waiting.remove(turn)
            if not waiting:
                del self._line[row]
