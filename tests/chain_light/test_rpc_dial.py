"""Whoever is not there, or is no WebSocket, is told by the step it ended at; nothing is waited for without end."""

import socket as sockets
import ssl
from urllib.parse import urlsplit

import pytest
import trio
import trio.testing

from edge_node.chain_light.rpc import connect
from edge_node.chain_light.rpc_dial import (
    DIAL_STEP_S,
    SEND_S,
    GuardedStream,
    _host_of,
    _port_of,
    default_tls,
    dial,
    refusal_of,
)
from edge_node.chain_light.rpc_frames import UPGRADE_MAX_BYTES
from edge_node.chain_light.source_errors import AnswerTooLarge, EndpointUnreachable
from edge_node.chain_light.spec import Endpoint
from tests.chain_light.endpoint_rig import GENESIS, Rig, certificate, connected, serving


async def told_by(handler, scheme="ws", tls=None):
    """What connecting to a bare TCP server ends in."""
    async with trio.open_nursery() as nursery:
        listeners = await nursery.start(lambda task_status: trio.serve_tcp(handler, 0, host="127.0.0.1",
                                                                          task_status=task_status))  # fmt: skip
        port = listeners[0].socket.getsockname()[1]
        with pytest.raises(EndpointUnreachable) as caught:
            await connect(Endpoint(url=f"{scheme}://127.0.0.1:{port}", group="one"), tls=tls)
        nursery.cancel_scope.cancel()
    return caught.value.why


async def test_nobody_listens():
    """The port is free: the machine says so at once."""
    with sockets.socket() as free:
        free.bind(("127.0.0.1", 0))
        endpoint = Endpoint(url=f"ws://127.0.0.1:{free.getsockname()[1]}", group="one")
        with pytest.raises(EndpointUnreachable, match=r"connecting: Connection refused$"):
            await connect(endpoint)


async def test_no_such_name():
    """What the resolver says is told."""
    with pytest.raises(EndpointUnreachable, match="connecting: "):
        await dial("ws://nobody.invalid:9944")


@pytest.mark.parametrize("status", [301, 401, 404, 429, 503])
async def test_http_instead_of_an_upgrade(status):
    """The status is told; no redirect is followed."""
    rig = Rig()
    rig.reject_with = status
    async with serving(rig):
        with pytest.raises(EndpointUnreachable, match=f"answered HTTP {status}"):
            await connect(rig.endpoint())
    assert rig.connections == 1


async def test_a_refusal_that_ends_with_its_connection():
    """Its words end where it closes: that it is no WebSocket is told all the same."""

    async def serve(stream: trio.SocketStream) -> None:
        await stream.receive_some()
        await stream.send_all(b"HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\nno")
        await stream.aclose()

    assert "upgrade" in await told_by(serve)


@pytest.mark.parametrize("sent", [b"", b"SSH-2.0-OpenSSH_9.2\r\n", b"HTTP/1.1 101 Switching Proto", b"\x00" * 64])
async def test_what_is_no_upgrade_ends_with_the_connection(sent):
    """An end in the middle of the upgrade is seen at once, not after a time-out."""

    async def serve(stream: trio.SocketStream) -> None:
        await stream.receive_some()
        await stream.send_all(sent)
        await stream.aclose()

    why = await told_by(serve)
    assert "upgrade" in why or "does not speak WebSocket" in why


async def test_a_refusal_without_end_is_cut_off():
    """A page that never stops would be kept until it does."""

    async def serve(stream: trio.SocketStream) -> None:
        await stream.receive_some()
        try:
            await stream.send_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 99999999999\r\n\r\n")
            while True:
                await stream.send_all(bytes(UPGRADE_MAX_BYTES))
        except trio.BrokenResourceError:
            return

    assert "longer than 65536 bytes" in await told_by(serve)


async def test_plain_words_where_tls_should_be():
    """The step that ended is TLS."""

    async def serve(stream: trio.SocketStream) -> None:
        await stream.send_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await stream.receive_some()

    assert (await told_by(serve, "wss")).startswith("TLS: ")


async def test_tls_that_is_cut_off():
    """The other side ends in the middle of the handshake."""

    async def serve(stream: trio.SocketStream) -> None:
        await stream.receive_some()
        await stream.aclose()

    assert (await told_by(serve, "wss")).startswith("TLS: ")


async def test_the_path_is_asked_for(tmp_path):
    """Keys of providers stand in it; over TLS, too."""
    paths = []
    server, client = certificate(tmp_path)
    rig = Rig()
    serve = rig.serve

    async def note_path(request):
        paths.append((request.path, dict(request.headers)[b"user-agent"]))
        await serve(request)

    rig.serve = note_path
    async with serving(rig, server):
        rig.endpoint = lambda: Endpoint(url=f"{rig.url}/ws/key?a=b", group="one")
        async with connected(rig, client) as source:
            assert await source.genesis() == GENESIS
    assert paths == [("/ws/key?a=b", b"edge-node")]


@pytest.mark.parametrize(
    ("url", "host", "port"),
    [
        ("ws://a.example", "a.example", 80),
        ("wss://a.example/x", "a.example", 443),
        ("ws://a.example:80", "a.example:80", 80),
        ("ws://[::1]:9944", "[::1]:9944", 9944),
        ("wss://[2001:db8::1]", "[2001:db8::1]", 443),
    ],
)
def test_hosts_and_ports_of_urls(url, host, port):
    """Ports have their scheme's default; an IPv6 address stands in brackets where it is named."""
    assert (_host_of(urlsplit(url)), _port_of(urlsplit(url))) == (host, port)


def test_certificates_and_names_are_checked_by_default():
    """With what this machine trusts."""
    assert default_tls().verify_mode is ssl.CERT_REQUIRED
    assert default_tls().check_hostname


class Stuck(trio.abc.Stream):
    """Takes in nothing and says nothing."""

    def __init__(self):
        self.closed = False

    async def send_all(self, data):
        await trio.sleep_forever()

    async def receive_some(self, max_bytes=None):
        await trio.sleep_forever()

    async def wait_send_all_might_not_block(self):
        await trio.sleep(0)

    async def aclose(self):
        self.closed = True
        await trio.sleep(0)


async def test_who_takes_in_nothing_is_gone(autojump_clock):
    """After SEND_S; so is who was closed."""
    inner = Stuck()
    stream = GuardedStream(inner)
    before = trio.current_time()
    with pytest.raises(trio.BrokenResourceError):
        await stream.send_all(b"x")
    assert trio.current_time() - before == pytest.approx(SEND_S)
    assert stream.ended.is_set()
    assert "took in nothing" in stream.why
    await stream.wait_send_all_might_not_block()
    await stream.aclose()
    assert inner.closed
    assert "took in nothing" in stream.why  # the first reason is the reason


async def test_what_would_be_too_much_breaks_the_stream():
    """Its frame's head says so; the fault is kept, and whose it is."""
    ours, theirs = trio.testing.memory_stream_pair()
    stream = GuardedStream(ours)
    await theirs.send_all(b"HTTP/1.1 101 \r\n\r\n\x81\x01x")
    assert await stream.receive_some()
    await theirs.send_all(b"\x81\x7f" + (1 << 40).to_bytes(8, "big"))
    with pytest.raises(trio.BrokenResourceError):
        await stream.receive_some()
    assert isinstance(stream.fault, AnswerTooLarge)
    assert stream.ended.is_set()


async def test_a_silent_server_is_given_up(autojump_clock, monkeypatch):
    """Each step has its time; here the upgrade is never answered."""
    inner = Stuck()

    async def take(data):
        await trio.sleep(0)

    inner.send_all = take

    async def open_tcp_stream(host, port):
        await trio.sleep(0)
        return inner

    monkeypatch.setattr(trio, "open_tcp_stream", open_tcp_stream)
    with pytest.raises(EndpointUnreachable, match=f"no answer for {DIAL_STEP_S:g} s"):
        await connect(Endpoint(url="ws://127.0.0.1:1", group="one"))
    assert inner.closed


async def test_a_connection_that_never_comes_about_is_given_up(autojump_clock, monkeypatch):
    """As behind a firewall that drops what comes."""
    monkeypatch.setattr(trio, "open_tcp_stream", lambda host, port: trio.sleep_forever())
    with pytest.raises(EndpointUnreachable, match="connecting: nothing came of it"):
        await dial("ws://127.0.0.1:1")


def test_our_own_errors_are_not_the_endpoints():
    """Only what says something of the endpoint is read as that."""
    assert refusal_of("ws://x", ValueError()) is None
    assert refusal_of("ws://x", ExceptionGroup("", [EndpointUnreachable("ws://x", ""), ValueError()])) is None
    gone = EndpointUnreachable("ws://x", "gone")
    assert refusal_of("ws://x", ExceptionGroup("", [gone])) is gone
