"""The composed node: rooms start in order, doors answer, the end is ordered and nothing acknowledged is lost."""

import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import httpx
import pytest
import trio

from edge_node.base.clock import ClockQuality, SystemClock
from edge_node.base.ids import StreamName, VaultId
from edge_node.node import run_node
from edge_node.offline import Made, change_devices, make_node
from edge_node.paths import Paths
from edge_node.settings import GrpcSettings, HttpSettings, NodeSettings, Settings
from edge_node.supervise import Supervisor
from edge_node.trust.device import Enrolment, Role
from edge_node.trust.keys import SigningKey
from edge_node.trust.keystore import KeyFileMissing
from edge_node.trust.signed_event import format_event_header, sign_event

DEVICE = SigningKey.from_seed(b"\x05" * 32)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    http = HttpSettings(listen="127.0.0.1:0", listen_tls="127.0.0.1:0", drain_s=1.0)
    grpc = GrpcSettings(listen="127.0.0.1:0")
    return Settings(node=NodeSettings(data_dir=str(tmp_path / "data")), http=http, grpc=grpc)


@pytest.fixture
def made(settings: Settings) -> Made:
    clock = SystemClock()
    made = make_node(settings, clock, os.urandom, {})
    change = Enrolment(
        key=DEVICE.public,
        name="t1",
        roles=frozenset({Role.DEVICE}),
        vault=VaultId(made.node),
        t_ms=clock.now_ms(),
    )
    change_devices(settings, clock, os.urandom, lambda _: change)
    return made


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[tuple[str, Supervisor]]:
    urls: list[str] = []
    async with trio.open_nursery() as nursery:
        supervisor = await nursery.start(partial(run_node, settings, announce=urls.extend))
        try:
            yield urls[0], supervisor
        finally:
            supervisor.stop()


async def post(client: httpx.AsyncClient, made: Made, seq: int) -> httpx.Response:
    body = b'{"n":%d}' % seq
    header = sign_event(
        DEVICE,
        audience=VaultId(made.node),
        stream=StreamName("site/t"),
        content_type="application/json",
        seq=seq,
        t_ms=1,
        quality=ClockQuality.UNSYNCED,
        body=body,
    )
    headers = {"content-type": "application/json", "edge-signature": format_event_header(header)}
    return await client.post("/events", content=body, headers=headers)


async def test_a_node_starts_ready_and_remembers_over_restarts(settings: Settings, made: Made) -> None:
    """Every required room runs; after an ordered stop the next start continues where the last one ended."""
    for seq in (1, 2):
        async with running(settings) as (url, supervisor), httpx.AsyncClient(base_url=url) as client:
            health = supervisor.health()
            assert health.ready
            assert list(health.rooms) == [
                "journal",
                "audit",
                "activity",
                "store",
                "subscriptions",
                "retention",
                "content",
                "control",
                "http",
                "grpc",
            ]
            assert (await client.get("/readyz")).status_code == 200
            assert (await post(client, made, seq)).json()["first_offset"] == seq - 1
            assert (await post(client, made, 1)).json()["duplicate"] is True


# httpx leaves its own body iterators unclosed when a connection ends under it.
@pytest.mark.filterwarnings("ignore:Async generator 'httpx:ResourceWarning")
async def test_stopping_answers_what_was_under_way(settings: Settings, made: Made) -> None:
    """Posts in flight at the stop are either acknowledged, and then there at the next start, or refused."""
    answered: list[int] = []

    async def keep_posting(client: httpx.AsyncClient, first: int) -> None:
        for seq in range(first, first + 200):
            try:
                if (await post(client, made, seq)).status_code == 202:
                    answered.append(seq)
            except httpx.TransportError:
                return

    async with running(settings) as (url, supervisor):
        limits = httpx.Limits(max_keepalive_connections=8)
        async with httpx.AsyncClient(base_url=url, limits=limits) as client, trio.open_nursery() as nursery:
            for worker in range(4):
                nursery.start_soon(keep_posting, client, 1 + 200 * worker)
            while len(answered) < 20:
                await trio.sleep(0.01)
            supervisor.stop()
    async with running(settings) as (url, _), httpx.AsyncClient(base_url=url) as client:
        for seq in answered:
            assert (await post(client, made, seq)).json()["duplicate"] is True


async def test_a_node_without_its_key_does_not_start(settings: Settings, made: Made) -> None:
    """The start ends with the reason, and LOCK is free for whoever mends it."""
    key = Paths(Path(settings.node.data_dir)).node_key
    key.rename(key.with_suffix(".away"))
    with pytest.raises(ExceptionGroup) as group:
        async with running(settings):
            pass
    assert group.group_contains(KeyFileMissing)
    key.with_suffix(".away").rename(key)
    async with running(settings) as (url, _), httpx.AsyncClient(base_url=url) as client:
        assert (await client.get("/info")).json()["node"] == made.node.hex()


def test_what_follows_a_chain_is_loaded_where_one_is_followed() -> None:
    """A node without a network is as light as it was before there was a light client."""
    script = "import sys; import edge_node.node; import edge_node.cli.run; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    chain = {name.rpartition(".")[2] for name in loaded if name.startswith("edge_node.chain_light.")}
    assert chain <= {"errors", "source_errors", "status"}
    assert not {"trio_websocket", "edge_node.node.chain"} & set(loaded)
