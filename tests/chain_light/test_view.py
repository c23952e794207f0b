"""The only door to the chain: what leaves it is proved, complete, and says how old it is and what it is worth."""

from contextlib import asynccontextmanager
from functools import partial

import pytest
import trio

from edge_node.base.ids import Hash256
from edge_node.chain_light import endpoints, proof_slices
from edge_node.chain_light.layouts import NO_ACCOUNT, NUMBER, UnknownLayout
from edge_node.chain_light.proved import NotProvable, ProofStatus
from edge_node.chain_light.proved_state import MoreUnderPrefix
from edge_node.chain_light.source_errors import EndpointSilent, NoEndpoint
from edge_node.chain_light.status import ChainState
from edge_node.chain_light.storage_key import item_prefix
from edge_node.chain_light.trie_build import Trie
from edge_node.chain_light.view import PAGE_KEYS, TURN_S
from edge_node.devnet.pallets import dev_profile, sdk_profile
from edge_node.devnet.pallets.balances import CERE
from tests.chain_light.view_rig import child_tries, viewing
from tests.devnet.runtime.stage import ALICE, BOB, START_MS, VALIDATORS, make_stage

ACCOUNTS = item_prefix("System", "Account")
MANY = b"many/"
BULK = {MANY + bytes((place >> 8, place & 255)) * 8: bytes((place & 255,)) * (place % 70) for place in range(700)}
KID = Trie({b"a": b"1", b"long": bytes(60)}, 1)


def bulky(version=0, profile=sdk_profile):
    return make_stage(profile(version), state=BULK | child_tries({b"kid": KID}))


@pytest.fixture(params=[0, 1], ids=["state version 0", "state version 1"])
def stage(request):
    return bulky(request.param)


@pytest.fixture
def inline(monkeypatch):
    """Time jumps when all tasks wait, also for a thread: so none is used."""

    async def at_once(work, *arguments):
        await trio.lowlevel.checkpoint()
        return work(*arguments)

    monkeypatch.setattr(endpoints, "offload", at_once)


def state_of(rig):
    return rig.stage.chain.final.state


async def test_a_value_leaves_with_its_proof():
    """Height, block, root and age are those of the newest final block."""
    async with viewing() as rig:
        rig.stage.write()
        rig.stage.chain.finalize()
        final = rig.stage.chain.final
        found = await rig.view.read(NUMBER.key)
        assert found.value == (1).to_bytes(4, "little")
        assert (found.number, found.block, found.state_root) == (1, final.hash, final.header.state_root)
        assert (found.age_ms, found.proof, found.why) == (1_234, ProofStatus.FINAL, "")
        assert (await rig.view.read(b"not there")).value is None
        assert rig.known.proofs == 2


@pytest.mark.parametrize("profile", [sdk_profile, dev_profile], ids=["sdk", "dev-80013"])
async def test_what_needs_no_metadata(profile, stage):
    """Accounts, time, runtime and authorities, of both profiles and both versions of the state."""
    stage = bulky(stage.chain.form.profile.state_version, profile)
    stage.ok(ALICE, "Balances", "transfer_keep_alive", dest=BOB.address, value=3 * CERE)
    async with viewing(stage) as rig:
        view, version = rig.view, stage.chain.form.profile.version
        alice = stage.read("System", "Account", ALICE.id)
        found = (await view.account(ALICE.id)).value
        assert (found.nonce, found.free) == (alice["nonce"], alice["data"]["free"]) == (1, alice["data"]["free"])
        assert (await view.account(BOB.id)).value.free == 1_000_003 * CERE
        assert (await view.account(bytes(32))).value == NO_ACCOUNT
        assert (await view.now_ms()).value == START_MS + 6_000
        assert (await view.runtime()).value == (version.spec_version, version.spec_name)
        assert (await view.grandpa_set()).value == (0, tuple(one.authority for one in VALIDATORS))
        assert isinstance((await view.code()).value, Hash256)


async def test_a_form_that_is_not_known_is_told_and_is_nobodys_fault():
    """The endpoint proved what is there."""
    stage = make_stage(state={item_prefix("Timestamp", "Now"): b"\0\0\0"})
    async with viewing(stage) as rig:
        with pytest.raises(UnknownLayout, match=r"Timestamp\.Now"):
            await rig.view.now_ms()
        assert rig.refused() == [0]


async def test_several_keys_at_one_block_in_slices(stage):
    """No more keys than a question may hold, and each key once."""
    async with viewing(stage) as rig:
        keys = [*BULK, *list(BULK)[:10], b"none"]
        found = await rig.view.read_many(keys)
        assert found.value == BULK | {b"none": None}
        assert list(found.value) == list(dict.fromkeys(keys))
        assert rig.asked("proof") == [6]  # 16, 32, 64, 128 and 256 of them, and the rest
        assert (await rig.view.read_many([])).value == {}


# --- prefixes


async def test_a_prefix_is_told_whole(stage):
    """Many pages of it, one key, none at all; a prefix that is a key itself."""
    async with viewing(stage) as rig:
        for prefix in (MANY, next(iter(BULK)), MANY + b"\x01", MANY + b"\xff", b"nothing there", ACCOUNTS, b""):
            found = await rig.view.read_prefix(prefix)
            assert found.value == tuple(state_of(rig).pairs(prefix))
        assert rig.refused() == [0]


@pytest.mark.parametrize("count", [PAGE_KEYS - 1, PAGE_KEYS, PAGE_KEYS + 1])
async def test_a_prefix_that_fills_its_pages(count):
    """Its last page may be full, or empty."""
    pairs = {b"p" + place.to_bytes(2, "big"): b"x" for place in range(count)}
    async with viewing(make_stage(state=pairs)) as rig:
        assert (await rig.view.read_prefix(b"p")).value == tuple(sorted(pairs.items()))


def without(honest, *_, drop):
    return [entry for place, entry in enumerate(honest) if place != drop]


@pytest.mark.parametrize("drop", [0, 2, -1])
async def test_withheld_children_are_found_out_and_the_next_endpoint_is_asked(stage, drop):
    """By a list that leaves keys out, or by a proof that does."""
    for method in ("keys_under", "proof"):
        async with viewing(stage, endpoints=2) as rig:
            drop_at = partial(without, drop=drop) if drop >= 0 else (lambda honest, *_: honest[:-1])
            rig.sources[0].lies[method] = drop_at
            assert (await rig.view.read_prefix(MANY)).value == tuple(sorted(BULK.items()))
            assert rig.refused() == [1, 0]


LISTS = {
    "backwards": lambda keys, *_: keys[::-1],
    "one twice": lambda keys, *_: keys[:1] * 2,
    "one of elsewhere": lambda keys, *_: [*keys[:-1], b"zebra"],
    "too many": lambda keys, block, prefix, after, count: [*keys, prefix + b"\xff" * 99],
    "from the start again": lambda keys, block, prefix, after, count: sorted(BULK)[:count],
    "one again and again": lambda keys, *_: keys[:1] * len(keys),
}


@pytest.mark.parametrize("lie", LISTS.values(), ids=LISTS)
async def test_a_list_that_would_never_end_is_refused(stage, lie):
    """Keys come in order and under the prefix, or the endpoint is done for."""
    async with viewing(stage, endpoints=2) as rig:
        rig.sources[0].lies["keys_under"] = lie
        assert len((await rig.view.read_prefix(MANY)).value) == 700
        assert rig.refused() == [1, 0]
        assert "malformed answer" in rig.pool.evidence(rig.sources[0].url)[0]


async def test_keys_that_are_invented_prove_nothing(stage):
    """They may be listed: each is proved not to be there, and the list goes on to its end, or to the bound."""
    async with viewing(stage) as rig:
        rig.sources[0].lies["keys_under"] = lambda keys, *_: sorted([*keys[:9], keys[0] + b"\0"]) if keys else keys
        with pytest.raises(NoEndpoint, match="the proof does not tell"):
            await rig.view.read_prefix(MANY)
    async with viewing(stage) as rig:
        endless = iter(range(1, 1 << 30))

        def listing(keys, block, prefix, after, count):
            return [prefix + b"\xff" + next(endless).to_bytes(8, "big") for _ in range(count)]

        rig.sources[0].lies["keys_under"] = listing
        with pytest.raises(NoEndpoint, match="the proof does not tell"):
            await rig.view.read_prefix(MANY, keys_max=1_000)
        assert rig.asked("keys_under") == [-(-1_001 // PAGE_KEYS)]


async def test_more_than_the_asker_takes_is_nobodys_fault(stage):
    """The chain has them."""
    async with viewing(stage) as rig:
        assert len((await rig.view.read_prefix(MANY, keys_max=700)).value) == 700
        with pytest.raises(MoreUnderPrefix):
            await rig.view.read_prefix(MANY, keys_max=699)
        for most in (3, PAGE_KEYS - 1, PAGE_KEYS, PAGE_KEYS + 1):
            with pytest.raises(MoreUnderPrefix):
                await rig.view.read_prefix(MANY, keys_max=most)
        assert rig.refused() == [0]


async def test_proofs_that_are_too_much_together_are_held_against_nobody(stage, monkeypatch):
    """The chain may have so much there: who asks for less is answered."""
    monkeypatch.setattr(proof_slices, "PROOF_BYTES_MAX", 32_000)
    async with viewing(stage, endpoints=2) as rig:
        with pytest.raises(NoEndpoint, match="the proofs have more than 32000 bytes together"):
            await rig.view.read_prefix(MANY)
        assert rig.refused() == [0, 0]
        assert len((await rig.view.read_prefix(MANY + b"\x01\x01")).value) == 1


# --- child tries


async def test_a_child_trie(stage):
    """A value, an absence, and a trie that is proved not to be there."""
    async with viewing(stage, children={b"kid": KID}) as rig:
        values = {(b"kid", b"a"): b"1", (b"kid", b"long"): bytes(60), (b"kid", b"x"): None, (b"no", b"a"): None}
        for place, value in values.items():
            assert (await rig.view.read_child(*place)).value == value
        rig.sources[0].lies["child_proof"] = lambda honest, *_: honest[:-1]
        with pytest.raises(NoEndpoint, match="the proof does not tell"):
            await rig.view.read_child(b"kid", b"long")


async def test_a_long_value_and_its_mark():
    """Later blocks show by a short proof that it is the same; a lie about that costs what any lie costs."""
    stage = make_stage(state={b":long": bytes(50_000)})
    async with viewing(stage, endpoints=2) as rig:
        found = await rig.view.read_marked(b":long")
        assert found.value.value == bytes(50_000)
        stage.write()
        stage.chain.finalize()
        assert (await rig.view.is_unchanged(found.value.mark)).value
        rig.sources[0].lies["proof"] = lambda entries, *_: entries[:-1]
        old = await rig.view.is_unchanged(found.value.mark, at=found)
        assert (old.value, old.number) == (True, 0)
        assert rig.refused() == [1, 0]


# --- answers that are none


def one_bit(entries, *_):
    return [entries[0][:-1] + bytes((entries[0][-1] ^ 1,)), *entries[1:]]


LIES = {
    "an incomplete proof": lambda entries, *_: entries[:-1],
    "no proof": lambda entries, *_: [],
    "a flipped bit": one_bit,
    "an entry twice": lambda entries, *_: [*entries, entries[0]],
    "an entry that belongs to nothing": lambda entries, *_: [*entries, b"\x40" + bytes(40)],
    "an empty entry": lambda entries, *_: [*entries, b""],
    "too many bytes": lambda entries, *_: [*entries, bytes(17 << 20)],
    "too many entries": lambda entries, *_: [*entries, *(place.to_bytes(4, "big") for place in range(70_000))],
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
async def test_a_bad_proof_costs_the_endpoint_its_lead(lie):
    """And the next one's is taken: of a value, of an absence, of a prefix."""
    for read in (
        lambda view: view.read(NUMBER.key), lambda view: view.read(b"absent"), lambda view: view.read_prefix(ACCOUNTS)
    ):  # fmt: skip
        async with viewing(endpoints=2) as rig:
            rig.sources[0].lies["proof"] = lie
            await read(rig.view)
            assert rig.refused() == [1, 0]
            assert rig.known.proofs == 1


@pytest.mark.parametrize("what", ["another key", "another block"])
async def test_a_proof_of_something_else_is_none(what):
    """Though it is a good one."""
    async with viewing(endpoints=2) as rig:
        rig.stage.ok(ALICE, "Balances", "transfer_keep_alive", dest=BOB.address, value=CERE)
        rig.stage.chain.finalize()
        first = rig.stage.chain.genesis.state
        rig.sources[0].lies["proof"] = {
            "another key": lambda entries, block, keys: state_of(rig).prove([b"other"]),
            "another block": lambda entries, block, keys: first.prove(keys),
        }[what]
        assert (await rig.view.account(BOB.id)).value.free == 1_000_001 * CERE
        assert rig.refused() == [1, 0]


async def test_nobody_proves_it():
    """All reasons are told, and nothing leaves."""
    async with viewing(endpoints=2) as rig:
        for source in rig.sources:
            source.lies["proof"] = LIES["no proof"]
        with pytest.raises(NoEndpoint) as none:
            await rig.view.read(NUMBER.key)
        assert list(none.value.reasons) == [source.url for source in rig.sources]
        with pytest.raises(NoEndpoint):
            await rig.view.read(NUMBER.key)


async def test_a_silent_endpoint_has_its_turn_and_no_more(autojump_clock, inline):
    """The next one is asked then, and the silent one not banned for a lie."""
    async with viewing(endpoints=2) as rig:
        rig.sources[0].silent.add("proof")
        began = trio.current_time()
        assert (await rig.view.read(NUMBER.key)).age_ms == 1_234
        assert trio.current_time() - began == TURN_S
        assert rig.refused() == [0, 0]
    async with viewing() as rig:
        rig.sources[0].silent.add("proof")
        with pytest.raises(NoEndpoint, match="has not answered a proof of state for 60 s"):
            await rig.view.read(NUMBER.key)
        assert EndpointSilent.slug == "chain-endpoint-silent"


# --- states


async def test_nothing_leaves_without_an_anchor():
    """Whatever the state is called."""
    async with viewing() as rig:
        rig.known.has_anchor = False
        for state in (ChainState.NO_ANCHOR, ChainState.LOADING):
            rig.known.be(state, reason="no checkpoint was given")
            with pytest.raises(NotProvable, match="no checkpoint was given"):
                await rig.view.read(NUMBER.key)
        assert rig.asked("proof") == [0]


async def test_nothing_leaves_a_halted_client():
    """Not even what is known already, nor what was asked for before it halted."""
    async with viewing() as rig:
        await rig.view.read(NUMBER.key)
        rig.known.be(ChainState.HALTED, reason="finalized twice")
        for key in (NUMBER.key, b"new"):
            with pytest.raises(NotProvable, match="halted: finalized twice"):
                await rig.view.read(key)
        assert rig.asked("proof") == [1]
        rig.known.be(ChainState.FOLLOWING)

        def halt(entries, *_):
            rig.known.be(ChainState.HALTED, reason="meanwhile")
            return entries

        rig.sources[0].lies["proof"] = halt
        with pytest.raises(NotProvable, match="meanwhile"):
            await rig.view.read(b"another")


@pytest.mark.parametrize(
    ("state", "provisional", "worth"),
    [(ChainState.STALLED, "", ProofStatus.STALE), (ChainState.NEEDS_CHECKPOINT, "", ProofStatus.STALE),
     (ChainState.DEGRADED, "", ProofStatus.DEGRADED), (ChainState.FOLLOWING, "asleep", ProofStatus.PROVISIONAL)],
)  # fmt: skip
async def test_other_states_answer_and_say_so(state, provisional, worth):
    """With the age, and the reason."""
    async with viewing() as rig:
        rig.known.be(state, reason="why so", provisional=provisional, age_ms=600_000)
        found = await rig.view.read(NUMBER.key)
        assert (found.proof, found.why, found.age_ms) == (worth, provisional or "why so", 600_000)


async def test_an_answer_that_was_overtaken_is_of_its_own_block(autojump_clock, inline):
    """Its age runs on; the next read is of the newer block."""
    async with viewing() as rig:
        before = rig.stage.chain.final

        def overtake(entries, *_):
            rig.stage.write()
            rig.stage.chain.finalize()
            rig.known.be(ChainState.FOLLOWING, age_ms=1)
            return entries

        rig.sources[0].lies["proof"] = overtake
        honest = rig.sources[0].proof

        async def proof(block, keys):
            await trio.sleep(2)
            return await honest(block, keys)

        rig.sources[0].proof = proof
        found = await rig.view.read(b"x")
        assert (found.block, found.age_ms) == (before.hash, 3_234)
        rig.sources[0].lies.clear()
        found = await rig.view.read(b"x")
        assert (found.number, found.age_ms) == (1, 1)


async def test_a_later_read_at_the_block_of_an_earlier_one(autojump_clock, inline):
    """So that values of several reads belong together; it grows older, and is not kept in the newest one's place."""
    async with viewing() as rig:
        first = await rig.view.read(NUMBER.key)
        rig.stage.write()
        rig.stage.chain.finalize()
        rig.known.be(ChainState.FOLLOWING, age_ms=9)
        again = await rig.view.read_many([NUMBER.key, b"x"], at=first)
        assert again.value == {NUMBER.key: None, b"x": None}
        assert (again.number, again.block, again.state_root) == (first.number, first.block, first.state_root)
        assert again.age_ms == 1_234
        assert (await rig.view.read(NUMBER.key)).value == (1).to_bytes(4, "little")
        rig.known.be(ChainState.FOLLOWING, age_ms=5_000)
        assert (await rig.view.read_many([b"x"], at=first)).age_ms == 5_000


# --- what is known already, and who asks together


async def test_what_is_proved_is_not_asked_again_until_there_is_a_newer_block():
    """Keys that are known are left out of a question for several."""
    async with viewing() as rig:
        for _ in range(3):
            assert (await rig.view.read(b"absent")).value is None
            assert (await rig.view.read(NUMBER.key)).value is None
        assert rig.asked("proof") == [2]
        asked = []
        rig.sources[0].lies["proof"] = lambda entries, block, keys: asked.append(list(keys)) or entries
        await rig.view.read_many([NUMBER.key, b"new", b"absent"])
        assert asked == [[b"new"]]
        rig.stage.write()
        rig.stage.chain.finalize()
        assert (await rig.view.read(NUMBER.key)).value == (1).to_bytes(4, "little")


async def test_a_block_that_changes_no_state_asks_nothing():
    """What is known is known of the root, not of the block."""
    async with viewing() as rig:
        await rig.view.read(b"absent")
        again = await rig.view.read(b"absent")
        assert again.state_root == rig.stage.chain.final.header.state_root
        assert rig.asked("proof") == [1]


async def test_who_asks_the_same_at_once_asks_once():
    """Values, prefixes and child tries alike; different questions are different."""
    async with viewing(children={b"kid": KID}, stage=bulky()) as rig:
        found = []

        async def add(read):
            found.append((await read()).value)

        async with trio.open_nursery() as nursery:
            for _ in range(5):
                nursery.start_soon(add, partial(rig.view.read, NUMBER.key))
                nursery.start_soon(add, partial(rig.view.read_prefix, ACCOUNTS))
                nursery.start_soon(add, partial(rig.view.read_child, b"kid", b"a"))
            nursery.start_soon(add, partial(rig.view.read_prefix, ACCOUNTS, keys_max=500))
        assert len(found) == 16
        assert rig.asked("proof") == [3]
        assert rig.asked("child_proof") == [1]


async def test_who_gives_up_takes_nobody_along():
    """Another of those who wait asks then."""
    async with viewing() as rig:
        gate = trio.Event()
        honest = rig.sources[0].proof

        async def proof(block, keys):
            await gate.wait()
            return await honest(block, keys)

        rig.sources[0].proof = proof
        async with trio.open_nursery() as nursery:

            @asynccontextmanager
            async def waiting():
                async with trio.open_nursery() as inner:
                    inner.start_soon(rig.view.read, b"x")
                    await trio.testing.wait_all_tasks_blocked()
                    yield inner.cancel_scope

            async with waiting() as first:
                nursery.start_soon(rig.view.read, b"x")
                await trio.testing.wait_all_tasks_blocked()
                first.cancel()
            gate.set()
        assert rig.known.proofs == 1
