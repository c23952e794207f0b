"""The chain that lives: blocks, finality, and what waits, on a clock that jumps to what is next."""

import pytest
import trio

from edge_node.chain_light.babe import slot_of
from edge_node.chain_light.storage_key import storage_key
from edge_node.devnet import chain_service
from edge_node.devnet.chain_service import Brakes, ChainService, Keep
from edge_node.devnet.extrinsic_watch import StatusKind
from edge_node.devnet.pallets import sdk_profile
from edge_node.devnet.runtime import ChangeOrder, InvalidExtrinsic, call_of
from edge_node.devnet.set_changes import ChangeUnderWay, rotated
from tests.devnet.runtime.stage import ALICE, BOB, CAROL, START_MS, SUDO, VALIDATORS, Stage, make_genesis


class ChainClock:
    """The machine's time as trio's clock has it."""

    def now_ms(self):
        return START_MS + int(trio.current_time() * 1_000)

    def monotonic_s(self):
        return trio.current_time()

    def quality(self):
        raise NotImplementedError


class StillClock(ChainClock):
    def now_ms(self):
        return START_MS

    def monotonic_s(self):
        return 0.0


class Listener:
    def __init__(self):
        self.blocks, self.final, self.at = [], [], {}

    def on_block(self, block):
        self.blocks.append(block.number)
        self.at["block", block.number] = trio.current_time()

    def on_final(self, blocks, finalities):
        self.final += [block.number for block in blocks]
        for block in blocks:
            self.at["final", block.number] = trio.current_time()


def service(**how):
    return ChainService(sdk_profile(), make_genesis(), clock=how.pop("clock", ChainClock()), **how)


def transfer(chain, nonce, source=ALICE, **how):
    call = call_of("Balances", "transfer_allow_death", dest=BOB.address, value=10**10)
    return Stage(chain.chain).signed(source, call, nonce=nonce, **how)


async def test_blocks_come_at_their_period(autojump_clock, nursery):
    """And are final after the delay, each in its order."""
    chain, told = service(block=6.0, finality_delay_s=2.0), Listener()
    chain.listen(told)
    started = trio.current_time()
    await nursery.start(chain.run)
    await trio.sleep(20.5)
    assert told.at["block", 1] - started == pytest.approx(6.0)
    assert (told.blocks, told.final) == ([1, 2, 3], [1, 2, 3])
    assert [told.at["block", n] - told.at["block", 1] for n in (1, 2, 3)] == pytest.approx([0, 6, 12])
    assert told.at["final", 2] - told.at["block", 2] == pytest.approx(2.0)


async def test_a_block_comes_at_once_for_an_extrinsic(autojump_clock, nursery):
    """What comes together shares it; without any, none comes."""
    chain = service()
    await nursery.start(chain.run)
    await trio.sleep(100)
    assert chain.chain.head.number == 0
    chain.submit(transfer(chain, 0))
    chain.submit(transfer(chain, 0, CAROL))
    await trio.sleep(1)
    assert chain.chain.head.number == chain.chain.final.number == 1
    assert len(chain.chain.head.extrinsics) == 3


async def test_an_idle_chain_moves_on_if_it_is_to(autojump_clock, nursery):
    """An empty block after a pause, so that finality does not grow old."""
    chain = service(idle_s=6.0)
    await nursery.start(chain.run)
    await trio.sleep(20)
    assert chain.chain.head.number == 3


async def test_in_block_comes_before_finality(autojump_clock, nursery):
    """At another moment, even where no delay is asked for."""
    chain, told = service(finality_delay_s=0.0), []
    await nursery.start(chain.run)
    chain.submit(transfer(chain, 0), lambda status: told.append((status.kind, trio.current_time())))
    await trio.sleep(1)
    assert [kind for kind, _ in told] == [StatusKind.READY, StatusKind.IN_BLOCK, StatusKind.FINALIZED]
    assert told[2][1] > told[1][1]


async def test_many_extrinsics_fill_several_blocks(monkeypatch, nursery):
    """A block has a bound; what is more waits for the next, in its order."""
    monkeypatch.setattr(chain_service, "BLOCK_EXTRINSICS_MAX", 5)
    chain = service(finality_delay_s=0.01)
    for nonce in range(12):
        chain.submit(transfer(chain, nonce))
    await nursery.start(chain.run)
    with trio.fail_after(10):
        while chain.chain.final.number < 3:
            await trio.sleep(0.01)
    assert [len(chain.chain.block_at(number).extrinsics) - 1 for number in (1, 2, 3)] == [5, 5, 2]
    assert chain.nonce_of(ALICE.id) == chain.next_nonce(ALICE.id) == 12


@pytest.mark.parametrize("calls", [1, 40])
async def test_a_batch_is_one_extrinsic_however_long_it_takes(calls, nursery):
    """A short one is carried out at once, a long one beside the loop: the block is the same."""
    chain = service(finality_delay_s=0.01)
    transfers = [call_of("Balances", "transfer_allow_death", dest=BOB.address, value=10**10) for _ in range(calls)]
    raw = Stage(chain.chain).signed(ALICE, call_of("Utility", "batch_all", calls=transfers), nonce=0)
    chain.submit(raw)
    await nursery.start(chain.run)
    with trio.fail_after(10):
        while chain.chain.final.number < 1:
            await trio.sleep(0.01)
    assert chain.chain.head.extrinsics[1:] == (raw,)
    assert Stage(chain.chain).outcome_of(Stage(chain.chain).events(1)[-1]) == "Ok"


async def test_sets_change_by_themselves(autojump_clock, nursery):
    """After every so many blocks, each set signing its own last block."""
    chain = service(block=1.0, set_every=4)
    await nursery.start(chain.run)
    await trio.sleep(14)
    assert chain.chain.hand_overs == [4, 8, 12]
    assert [chain.chain.finalities[n].set_id for n in (4, 8, 12)] == [0, 1, 2]


async def test_a_long_history_is_written_beforehand():
    """In the slots up to now, with its hand-overs, and what was pruned of it."""
    chain = service(clock=StillClock(), set_every=50, keep=Keep(100, 512))
    chain.prebuild(600)
    assert (chain.chain.head.number, chain.chain.final.number) == (600, 600)
    assert chain.chain.hand_overs == list(range(50, 601, 50))
    assert slot_of(chain.chain.head.header) * 6_000 <= START_MS
    assert slot_of(chain.chain.block_at(1).header) * 6_000 <= START_MS - 598 * 6_000
    assert {512, *range(50, 600, 50)} <= chain.chain.finalities.keys()


async def test_memory_is_bounded(autojump_clock, nursery):
    """Of old blocks the headers stay, and the justifications of hand-overs and of every so many blocks."""
    chain = service(block=1.0, set_every=7, keep=Keep(10, 16))
    await nursery.start(chain.run)
    await trio.sleep(60)
    number = chain.chain.head.number
    old = [chain.chain.block_at(height) for height in range(1, number - 11)]
    assert all(not block.extrinsics and not list(block.state.pairs()) for block in old)
    assert [block.number for block in old] == list(range(1, number - 11))
    kept = [height for height in chain.chain.finalities if height < number - 11]
    assert kept == sorted(height for height in range(1, number - 11) if height % 7 == 0 or height % 16 == 0)


async def test_withheld_finality_keeps_what_is_not_final(autojump_clock, nursery):
    """Nothing that is not final is thrown away."""
    chain = service(block=1.0, keep=Keep(3, 512))
    await nursery.start(chain.run)
    await trio.sleep(2.5)
    chain.brake(Brakes(withhold_finality=True))
    await trio.sleep(10)
    assert chain.chain.final.number == 2
    assert chain.chain.state_of(chain.chain.block_at(3)).root == chain.chain.block_at(3).header.state_root
    chain.brake(Brakes())
    await trio.sleep(1)
    assert chain.chain.final.number >= 12


async def test_one_change_is_announced_at_a_time():
    """Neither a second in the same block nor one while the first is under way."""
    chain = service()
    order = ChangeOrder(rotated(VALIDATORS, 1), 5)
    await chain.schedule(order)
    with pytest.raises(ChangeUnderWay):
        await chain.schedule(order)
    await chain.write_blocks(1)
    with pytest.raises(ChangeUnderWay):
        await chain.schedule(order)
    await chain.write_blocks(5)
    await chain.schedule(order)


async def test_sets_that_change_by_themselves_wait_for_one_that_was_ordered(autojump_clock, nursery):
    """A turn that comes while a change is under way is left out."""
    chain = service(block=1.0, set_every=4)
    await chain.schedule(ChangeOrder(rotated(VALIDATORS, 2), 6))
    await nursery.start(chain.run)
    await trio.sleep(14)
    assert chain.chain.hand_overs == [7, 8, 12]


async def test_a_chain_whose_state_is_broken_stands_still(autojump_clock, nursery):
    """It writes no more blocks, and goes on answering."""
    chain = service(block=1.0)
    await nursery.start(chain.run)
    await trio.sleep(1.5)
    slot = storage_key(chain.chain.form.item("Babe", "GenesisSlot"))
    call = call_of("Sudo", "sudo", call=call_of("System", "set_storage", items=[(slot, b"1")]))
    chain.submit(Stage(chain.chain).signed(SUDO, call, nonce=0))
    await trio.sleep(10)
    assert chain.chain.head.number == chain.chain.final.number == 2
    assert chain.brakes.stop_blocks
    with pytest.raises(InvalidExtrinsic):
        chain.submit(transfer(chain, 0, tip=10**30))


async def test_time_set_back_ends_at_1970():
    """A clock that far off is a fault to show, and no reason to end."""
    chain = service(clock=StillClock())
    chain.brake(Brakes(ahead_ms=-(10**15)))
    assert chain.now_ms() == 0
    await chain.write_blocks(2)


async def test_forged_blocks_are_kept_within_a_bound(monkeypatch):
    """The oldest goes."""
    monkeypatch.setattr(chain_service, "FORGED_MAX", 2)
    chain = service(clock=StillClock())
    await chain.write_blocks(3)
    chain.chain.finalize()
    forged = [chain.forge(number).hash for number in (1, 2, 3)]
    assert list(chain.forged) == forged[1:]


async def test_an_extrinsic_that_no_block_has_room_for(monkeypatch):
    """Is refused at once: it would wait for ever. One that fills a block is not."""
    chain = service()
    raw = transfer(chain, 0)
    monkeypatch.setattr(chain_service, "EXTRINSICS_BYTES_MAX", len(raw) - 1)
    with pytest.raises(InvalidExtrinsic, match="exhaust"):
        chain.submit(raw)
    monkeypatch.setattr(chain_service, "EXTRINSICS_BYTES_MAX", len(raw))
    chain.submit(raw)


async def test_who_forgets_is_told_no_more(autojump_clock):
    """A listener that left."""
    chain, told = service(), Listener()
    chain.listen(told)
    await chain.write_blocks(1)
    chain.forget(told)
    await chain.write_blocks(1)
    assert told.blocks == [1]
