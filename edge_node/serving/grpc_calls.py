"""The calls of one gRPC connection: which may begin, which run, and which wait for room to send."""

from collections import Counter
from collections.abc import Iterator

import trio

from edge_node.serving.call import CallHandler, CallTable, Metadata, MethodUnknown, run_call
from edge_node.serving.credit import CreditRoom, Share, StreamCredit
from edge_node.serving.grpc_call import CallHost, GrpcCall
from edge_node.serving.limits import NEVER, Reaper
from edge_node.settings.tree import GrpcSettings
from edge_node.wire.grpc import Status, parse_timeout
from edge_node.wire.http2_events import Opened

LEAVING_PER_CALL = 2  # handlers that were cancelled and still clean up count against the calls there may be


# Of all connections: a call that is stuck holds its small window and its task, some 90 KB, and a client may have
# sixty connections full of them.
CALLS_MAX = 1_024
CALLS_PER_ADDRESS_MAX = CALLS_MAX * 3 // 4
SILENT_S = 1.0  # a client sends its first message with its headers, or after a few turns of its own loop
CALLS_KEPT = 2  # for every connection, so that a crowd of stuck ones at its own address does not lock a client out


class CallCount:
    """How many calls are under way in all and by address; a connection has at most as many as it leaves for others."""

    def __init__(self, in_all: int = CALLS_MAX, per_address: int = CALLS_PER_ADDRESS_MAX) -> None:
        self._in_all, self._per_address = in_all, per_address
        self._by_address = Counter[str]()
        self._total = 0

    @property
    def crowded(self) -> bool:
        """Whether places are scarce."""
        return self._total >= self._in_all * 3 // 4

    def has_room(self, peer: str, own: int) -> bool:
        """Whether a connection from `peer` that has `own` calls may have one more."""
        return own < max(CALLS_KEPT, min(self._in_all - self._total, self._per_address - self._by_address[peer]))

    def lacks_places(self, peer: str, own: int) -> bool:
        """Whether a connection from `peer` that has `own` calls could have one more, were there more places in all."""
        return own < self._per_address - self._by_address[peer] and not self.has_room(peer, own)

    def enter(self, peer: str) -> None:
        """One more."""
        self._total += 1
        self._by_address[peer] += 1

    def leave(self, peer: str) -> None:
        """One less."""
        self._total -= 1
        self._by_address[peer] -= 1
        if not self._by_address[peer]:
            del self._by_address[peer]


class GrpcService:
    """What every connection of one server shares."""

    def __init__(self, table: CallTable, settings: GrpcSettings, reaper: Reaper) -> None:
        self.table = table
        self.settings = settings
        self.reaper = reaper
        self.room = CreditRoom()
        self.count = CallCount()
        self.draining = False
        self.silent: dict[GrpcCall, float] = {}  # calls that have said nothing, as far as is known, and since when
        self._placed: set[GrpcCall] = set()
        self._turns = trio.StrictFIFOLock()

    def take_place(self, call: GrpcCall) -> None:
        """A call begins."""
        self._placed.add(call)
        self.count.enter(call.peer)

    def leave_place(self, call: GrpcCall) -> None:
        """It has ended, or yields its place and is about to end."""
        if call in self._placed:
            self._placed.remove(call)
            self.count.leave(call.peer)

    def make_place(self, peer: str, own: int) -> None:
        """Where places are scarce, end the oldest call that has said nothing yet: its headers alone are no work.

        As many of them as a connection from `peer` that has `own` calls lacks places: a burst comes in one breath,
        before any call that yields has had its turn to end.
        """
        if not self.count.crowded:
            return
        self._end_oldest_silent()
        while self.count.lacks_places(peer, own) and self._end_oldest_silent():
            pass

    def _end_oldest_silent(self) -> bool:
        """Whether there was one that has been silent for long enough."""
        before = self.reaper.now - SILENT_S
        while self.silent:
            call, since = next(iter(self.silent.items()))
            if since > before:
                return False
            del self.silent[call]
            if call.silent:
                call.yield_place()
                self.leave_place(call)
                return True
        return False

    async def take_turn(self) -> None:
        """Wait until one more of the calls that came in one breath may begin: of all connections one each turn.

        Looking at a token and a request takes half a millisecond, so hundreds of calls would have everybody wait for
        all of them. The first that a connection has read takes no turn: who asks one thing after the other never waits.
        """
        async with self._turns:
            await trio.lowlevel.checkpoint()


class GrpcCalls:
    """Calls by their stream, from the client's headers until they are answered; those under way are its items."""

    def __init__(self, service: GrpcService, host: CallHost, peer: str, mode: str) -> None:
        self._service, self._host, self._peer, self._mode = service, host, peer, mode
        self._calls_max = service.settings.streams_max
        self._share = Share(service.room, peer)
        self._by_stream: dict[int, GrpcCall] = {}
        self._senders: dict[GrpcCall, None] = {}
        self._running = 0

    def __iter__(self) -> Iterator[GrpcCall]:
        return iter(self._by_stream.values())

    def __len__(self) -> int:
        return len(self._by_stream)

    @property
    def full(self) -> bool:
        """Whether no further call may begin."""
        if len(self) >= self._calls_max or self._running >= LEAVING_PER_CALL * self._calls_max:
            return True
        return not self._service.count.has_room(self._peer, self._running)

    def make_place(self) -> None:
        """See GrpcService: for one more call of this connection."""
        self._service.make_place(self._peer, self._running)

    def find(self, stream: int) -> GrpcCall | None:
        """The call of a stream; None when it was answered."""
        return self._by_stream.get(stream)

    def begin(self, event: Opened, method: str, timeout: bytes | None) -> tuple[GrpcCall, CallHandler]:
        """A call and what answers it, to be `run`; MethodUnknown, TimeoutMalformed."""
        known = self._service.table.find(method)
        if known is None:
            raise MethodUnknown(method)
        call = GrpcCall(
            self._host, event.stream, method, Metadata(event.headers), peer=self._peer, mode=self._mode,
            message_max=known.message_max, first_max=known.first_max, vouch=known.vouch,
            credit=StreamCredit(self._share),
            not_after=NEVER if timeout is None else trio.current_time() + parse_timeout(timeout),
        )  # fmt: skip
        if event.ended:
            call.on_data(b"", 0, ended=True)
        self._by_stream[event.stream] = call
        self._service.silent[call] = self._service.reaper.now
        self._running += 1
        self._service.take_place(call)
        return call, known.handler

    async def run(self, call: GrpcCall, handler: CallHandler) -> None:
        """Answer a call that has begun."""
        try:
            await run_call(call, handler, self._service.table)
        finally:
            self._running -= 1
            self._service.leave_place(call)

    def leave(self, call: GrpcCall) -> None:
        """It is answered, or given up."""
        self._by_stream.pop(call.stream, None)
        self._senders.pop(call, None)
        self._service.silent.pop(call, None)

    def cut(self, status: Status, why: str) -> None:
        """End them all."""
        for call in list(self):
            call.cut(status, why)

    def wait_for_room(self, call: GrpcCall) -> None:
        """The call's sender is to be woken when there may be room."""
        self._senders[call] = None

    def wake_senders(self) -> None:
        """There may be room."""
        if not self._senders:
            return
        senders, self._senders = self._senders, {}
        for call in senders:
            call.on_room()
