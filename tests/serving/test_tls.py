"""TLS doors: handshakes, other bytes, swapping the certificate, silence."""

import os
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest
import trio

from edge_node.serving.certificate import fingerprint, make_self_signed, store_pair
from edge_node.serving.counters import HANDSHAKES_REFUSED
from edge_node.serving.http_server import HttpServer
from edge_node.serving.request import Request
from edge_node.serving.response import Response
from edge_node.serving.tls import CertificateUnusable, TlsIdentity, TlsTransport, make_context
from edge_node.serving.transport import LiveTransport
from edge_node.settings.tree import HttpSettings
from tests.serving.rig import (
    CLOSING_GET,
    GET,
    dial,
    echo,
    loopback,
    parse_answers,
    post,
    read_answer,
    read_to_end,
    running,
)

CARRIERS = 60  # connections, so that what each keeps shows above the noise


def write_pair(directory: Path, name: str) -> tuple[Path, Path]:
    """A fresh certificate and key for 127.0.0.1."""
    now = datetime.now(UTC)
    certificate, key = directory / f"{name}.crt", directory / f"{name}.key"
    store_pair(make_self_signed(["127.0.0.1"], now - timedelta(days=1), now + timedelta(days=1)), certificate, key)
    return certificate, key


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """One pair for the module."""
    return write_pair(tmp_path_factory.mktemp("tls"), "node")


def only_tls(**changes: object) -> HttpSettings:
    """Settings with one TLS door."""
    return loopback(listen="", listen_tls="127.0.0.1:0", **changes)


@asynccontextmanager
async def secured(
    server: HttpServer, trusted: Path, **changes: object
) -> AsyncIterator[trio.SSLStream[trio.SocketStream]]:
    """A TLS client that trusts one certificate."""
    context = ssl.create_default_context(cafile=trusted)
    context.set_alpn_protocols(["h2", "http/1.1"])
    for name, value in changes.items():
        setattr(context, name, value)
    socket_stream = await dial(server)
    stream = trio.SSLStream(socket_stream, context, server_hostname="127.0.0.1", https_compatible=True)
    try:
        await stream.do_handshake()
        yield stream
    finally:
        await trio.aclose_forcefully(stream)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_requests_over_tls(pair: tuple[Path, Path], version: ssl.TLSVersion) -> None:
    """Both versions, ALPN http/1.1, several requests on one connection, bodies larger than a record."""
    seen: list[Request] = []

    async def noting(request: Request) -> Response:
        seen.append(request)
        return await echo(request)

    body = bytes(range(256)) * 1_000
    async with (
        running(noting, only_tls(), TlsIdentity(*pair)) as server,
        secured(server, pair[0], maximum_version=version) as stream,
    ):
        assert stream.selected_alpn_protocol() == "http/1.1"
        await stream.send_all(post(b"small"))
        assert (await read_answer(stream)).body == b"small"
        await stream.send_all(post(body))
        assert (await read_answer(stream)).body == body
    assert [(request.secure, request.peer) for request in seen] == [(True, "127.0.0.1")] * 2


async def test_an_answer_larger_than_the_socket_takes_goes_out_whole(pair: tuple[Path, Path]) -> None:
    """A slow TLS reader gets every byte, and close_notify at the end."""
    content = bytes(range(256)) * 40_000

    async def large(request: Request) -> Response:
        return Response(200, (), content)

    async with running(large, only_tls(), TlsIdentity(*pair)) as server, secured(server, pair[0]) as stream:
        await stream.send_all(CLOSING_GET)
        await trio.sleep(0.05)
        [answer] = parse_answers(await read_to_end(stream))
    assert answer.body == content


async def shake_hands(identity: TlsIdentity, trusted: Path) -> tuple[TlsTransport, ssl.SSLSocket]:
    """Both ends of a TLS connection in this process; the client's blocks."""
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    context = ssl.create_default_context(cafile=trusted)
    client = context.wrap_socket(theirs, server_hostname="127.0.0.1", do_handshake_on_connect=False)
    transport = TlsTransport(ours, "peer", identity)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(transport.open)
        await trio.to_thread.run_sync(client.do_handshake)
    return transport, client


async def test_a_live_transport_under_tls_never_waits(pair: tuple[Path, Path]) -> None:
    """`take` leaves nothing unsealed behind, `push` sends what was sealed and what was not yet, in order."""
    transport, client = await shake_hands(TlsIdentity(*pair), pair[0])
    assert isinstance(transport, LiveTransport)
    assert transport.take(10) is None
    client.sendall(b"one")
    client.sendall(b"two" * 10_000)
    taken = b""
    while (data := transport.take(1 << 20)) is not None:
        taken += data
    assert taken == b"one" + b"two" * 10_000
    whole = bytes(range(256)) * 8_000
    assert not transport.offer(whole)
    assert not transport.settled
    received = b""
    while len(received) < len(whole):
        transport.push()
        received += client.recv(100_000)
    assert received == whole
    assert transport.settled
    assert transport.push()
    client.close()
    assert transport.take(10) == b""
    await transport.close()


async def test_a_connection_that_carried_much_is_as_small_as_before(pair: tuple[Path, Path]) -> None:
    """What OpenSSL works on keeps the size it once had: megabytes, both ways, leave it at a record or two."""
    identity, memory, kept = TlsIdentity(*pair), psutil.Process().memory_info, []
    data = bytes(1_000_000)
    try:
        for _ in range(CARRIERS):
            transport, client = await shake_hands(identity, pair[0])
            kept.append((transport, client))
        before = memory().rss
        for transport, client in kept:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(trio.to_thread.run_sync, carry, client, data)
                if not transport.offer(data):
                    await transport.flush(lambda: None)
                left = len(data)
                while left:
                    left -= len(await transport.receive(256 * 1024))
        assert memory().rss - before < CARRIERS * 128 * 1024
    finally:
        for transport, client in kept:
            client.close()
            await transport.close()


def carry(client: ssl.SSLSocket, data: bytes) -> None:
    """Take as many bytes as these, then send them, from a blocking socket."""
    left = len(data)
    while left:
        left -= len(client.recv(65_536))
    client.sendall(data)


async def test_plain_http_at_the_tls_door_is_closed_cleanly(pair: tuple[Path, Path]) -> None:
    """The connection ends with an alert at most, is counted, and the next handshake works."""
    before = HANDSHAKES_REFUSED._value.get()
    async with running(echo, only_tls(), TlsIdentity(*pair)) as server:
        async with await dial(server) as stream:
            await stream.send_all(GET)
            assert len(await read_to_end(stream)) < 10
        async with secured(server, pair[0]) as stream:
            await stream.send_all(GET)
            assert (await read_answer(stream)).status == 200
    assert HANDSHAKES_REFUSED._value.get() == before + 1


async def test_old_tls_is_refused(pair: tuple[Path, Path]) -> None:
    """Nothing below TLS 1.2."""
    assert make_context(*pair).minimum_version is ssl.TLSVersion.TLSv1_2


async def test_a_client_that_leaves_during_the_handshake_is_forgotten(pair: tuple[Path, Path]) -> None:
    """It is counted as a refused handshake and its place is free again."""
    before = HANDSHAKES_REFUSED._value.get()
    async with running(echo, only_tls(), TlsIdentity(*pair)) as server:
        async with await dial(server) as stream:
            await stream.send_all(b"\x16\x03\x01")
        with trio.fail_after(30):
            while server.connections or HANDSHAKES_REFUSED._value.get() == before:
                await trio.sleep(0.001)
        assert HANDSHAKES_REFUSED._value.get() == before + 1


async def test_a_silent_handshake_blocks_nobody_and_ends(pair: tuple[Path, Path]) -> None:
    """Others are served meanwhile; the silent one ends after the header time."""
    settings = only_tls(header_timeout_s=0.2)
    async with running(echo, settings, TlsIdentity(*pair)) as server, await dial(server) as silent:
        async with secured(server, pair[0]) as stream:
            await stream.send_all(GET)
            assert (await read_answer(stream)).status == 200
        assert await read_to_end(silent) == b""


async def test_the_certificate_changes_for_new_connections_only(pair: tuple[Path, Path], tmp_path: Path) -> None:
    """A swap leaves running connections alone; a bad pair leaves the present one in force."""
    other = write_pair(tmp_path, "other")
    identity = TlsIdentity(*pair)
    async with running(echo, only_tls(), identity) as server, secured(server, pair[0]) as old:
        identity.load(*other)
        assert identity.fingerprint == fingerprint(other[0].read_bytes())
        async with secured(server, other[0]) as new:
            for stream in (old, new):
                await stream.send_all(GET)
                assert (await read_answer(stream)).status == 200
        with pytest.raises(CertificateUnusable):
            identity.load(pair[0], other[1])
        assert identity.fingerprint == fingerprint(other[0].read_bytes())


@pytest.mark.parametrize("case", ["missing", "not PEM", "other key"])
def test_an_unusable_certificate_is_named(case: str, pair: tuple[Path, Path], tmp_path: Path) -> None:
    """The error carries the path and OpenSSL's reason."""
    certificate, key = pair
    if case == "missing":
        certificate = tmp_path / "absent.crt"
    elif case == "not PEM":
        certificate = tmp_path / "bad.crt"
        certificate.write_bytes(b"nothing")
    else:
        key = write_pair(tmp_path, "other")[1]
    with pytest.raises(CertificateUnusable, match=str(certificate)):
        make_context(certificate, key)


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize("what", ["directory", "pipe", "nothing"])
def test_the_file_that_is_none_is_named(which: int, what: str, pair: tuple[Path, Path], tmp_path: Path) -> None:
    """Certificate or key: OpenSSL would not say which, and would wait on a pipe for ever."""
    files, place = list(pair), tmp_path / "odd.pem"
    files[which] = place
    if what == "directory":
        place.mkdir()
    elif what == "pipe":
        os.mkfifo(place)
    with pytest.raises(CertificateUnusable, match=str(place)) as refusal:
        make_context(*files)
    assert refusal.value.path == str(place)
