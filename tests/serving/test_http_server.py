"""The server as a whole: limits of connections, drain, neighbours, settings."""

import pytest
import trio

from edge_node.base.counters import refusals
from edge_node.serving.counters import CONNECTIONS_REFUSED
from edge_node.serving.http_server import HttpServer
from edge_node.serving.listeners import open_listeners
from edge_node.serving.request import Request
from edge_node.serving.response import Response
from edge_node.settings.tree import HttpSettings
from tests.serving.rig import (
    CLOSING_GET,
    GET,
    FixedClock,
    dial,
    echo,
    loopback,
    parse_answers,
    post,
    read_answer,
    read_to_end,
    running,
    statuses,
    talk,
)


async def eventually(server: object, count: int) -> None:
    """Wait until the server has `count` connections."""
    while len(server.connections) != count:  # type: ignore[attr-defined]
        await trio.sleep(0.001)


async def test_a_server_serves_many_connections_at_once() -> None:
    """Every client gets its own answers."""
    async with running() as server, trio.open_nursery() as nursery:

        async def client(number: int) -> None:
            body = b"%d" % number
            answers = await talk(server, post(body) + post(body * 2, "Connection: close"))
            assert [answer.body for answer in answers] == [body, body * 2]

        for number in range(50):
            nursery.start_soon(client, number)


async def test_connections_are_counted_and_forgotten() -> None:
    """`connections` shows those there are now."""
    async with running() as server:
        assert len(server.connections) == 0
        async with await dial(server) as stream:
            await stream.send_all(GET)
            await read_answer(stream)
            assert len(server.connections) == 1
        await eventually(server, 0)
        assert dict(server.answers) == {200: 1}


@pytest.mark.parametrize("limit", [{"connections_max": 2}, {"connections_per_address_max": 2}])
async def test_one_connection_too_many_is_told_so(limit: dict[str, int]) -> None:
    """At the limit connections are served, the next gets 503 with Retry-After and an end; then there is room again."""
    refused = CONNECTIONS_REFUSED._value.get()
    overloaded = refusals("overloaded")
    async with running(settings=loopback(**limit)) as server:
        async with await dial(server) as one, await dial(server) as two:
            for stream in (one, two):
                await stream.send_all(GET)
                assert (await read_answer(stream)).status == 200
            [answer] = await talk(server, b"")
            assert answer.status == 503
            assert answer.headers["retry-after"] == "1"
            assert answer.problem["limit"] == 2
            assert dict(server.answers) == {200: 2, 503: 1}
        await eventually(server, 0)
        assert statuses(await talk(server, CLOSING_GET)) == [200]
    assert CONNECTIONS_REFUSED._value.get() == refused + 1
    assert refusals("overloaded") == overloaded + 1


async def test_a_drain_lets_requests_finish_and_ends_the_rest() -> None:
    """Idle connections end at once, a running request is answered with `Connection: close`, nobody new is taken."""
    started, release = trio.Event(), trio.Event()

    async def slow(request: Request) -> Response:
        if request.path == "/slow":
            started.set()
            await release.wait()
        return Response(204)

    async with running(slow) as server:
        busy, idle = await dial(server), await dial(server)
        await idle.send_all(GET)
        await read_answer(idle)
        await busy.send_all(GET.replace(b"/ ", b"/slow "))
        await started.wait()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(server.drain)
            assert await read_to_end(idle) == b""
            with pytest.raises(OSError, match="connect"):
                await dial(server)
            release.set()
            [answer] = parse_answers(await read_to_end(busy))
        assert answer.headers["connection"] == "close"
        await busy.aclose()
        await idle.aclose()


async def test_a_drain_cuts_what_does_not_finish() -> None:
    """After `drain_s` running requests are cancelled and `run` returns."""
    cancelled = trio.Event()
    started = trio.Event()

    async def endless(request: Request) -> Response:
        started.set()
        try:
            await trio.sleep_forever()
        finally:
            cancelled.set()

    settings = loopback(drain_s=0.05)
    async with trio.open_nursery() as nursery:
        doors = open_listeners(settings)

        async def serve(task_status: trio.TaskStatus[HttpServer]) -> None:
            await HttpServer(doors, endless, settings, clock=FixedClock()).run(task_status)

        server = await nursery.start(serve)
        stream = await dial(server)
        await stream.send_all(GET)
        await started.wait()
        await server.drain()
        await cancelled.wait()
        await stream.aclose()
    assert doors[0].listener.fileno() == -1


async def test_cancelling_the_server_ends_everything() -> None:
    """Without a drain connections are cut and doors closed."""
    async with running() as server:
        stream = await dial(server)
        await stream.send_all(GET)
        await read_answer(stream)
    assert await read_to_end(stream) == b""
    await stream.aclose()


async def test_hosts_change_in_a_running_server() -> None:
    """`apply` takes a new allow-list for the next request, on open connections too."""
    ask = b"GET / HTTP/1.1\r\nHost: node.example\r\n\r\n"
    async with running() as server, await dial(server) as stream:
        await stream.send_all(ask)
        assert (await read_answer(stream)).status == 421
        server.apply(HttpSettings(hosts=("node.example",)))
        await stream.send_all(ask)
        assert (await read_answer(stream)).status == 200


async def test_limits_change_under_open_connections() -> None:
    """A connection that is open is served on; new ones count against the new limit."""
    async with running() as server, await dial(server) as stream:
        await stream.send_all(GET)
        assert (await read_answer(stream)).status == 200
        server.apply(HttpSettings(connections_max=1, connections_per_address_max=1))
        assert server.connections_max == 1
        await stream.send_all(GET)
        assert (await read_answer(stream)).status == 200
        async with await dial(server) as turned_away:
            assert (await read_answer(turned_away)).status == 503


async def test_two_doors_are_served_together() -> None:
    """One server answers at all its doors."""
    settings = loopback()
    doors = [*open_listeners(settings), *open_listeners(settings)]
    async with trio.open_nursery() as nursery:

        async def serve(task_status: trio.TaskStatus[HttpServer]) -> None:
            await HttpServer(doors, echo, settings, clock=FixedClock()).run(task_status)

        server = await nursery.start(serve)
        for door in (0, 1):
            async with await dial(server, door) as stream:
                await stream.send_all(CLOSING_GET)
                assert statuses(parse_answers(await read_to_end(stream))) == [200]
        nursery.cancel_scope.cancel()


async def test_junk_of_one_client_leaves_its_neighbour_alone() -> None:
    """Broken connections of every kind do not disturb an open one."""
    junk = [b"\x16\x03\x01", b"GET / HTTP/1.1\r\n\r\n", b"x" * 70_000, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\r\n" * 9]
    async with running() as server, await dial(server) as neighbour:
        for raw in junk:
            assert statuses(await talk(server, raw, finish=True)) in ([400], [505])
            await neighbour.send_all(GET)
            assert (await read_answer(neighbour)).status == 200
