"""serving.call: what becomes of a call, whatever its handler does, over any transport."""

import pytest
import trio

from edge_node.base.counters import REGISTRY, refusals
from edge_node.base.errors import Refusal
from edge_node.base.refusals import REFUSAL_RING
from edge_node.serving.call import Call, CallEnded, CallTable, Metadata, MethodUnknown, run_call, status_of
from edge_node.wire.grpc import Status

RETRIED = {
    Status.UNAVAILABLE, Status.DEADLINE_EXCEEDED, Status.RESOURCE_EXHAUSTED, Status.ABORTED, Status.INTERNAL,
    Status.UNKNOWN, Status.CANCELLED,
}  # fmt: skip


class Denied(Refusal):
    """A refusal for the tests."""

    slug, status = "test-denied", 403

    def __init__(self) -> None:
        super().__init__("you may not")


class Plain:
    """A transport's call that only remembers its end."""

    def __init__(self) -> None:
        self.method, self.metadata, self.peer, self.over_web, self.mode = (
            "/a.A/b",
            Metadata(),
            "192.0.2.1",
            False,
            "full",
        )
        self.scope = trio.CancelScope()
        self.ended: tuple[Status, str] | None = None
        self.not_after = float("inf")
        self.finished: tuple[Status, str] | None = None

    async def receive(self) -> bytes | None:
        return None

    async def accept(self) -> None:
        pass

    async def send(self, *parts: bytes | memoryview) -> None:
        pass

    async def finish(self, status: Status, message: str) -> None:
        self.finished = (status, message)


async def outcome(handler, call: Plain | None = None) -> tuple[tuple[Status, str] | None, Status]:
    """How a call was finished, and what it was counted as."""
    table, call = CallTable(), call or Plain()
    table.add(call.method, handler, message_max=10)
    await run_call(call, handler, table)
    [(_, counted)] = table.answers
    return call.finished, counted


async def test_a_handler_that_returns_is_ok():
    """grpc-status 0."""

    async def handler(call: Call) -> None:
        """Nothing more."""

    assert await outcome(handler) == ((Status.OK, ""), Status.OK)


async def test_a_refusal_is_its_status_and_its_text():
    """Counted, and kept with who asked; also out of a nursery's group."""
    before = refusals("test-denied")

    async def plain(call: Call) -> None:
        raise Denied

    async def grouped(call: Call) -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(plain, call)

    for handler in (plain, grouped):
        assert await outcome(handler) == ((Status.PERMISSION_DENIED, "you may not"), Status.PERMISSION_DENIED)
    assert refusals("test-denied") - before == 2
    newest = REFUSAL_RING.since(slug="test-denied")[-1]
    assert (newest.peer, newest.door) == ("192.0.2.1", "grpc")


async def test_our_own_error_is_internal_and_tells_nothing():
    """Logged and counted; the text names no cause."""
    before = REGISTRY.get_sample_value("edge_node_calls_broken_total") or 0

    async def handler(call: Call) -> None:
        raise KeyError("a secret")

    finished, counted = await outcome(handler)
    assert finished is not None
    assert (finished[0], counted) == (Status.INTERNAL, Status.INTERNAL)
    assert "secret" not in finished[1]
    assert REGISTRY.get_sample_value("edge_node_calls_broken_total") == before + 1


async def test_a_deadline_ends_a_handler(autojump_clock):
    """Cancelled in time, and answered with the status for it."""
    call = Plain()
    call.not_after = trio.current_time() + 5

    async def handler(call: Call) -> None:
        await trio.sleep_forever()

    finished, _ = await outcome(handler, call)
    assert finished is not None
    assert finished[0] is Status.DEADLINE_EXCEEDED
    assert trio.current_time() == call.not_after


async def test_a_call_that_is_over_is_answered_nothing():
    """Its transport said how it ended; that is what is counted."""

    async def handler(call: Plain) -> None:
        call.ended = (Status.CANCELLED, "gone")
        raise CallEnded("gone")

    async def cancelled(call: Plain) -> None:
        call.ended = (Status.CANCELLED, "gone")
        call.scope.cancel()
        await trio.sleep_forever()

    async def in_two_tasks(call: Plain) -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(handler, call)
            nursery.start_soon(handler, call)

    for one in (handler, cancelled, in_two_tasks):
        assert await outcome(one) == (None, Status.CANCELLED)


async def test_a_transport_that_cannot_finish_breaks_nobody():
    """Neither an ended call nor an error of ours goes beyond the boundary."""

    class Broken(Plain):
        async def finish(self, status: Status, message: str) -> None:
            raise RuntimeError("no")

    class Gone(Plain):
        async def finish(self, status: Status, message: str) -> None:
            raise CallEnded("gone")

    async def handler(call: Call) -> None:
        """Nothing."""

    assert (await outcome(handler, Broken()))[1] is Status.INTERNAL
    assert (await outcome(handler, Gone()))[1] is Status.OK


def test_metadata_is_read_by_lower_case_names():
    """Several values of a name are joined."""
    metadata = Metadata([(b"token", b"abc"), (b"x", b"1"), (b"x", b"2")])
    assert (metadata.get("token"), metadata.get("x"), metadata.get("y")) == ("abc", "1, 2", None)
    assert list(metadata) == ["token", "x"]
    assert Metadata().get("token") is None


def test_strangers_choose_no_label():
    """Methods that do not exist are counted as one."""
    table = CallTable()
    for number in range(100):
        table.note(f"/made.Up/{number}", Status.UNIMPLEMENTED)
    assert table.answers == {("unlisted", Status.UNIMPLEMENTED): 100}
    assert str(MethodUnknown("/x" * 10_000)).endswith("/x") is True
    assert len(str(MethodUnknown("/x" * 10_000))) < 300


@pytest.mark.parametrize(
    ("hint", "status"),
    [
        (400, Status.INVALID_ARGUMENT), (401, Status.UNAUTHENTICATED), (403, Status.PERMISSION_DENIED),
        (404, Status.NOT_FOUND), (409, Status.FAILED_PRECONDITION), (410, Status.NOT_FOUND),
        (412, Status.FAILED_PRECONDITION), (413, Status.INVALID_ARGUMENT), (416, Status.OUT_OF_RANGE),
        (418, Status.INVALID_ARGUMENT), (422, Status.INVALID_ARGUMENT), (429, Status.RESOURCE_EXHAUSTED),
        (500, Status.DATA_LOSS), (501, Status.UNIMPLEMENTED), (503, Status.UNAVAILABLE),
        (505, Status.FAILED_PRECONDITION), (507, Status.RESOURCE_EXHAUSTED),
    ],
)  # fmt: skip
def test_refusals_map_by_their_hint(hint, status):
    """The SDK tries again only where that can help: 408, 429, 503, 504 and 507."""
    refusal = type("Hinted", (Refusal,), {"status": hint})()
    assert status_of(refusal) is status
    assert (status in RETRIED) == (hint in {408, 429, 503, 504, 507})
