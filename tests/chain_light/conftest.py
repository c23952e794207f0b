"""What tests of the light client's shells share."""

import pytest
import trio

from tests.chain_light.chain_world import World, run_inline


@pytest.fixture
def inline_threads(monkeypatch):
    """Work for threads is done in the loop: a clock that jumps when nothing is ready would not wait for a thread."""
    monkeypatch.setattr(trio.to_thread, "run_sync", run_inline)


@pytest.fixture
async def world(tmp_path, inline_threads):
    """Two groups of endpoints and a chain of 40 blocks; the test takes `autojump_clock` besides."""
    made = World(tmp_path)
    made.grow(40)
    return made
