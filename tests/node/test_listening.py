"""Everything that listens: bound together or not at all, each pair in its mode."""

import socket

import httpx
import pytest
import trio

from edge_node.base.clock import SystemClock
from edge_node.node.listening import Listening
from edge_node.serving import AddressUnavailable, Request, Response, Router
from edge_node.serving.call import CallTable
from edge_node.settings import DdcSettings, GrpcSettings, HttpSettings, Settings
from edge_node.settings.doors import Mode


def settings_of(*doors: str, grpc: str = "127.0.0.1:0", http: str = "127.0.0.1:0") -> Settings:
    """A node without TLS."""
    return Settings(
        http=HttpSettings(listen=http, listen_tls="", drain_s=1.0),
        grpc=GrpcSettings(listen=grpc),
        ddc=DdcSettings(mode="storage", doors=doors),
    )


def router_of(mode: Mode) -> Router:
    """One route that says the mode."""
    router = Router()

    async def answer(_request: Request) -> Response:
        return Response(200, (), mode.encode())

    router.add("GET", "/mode", answer)
    return router


def listening_at(settings: Settings) -> Listening:
    """Its doors, bound."""
    return Listening(settings, None, router_of, CallTable(), SystemClock())


async def test_every_pair_answers_in_its_mode() -> None:
    """The first pair's doors come first; figures name all of them, with who is connected where."""
    doors = ("full grpc=127.0.0.1:0 http=127.0.0.1:0", "cache http=127.0.0.1:0", "cache grpc=127.0.0.1:0")
    listening = listening_at(settings_of(*doors))
    assert [pair.mode for pair in listening.http] == ["storage", "full", "cache"]
    assert [url.partition("://")[0] for url in listening.urls] == ["http", "grpc", "grpc", "grpc", "http", "http"]
    async with trio.open_nursery() as nursery:
        for pair in listening.http:
            await nursery.start(pair.server.run)
        await nursery.start(listening.grpc.run)
        for pair in listening.http:
            async with httpx.AsyncClient(base_url=pair.server.urls[0]) as client:
                assert (await client.get("/mode")).text == pair.mode
                assert len(listening.connections) == 1
        host, _, port = listening.grpc.urls[1].removeprefix("grpc://").rpartition(":")
        async with await trio.open_tcp_stream(host, int(port)):
            with trio.fail_after(10):
                while not (counts := [one.connections for one in listening.figures() if one.name == "grpc"])[1]:
                    await trio.sleep(0.01)
            assert counts == [0, 1, 0]
        assert listening.answers == {200: 3}
        told = [(one.name, one.mode, one.address) for one in listening.figures()]
        assert len(set(told)) == len(told) == 6
        assert [mode for name, mode, _ in told if name == "grpc"] == ["storage", "full", "cache"]
        assert [one.url for one in listening.figures() if one.name == "grpc"] == listening.grpc.urls
        nursery.cancel_scope.cancel()


def test_an_address_that_is_taken_frees_the_others() -> None:
    """Whichever it is: nothing stays bound."""
    with socket.socket() as taken, socket.socket() as probe:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        probe.bind(("127.0.0.1", 0))
        free, busy = (f"127.0.0.1:{one.getsockname()[1]}" for one in (probe, taken))
        probe.close()
        for doors, grpc in (((f"full grpc={busy}",), free), ((f"full http={busy}",), free), ((), busy)):
            with pytest.raises(AddressUnavailable):
                listening_at(settings_of(*doors, grpc=grpc, http=free if grpc == busy else "127.0.0.1:0"))
            with socket.socket() as again:
                host, _, port = free.rpartition(":")
                again.bind((host, int(port)))


def test_a_node_may_have_no_grpc_door() -> None:
    """Or no HTTP door."""
    listening = listening_at(settings_of(grpc=""))
    assert (len(listening.urls), listening.grpc.urls) == (1, [])
    listening.close()
    listening = listening_at(settings_of(http=""))
    assert [url.partition("://")[0] for url in listening.urls] == ["grpc"]
    listening.close()


def test_changed_limits_are_followed() -> None:
    """By the servers of every pair."""
    listening = listening_at(settings_of("full http=127.0.0.1:0"))
    listening.apply(Settings(http=HttpSettings(connections_max=7), grpc=GrpcSettings(connections_max=9)))
    assert [one.connections_max for one in listening.figures()] == [7, 7, 9]
    listening.close()
