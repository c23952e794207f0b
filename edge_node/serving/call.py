"""One remote call as its handler sees it, whatever carries it: gRPC over HTTP/2, or grpc-web over a WebSocket."""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

import trio

from edge_node.base.errors import Refusal
from edge_node.base.log import get_log
from edge_node.base.refusals import REFUSAL_RING, Asker
from edge_node.serving.counters import CALLS_BROKEN
from edge_node.serving.problems import note_refusal
from edge_node.serving.refusals import ServingError, ServingRefusal
from edge_node.wire.grpc import Status

UNLISTED = "unlisted"  # what a method that does not exist is counted as: strangers must not choose label values

log = get_log("serving")


class CallEnded(ServingError):
    """The call is over for its client: reset, out of time, or its connection gone. A handler lets it pass."""


class MethodUnknown(ServingRefusal):
    """Nobody answers this method here."""

    slug = "no-such-method"
    status = 501
    remedy = "See the node's documentation for its services; names are case-sensitive."

    def __init__(self, method: str) -> None:
        self.method = method
        super().__init__(f"there is no method {method[:200]}")


class Metadata:
    """The headers that came with a call: ASCII values under lower-case names."""

    __slots__ = ("_pairs", "_values")

    def __init__(self, pairs: Iterable[tuple[bytes, bytes]] = ()) -> None:
        self._pairs: Iterable[tuple[bytes, bytes]] | None = pairs
        self._values: dict[str, str] = {}

    def get(self, name: str) -> str | None:
        """The value under a lower-case name, several joined by ", "; None when it did not come."""
        return self._read().get(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._read())

    def _read(self) -> dict[str, str]:
        if self._pairs is not None:  # only now: most calls are asked for two of ten values
            pairs, self._pairs = self._pairs, None
            for raw_name, raw_value in pairs:
                name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
                known = self._values.get(name)
                self._values[name] = value if known is None else f"{known}, {value}"
        return self._values


class Call(Protocol):
    """What a handler has of its client. One task may receive while another sends."""

    method: str
    """Like "/file.FileApi/putRawPiece"."""
    metadata: Metadata
    peer: str
    """The client's address."""
    over_web: bool
    """Whether it came as grpc-web, so from a browser."""
    mode: str
    """What its door is: "full", "storage" or "cache"."""

    async def receive(self) -> bytes | None:
        """The next whole message, None after the client's half-close; CallEnded, GrpcBroken.

        Only what was handed out here is credited to the client: who does not take is not sent more.
        """
        ...

    async def accept(self) -> None:
        """Send the response headers now, if they are not sent yet; CallEnded."""
        ...

    async def send(self, *parts: bytes | memoryview) -> None:
        """Send one message made of parts, when the client has room for it; accepts the call first. CallEnded."""
        ...


CallHandler = Callable[[Call], Awaitable[None]]


async def vouch_for_all(_call: Call) -> None:
    """Nobody is asked who they are before they have sent a large message."""


@dataclass(frozen=True, slots=True)
class Method:
    """One row of a CallTable. `message_max` bounds a client's message in bytes, `first_max` its first one.

    `vouch` raises a Refusal for a client that is to be given no room for a first message beyond its small window: the
    node has little of it, and a message takes as long as its sender likes.
    """

    name: str
    handler: CallHandler
    message_max: int
    first_max: int
    vouch: CallHandler


class CallTable:
    """The methods a node answers, and how often it answered each with what."""

    def __init__(self) -> None:
        self._methods: dict[str, Method] = {}
        self._answers: dict[tuple[str, Status], int] = {}

    def add(
        self,
        method: str,
        handler: CallHandler,
        *,
        message_max: int,
        first_max: int | None = None,
        vouch: CallHandler = vouch_for_all,
    ) -> None:
        """Answer `method` ("/package.Service/Method") with `handler`; `first_max` is `message_max` unless given."""
        first_max = message_max if first_max is None else first_max
        self._methods[method] = Method(method, handler, message_max, first_max, vouch)

    def find(self, method: str) -> Method | None:
        """The row of a method."""
        return self._methods.get(method)

    def __iter__(self) -> Iterator[str]:
        return iter(self._methods)

    @property
    def answers(self) -> Mapping[tuple[str, Status], int]:
        """Ended calls since the start, by method and status; methods that do not exist are all UNLISTED."""
        return self._answers

    def note(self, method: str, status: Status) -> None:
        """Count a call that ended."""
        key = (method if method in self._methods else UNLISTED, status)
        self._answers[key] = self._answers.get(key, 0) + 1


class OpenCall(Call, Protocol):
    """What `run_call` needs of a transport's call besides what a handler sees."""

    scope: trio.CancelScope
    """Around the handler; the transport cancels it when the client resets the call or leaves."""
    ended: tuple[Status, str] | None
    """Set before `scope` is cancelled: what the call ended with, so that nothing else is answered."""
    forged: bool
    """Set when what the client sent claimed to come from somebody and did not."""
    not_after: float
    """trio's time at which it is out of time; inf without grpc-timeout."""

    async def finish(self, status: Status, message: str) -> None:
        """Send the trailers; CallEnded when nobody is there to read them."""
        ...


async def run_call(call: OpenCall, handler: CallHandler, table: CallTable) -> None:
    """Let a handler answer a call, and end the call with what became of it. No Exception goes beyond it."""
    status = Status.CANCELLED
    try:
        status, message = await _outcome(call, handler)
        if call.ended is None:
            await call.finish(status, message)
    except CallEnded:
        pass
    except Exception as error:  # noqa: BLE001 - the boundary of a call
        status, _ = _blame_handler(call, error)
    finally:
        table.note(call.method, status if call.ended is None else call.ended[0])


async def _outcome(call: OpenCall, handler: CallHandler) -> tuple[Status, str]:
    call.scope.deadline = call.not_after
    try:
        with call.scope:
            await handler(call)
            return Status.OK, ""
    except Exception as raised:  # noqa: BLE001 - a boundary: whatever a handler raises ends in a log and a status
        error = _beyond_ends(raised)
        if error is None:
            return Status.CANCELLED, "the call is over"
        if isinstance(error, Refusal):
            note_refusal(error, asker_of_call(call))
            call.forged = error.forged
            return status_of(error), str(error)
        return _blame_handler(call, error)
    return Status.DEADLINE_EXCEEDED, "the call's own deadline has passed"


def _blame_handler(call: Call, error: Exception) -> tuple[Status, str]:
    """Our own code broke: nothing about the cause leaves the machine."""
    CALLS_BROKEN.inc()
    log.error("call.broken", method=call.method[:200], exc_info=error)
    detail = "the node could not finish this call; its log says why"
    REFUSAL_RING.note("internal", 500, detail, "Try again; if it stays, tell the operator.", asker_of_call(call))
    return Status.INTERNAL, detail


def asker_of_call(call: Call) -> Asker:
    """Who made a call, for the list of refusals."""
    return Asker(call.peer, "", "grpc-web" if call.over_web else "grpc")


_STATUSES: Mapping[int, Status] = {
    400: Status.INVALID_ARGUMENT,
    401: Status.UNAUTHENTICATED,
    403: Status.PERMISSION_DENIED,
    404: Status.NOT_FOUND,
    405: Status.UNIMPLEMENTED,
    408: Status.DEADLINE_EXCEEDED,
    409: Status.FAILED_PRECONDITION,
    410: Status.NOT_FOUND,
    411: Status.INVALID_ARGUMENT,
    412: Status.FAILED_PRECONDITION,
    416: Status.OUT_OF_RANGE,
    429: Status.RESOURCE_EXHAUSTED,
    500: Status.DATA_LOSS,  # a refusal that is nobody's request's fault is damage; our own faults are no refusals
    501: Status.UNIMPLEMENTED,
    503: Status.UNAVAILABLE,
    504: Status.DEADLINE_EXCEEDED,
    507: Status.RESOURCE_EXHAUSTED,
}


def status_of(refusal: Refusal) -> Status:
    """The gRPC status of a refusal, by its hint.

    The DDC SDK tries again on UNAVAILABLE, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, ABORTED, INTERNAL, UNKNOWN and
    CANCELLED, so these stand only where another attempt can succeed.
    """
    other = Status.FAILED_PRECONDITION if refusal.status >= 500 else Status.INVALID_ARGUMENT
    return _STATUSES.get(refusal.status, other)


def _beyond_ends(error: Exception) -> Exception | None:
    """What a handler raised besides that its call is over, out of the groups that its nurseries put around it."""
    if not isinstance(error, ExceptionGroup):
        return None if isinstance(error, CallEnded) else error
    others = [other for one in error.exceptions if (other := _beyond_ends(one)) is not None]
    return others[0] if len(others) == 1 else error if others else None
