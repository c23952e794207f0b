"""The chain's room: it starts without a chain to ask, believes what it may, ends and begins again."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import trio
from structlog.testing import capture_logs

from edge_node.base.clock import SystemClock
from edge_node.base.ids import Hash256
from edge_node.chain_light.chain_db_errors import ChainDbNewer
from edge_node.chain_light.checkpoint import sign_checkpoint
from edge_node.chain_light.checkpoint_errors import CheckpointNotTrusted
from edge_node.chain_light.checkpoint_payload import Checkpoint
from edge_node.chain_light.checkpoint_text import write_parts
from edge_node.chain_light.metadata_pin import MetadataPin, Runtime, sign_metadata_pin
from edge_node.chain_light.metadata_pin_errors import PinGoesBack, PinOfOtherNetwork
from edge_node.chain_light.spec import NoAnchor
from edge_node.chain_light.status import ChainState
from edge_node.node.chain import STARTING, Chain, ChainNotReady, open_chain
from edge_node.settings import ChainSettings
from edge_node.trust.signing_key import SigningKey
from tests.chain_light.electorate import genesis

COLD, THIEF = (SigningKey.from_seed(bytes([number]) * 32) for number in (12, 13))
NOBODY = "nobody=ws://127.0.0.1:1"
WAIT_S = 10


def settings(**more: object) -> ChainSettings:
    return ChainSettings(network="dev", endpoints=(NOBODY,), operator_key=COLD.public.hex(), **more)  # type: ignore[arg-type]


def checkpoint(key: SigningKey = COLD) -> bytes:
    now = SystemClock().now_ms()
    said = Checkpoint(
        genesis=genesis().hash, anchor=genesis(), issued_ms=now - 1_000, expires_ms=now + 86_400_000, counter=1
    )
    return sign_checkpoint(said, [key])


def made(place: Path, **more: object) -> Chain:
    return open_chain(settings(**more), place / "chain.db", SystemClock())


@asynccontextmanager
async def running(chain: Chain) -> AsyncGenerator[None, None]:
    async with trio.open_nursery() as nursery:
        await nursery.start(chain.run)
        with trio.fail_after(WAIT_S):
            while chain.status().state is ChainState.LOADING:
                await trio.sleep(0.01)
        yield
        nursery.cancel_scope.cancel()


async def test_before_it_runs_it_says_so(tmp_path: Path) -> None:
    """Whoever asks gets a status, and whoever wants something done a refusal."""
    chain = made(tmp_path)
    assert (chain.status().state, chain.status().reason) == (ChainState.LOADING, STARTING)
    with pytest.raises(ChainNotReady):
        await chain.import_checkpoint(checkpoint())
    with pytest.raises(ChainNotReady):
        chain.anchor()
    with pytest.raises(ChainNotReady):
        await chain.confirm(Hash256(bytes(32)))
    assert not (tmp_path / "chain.db").exists()


async def test_without_an_anchor_nothing_is_believed(tmp_path: Path) -> None:
    """The condition names state and reason; a checkpoint of another key changes nothing."""
    chain = made(tmp_path)
    with capture_logs() as told:
        async with running(chain):
            pass
    assert "chain.checkpoint_refused" not in [one["event"] for one in told]
    async with running(chain):
        assert chain.condition().startswith("no-anchor: ")
        with pytest.raises(NoAnchor):
            chain.anchor()
        with pytest.raises(CheckpointNotTrusted):
            await chain.import_checkpoint(checkpoint(THIEF))
        assert chain.status().state is ChainState.NO_ANCHOR


async def test_a_checkpoint_is_examined_without_being_believed(tmp_path: Path) -> None:
    """And believed when it is imported, over the end of the room and its beginning anew."""
    chain, raw = made(tmp_path), checkpoint()
    async with running(chain):
        assert (await chain.examine(raw)).checkpoint.genesis == genesis().hash
        assert chain.status().finalized is None
        await chain.import_checkpoint(raw)
        assert chain.anchor() == (genesis().hash, genesis())
    assert chain.status().state is ChainState.LOADING
    assert [path.name for path in tmp_path.glob("chain.db*")] == ["chain.db"]  # closed, with its log folded in
    async with running(chain):
        assert chain.anchor() == (genesis().hash, genesis())
        assert chain.condition()


@pytest.mark.parametrize("form", ["document", "texts"])
async def test_the_checkpoint_of_the_settings_is_read_at_each_start(tmp_path: Path, form: str) -> None:
    """As a document or as its texts."""
    file, raw = tmp_path / "checkpoint", checkpoint()
    file.write_bytes(raw if form == "document" else "\n".join(write_parts(raw)).encode())
    chain = made(tmp_path, checkpoint_file=str(file))
    for _ in range(2):
        async with running(chain):
            assert chain.anchor() == (genesis().hash, genesis())


@pytest.mark.parametrize("content", [None, b"", b"CKPT1/1/2/", b"{}", checkpoint(THIEF)])
async def test_a_checkpoint_of_the_settings_that_does_not_serve_is_told(tmp_path: Path, content: bytes | None) -> None:
    """A stick may be gone or torn: the room runs all the same."""
    file = tmp_path / "checkpoint"
    if content is not None:
        file.write_bytes(content)
    with capture_logs() as told:
        async with running(made(tmp_path, checkpoint_file=str(file))):
            assert [one["event"] for one in told].count("chain.checkpoint_refused") == 1


async def test_what_ends_the_room_is_told_and_mended(tmp_path: Path) -> None:
    """A database of a later release: the reason stays until it begins anew."""
    import sqlite3
    from contextlib import closing

    chain = made(tmp_path)
    async with running(chain):
        pass
    with closing(sqlite3.connect(tmp_path / "chain.db")) as conn:
        conn.execute("PRAGMA user_version = 999")
    with pytest.raises(ChainDbNewer):
        await chain.run()
    assert "has format 999" in chain.condition()
    with closing(sqlite3.connect(tmp_path / "chain.db")) as conn:
        conn.execute("PRAGMA user_version = 1")
    async with running(chain):
        assert chain.status().state is ChainState.NO_ANCHOR


async def test_pins_are_kept_over_the_end_of_the_room(tmp_path: Path) -> None:
    """Believed for the chain that is followed, refused for another, and not before that is known."""
    runtime = Runtime(genesis().hash, 80013, Hash256(b"c" * 32))
    pin = MetadataPin(runtime=runtime, metadata=(Hash256(b"m" * 32),), issued_ms=1, counter=5)
    raw, chain = sign_metadata_pin(pin, [COLD]), made(tmp_path)
    async with running(chain):
        with pytest.raises(NoAnchor):
            await chain.examine_pin(raw)
        await chain.import_checkpoint(checkpoint())
        await chain.examine_pin(raw)
        assert await chain.pins() == ()
        await chain.import_pin(raw)
        elsewhere = replace(pin, runtime=runtime._replace(genesis=Hash256(bytes(32))))
        with pytest.raises(PinOfOtherNetwork):
            await chain.import_pin(sign_metadata_pin(elsewhere, [COLD]))
    async with running(chain):
        assert [one.pin for one in await chain.pins()] == [pin]
        with pytest.raises(PinGoesBack):
            await chain.examine_pin(sign_metadata_pin(replace(pin, counter=4), [COLD]))
