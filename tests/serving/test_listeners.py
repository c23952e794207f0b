"""Doors: binding them, refusing what must not be bound, and accepting when the machine runs short."""

import os
import resource
import socket
import tempfile
from pathlib import Path

import pytest
import trio

from edge_node.serving.counters import ACCEPTS_DELAYED
from edge_node.serving.listeners import (
    AddressMalformed,
    AddressUnavailable,
    PlainDoorExposed,
    accept_forever,
    format_address,
    listen_at,
    open_listeners,
    parse_address,
)
from edge_node.settings.tree import HttpSettings
from tests.serving.rig import CLOSING_GET, loopback, running, statuses, talk


@pytest.mark.parametrize(
    ("text", "address"),
    [("127.0.0.1:80", ("127.0.0.1", 80)), ("[::1]:0", ("::1", 0)), ("localhost:8091", ("127.0.0.1", 8091))],
)
def test_addresses_are_numbers(text: str, address: tuple[str, int]) -> None:
    """IPv4, bracketed IPv6 and localhost, with a port."""
    assert parse_address(text) == address


@pytest.mark.parametrize(
    "text", ["", "127.0.0.1", ":80", "node.example:80", "127.0.0.1:x", "127.0.0.1:65536", "1.2.3.4:-1", "127.0.0.1:8²"]
)
def test_other_addresses_are_malformed(text: str) -> None:
    """Names are not looked up, ports are numbers."""
    with pytest.raises(AddressMalformed):
        parse_address(text)


def test_addresses_are_shown_as_they_are_written() -> None:
    """IPv6 in brackets, a Unix path as it is."""
    assert format_address(("127.0.0.1", 80)) == "127.0.0.1:80"
    assert format_address(("::1", 80, 0, 0)) == "[::1]:80"
    assert format_address("/run/x.sock") == "/run/x.sock"


def test_a_door_knows_its_url() -> None:
    """Port 0 is bound to a free one, which the URL shows."""
    [door] = open_listeners(loopback())
    assert door.url == f"http://127.0.0.1:{door.listener.getsockname()[1]}"
    door.listener.close()


def test_a_held_port_is_named() -> None:
    """The error says which address and why, and leaves nothing open."""
    held = listen_at("127.0.0.1:0")
    address = format_address(held.getsockname())
    with pytest.raises(AddressUnavailable, match=r"in use"):
        open_listeners(HttpSettings(listen=address, listen_tls=""))
    held.close()


@pytest.mark.parametrize("address", ["0.0.0.0:0", "[::]:0", "192.0.2.1:0"])
def test_plain_http_beyond_the_machine_must_be_said(address: str) -> None:
    """Only `plain = "lan"` binds a plain door outside loopback."""
    with pytest.raises(PlainDoorExposed):
        open_listeners(HttpSettings(listen=address, listen_tls=""))


def test_plain_http_on_the_lan_can_be_said() -> None:
    """With `plain = "lan"` the check is off."""
    [door] = open_listeners(HttpSettings(listen="127.0.0.1:0", listen_tls="", plain="lan"))
    door.listener.close()


def test_no_tls_door_without_a_certificate() -> None:
    """listen_tls needs an identity."""
    assert open_listeners(HttpSettings(listen="", listen_tls="127.0.0.1:0")) == []


async def test_out_of_descriptors_the_door_waits_and_recovers() -> None:
    """EMFILE pauses accepting; when there is room again, who waited is served."""
    before = ACCEPTS_DELAYED._value.get()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    async with running() as server:
        [url] = server.urls
        host, _, port = url.removeprefix("http://").rpartition(":")
        client = socket.create_connection((host, int(port)))
        next_free = os.dup(client.fileno())
        os.close(next_free)
        resource.setrlimit(resource.RLIMIT_NOFILE, (next_free, hard))
        try:
            while ACCEPTS_DELAYED._value.get() == before:
                await trio.sleep(0.001)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        client.close()
        assert statuses(await talk(server, CLOSING_GET)) == [200]


async def test_unix_sockets_are_accepted_too() -> None:
    """A door may be a Unix socket; its clients are called by their credentials."""
    with tempfile.TemporaryDirectory() as directory, socket.socket(socket.AF_UNIX) as listener:
        path = str(Path(directory) / "door")
        listener.bind(path)
        listener.listen()
        listener.setblocking(False)
        taken: list[str] = []
        async with trio.open_nursery() as nursery:

            def welcome(sock: socket.socket, peer: str) -> None:
                taken.append(peer)
                sock.close()
                nursery.cancel_scope.cancel()

            nursery.start_soon(accept_forever, listener, welcome)
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(path)
                await trio.sleep_forever()
        assert taken == [f"uid={os.getuid()} gid={os.getgid()} pid={os.getpid()}"]
