"""The runtime is proved again as the chain goes on; what nobody vouches for, and what cannot be proved, says so."""

import pytest
import trio

from edge_node.base.ids import Hash256
from edge_node.chain_light.metadata_bytes import metadata_hash
from edge_node.chain_light.runtime_watch import LOOK_S, RuntimeWatch
from edge_node.chain_light.status import UNPROVED_RUNTIME, ChainState
from tests.chain_light.test_runtime_reader import reading


async def test_a_pinned_runtime():
    """With its version, its code and the hash that was vouched for; then nothing hinders."""
    async with reading() as it:
        raw = it.chain.form.written(14)
        it.pin(raw)
        it.rig.sources[0].lies["metadata"] = lambda *_: raw
        watch = RuntimeWatch(it.reader.read)
        assert watch.status == UNPROVED_RUNTIME
        await watch.look()
        assert watch.status.spec_version == it.chain.form.profile.version.spec_version
        assert (watch.status.metadata, watch.status.why) == (metadata_hash(raw), "")
        assert isinstance(watch.status.code, Hash256)


async def test_a_runtime_that_nobody_vouches_for():
    """It is proved all the same, and the reason names what is lacking; a word for it that comes is seen at once."""
    async with reading() as it, trio.open_nursery() as nursery:
        watch = RuntimeWatch(it.reader.read)
        await nursery.start(watch.run)
        with trio.fail_after(5):
            while watch.status.spec_version is None:
                await trio.sleep(0.01)
        assert watch.status.metadata is None
        assert "nobody has said what it is" in watch.status.why
        it.pin(it.chain.form.written(14), it.chain.form.written(15))
        watch.look_again()
        with trio.fail_after(LOOK_S / 2):
            while watch.status.why:
                await trio.sleep(0.01)
        it.pin()
        watch.look_again()
        with trio.fail_after(LOOK_S / 2):
            while not watch.status.why:
                await trio.sleep(0.01)
        assert "taken back" in watch.status.why
        nursery.cancel_scope.cancel()


@pytest.mark.parametrize("state", [ChainState.NO_ANCHOR, ChainState.HALTED])
async def test_what_cannot_be_proved(state):
    """Before anything was proved it says why; afterwards what was proved stays, for the state says the rest."""
    async with reading() as it:
        it.pin(it.chain.form.written(14), it.chain.form.written(15))
        watch = RuntimeWatch(it.reader.read)
        it.rig.known.be(state)
        await watch.look()
        assert watch.status.spec_version is None
        assert "not proved yet" in watch.status.why
        it.rig.known.be(ChainState.FOLLOWING)
        await watch.look()
        proved = watch.status
        assert not proved.why
        it.rig.known.be(state)
        await watch.look()
        assert watch.status == proved
