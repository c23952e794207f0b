"""The doors of a node: bound together or not at all."""

import os
import socket
from functools import partial
from pathlib import Path

import httpx
import pytest
import trio

from edge_node.control import SocketPathTooLong
from edge_node.node import make_clock, run_node
from edge_node.offline import make_node
from edge_node.settings import ControlSettings, GrpcSettings, HttpSettings, NodeSettings, Settings


def node_at(directory: Path, *, port: int, control: str = "none") -> Settings:
    """A node that was made a moment ago, on one TCP port."""
    settings = Settings(
        node=NodeSettings(data_dir=str(directory)),
        http=HttpSettings(listen=f"127.0.0.1:{port}", listen_tls="", metrics=True),
        grpc=GrpcSettings(listen="127.0.0.1:0"),
        control=ControlSettings(socket=control, view_socket="none"),
    )
    make_node(settings, make_clock(settings.clock), os.urandom, {})
    return settings


async def test_a_socket_that_cannot_be_frees_the_port(tmp_path: Path) -> None:
    """What was bound before it is let go: the next start finds it free."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    make = partial(node_at, tmp_path / "data", port=port, control=str(tmp_path / ("x" * 120)))
    settings = await trio.to_thread.run_sync(make)
    with pytest.raises(SocketPathTooLong):
        await run_node(settings, announce=lambda _urls: None)
    with socket.socket() as again:
        again.bind(("127.0.0.1", port))


async def test_every_route_is_mounted(tmp_path: Path) -> None:
    """Open paths answer, the others ask who is there, and metrics are served where the settings say so."""
    urls: list[str] = []
    settings = await trio.to_thread.run_sync(partial(node_at, tmp_path / "data", port=0))
    async with trio.open_nursery() as nursery:
        supervisor = await nursery.start(partial(run_node, settings, announce=urls.extend))
        async with httpx.AsyncClient(base_url=urls[0]) as client:
            for path in ("/healthz", "/readyz", "/info", "/api/v1/openapi.json", "/metrics"):
                assert (await client.get(path)).status_code == 200
            for path in ("/api/v1/streams", "/api/v1/streams/a", "/api/v1/anchors/a", "/api/v1/pieces/b"):
                assert (await client.get(path)).status_code in {400, 401}
            for path in ("/events", "/api/v1/events/a", "/api/v1/bearer", "/api/v1/pieces"):
                assert (await client.post(path, content=b"x")).status_code in {400, 401, 415}
        supervisor.stop()
