"""The light client as a whole, on a chain in this process and a clock that waits for nobody."""

from edge_node.chain_light.status import ChainState
from tests.chain_light.chain_world import running, until

S = ChainState


async def test_from_a_checkpoint_to_following(world, autojump_clock):
    """Genesis is given; the chain is proved to its newest final block, and followed as it grows."""
    async with running(world, checkpoints=[world.checkpoint()]) as client:
        status = await until(client, S.FOLLOWING)
        assert status.finalized.number >= 39
        assert status.writes
        later = await until(client, lambda one: one.finalized.number > status.finalized.number + 5)
        assert later.state is S.FOLLOWING
        assert client.anchor.hash == world.chain.block_at(client.anchor.header.number).hash
