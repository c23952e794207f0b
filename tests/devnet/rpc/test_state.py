"""`state_*` over a real socket: every value and proof against the root of its header."""

import pytest

from edge_node.base.digests import blake2b_256
from edge_node.chain_light.metadata_bytes import parse_metadata
from edge_node.chain_light.storage_key import item_prefix, storage_key
from edge_node.devnet.chain_service import Keep
from edge_node.devnet.pallets import dev_profile, sdk_profile
from edge_node.devnet.rpc import state
from edge_node.devnet.runtime.genesis import CHILD_PREFIX
from tests.devnet.rpc.desk import ALICE, BOB, CHILD, bytes_of, hash_of, serving, shown
from tests.devnet.rpc.proving import proved, proved_child


def account_key(desk, account):
    return storage_key(desk.chain.form.item("System", "Account"), account.id)


async def test_values_with_and_without_proof_agree():
    """At the newest block and at an older one; what is absent is proved absent."""
    async with serving() as desk:
        await desk.blocks(1)
        old = desk.chain.head
        await desk.ask("author_submitExtrinsic", desk.transfer())
        await desk.final(2)
        keys = [account_key(desk, ALICE), account_key(desk, BOB), b"nothing here"]
        for block in (old, desk.chain.head):
            at = shown(block.hash)
            answer = await desk.ask("state_getReadProof", [shown(key) for key in keys], at)
            assert hash_of(answer["at"]) == block.hash
            values = proved(block.header.state_root, answer["proof"], keys)
            said = [await desk.ask("state_getStorage", shown(key), at) for key in keys]
            assert [None if value is None else shown(value) for value in values] == said
            assert said[2] is None
        assert old.state.get(keys[0]) != desk.chain.head.state.get(keys[0])


@pytest.mark.parametrize("version", [0, 1])
async def test_proofs_hold_in_both_state_versions(version):
    """Long values stand apart in version 1, and the proof brings them."""
    async with serving(sdk_profile(version)) as desk:
        await desk.ask("author_submitExtrinsic", desk.transfer())
        await desk.final(1)
        key = storage_key(desk.chain.form.item("System", "Events"))
        answer = await desk.ask("state_getReadProof", [shown(key)])
        (events,) = proved(desk.chain.head.header.state_root, answer["proof"], [key])
        assert len(events) > 32
        assert (await desk.ask("state_getRuntimeVersion"))["stateVersion"] == version


async def test_child_tries_are_proved_from_the_state_root_on():
    """Values and absence; a child trie that is not there is proved absent."""
    async with serving() as desk:
        name = CHILD_PREFIX + b"shelf"
        keys = [bytes((3,)), bytes((99,))]
        answer = await desk.ask("state_getChildReadProof", shown(name), [shown(key) for key in keys])
        root = desk.chain.genesis.header.state_root
        assert proved_child(root, answer["proof"], b"shelf", keys) == [CHILD[b"shelf"][bytes((3,))], None]
        assert await desk.ask("childstate_getStorage", shown(name), "0x03") == shown(bytes((3,)) * 40)
        paged = await desk.ask("childstate_getKeysPaged", shown(name), "0x", 5, "0x03")
        assert paged == [shown(bytes((n,))) for n in range(4, 9)]
        missing = await desk.ask("state_getChildReadProof", shown(CHILD_PREFIX + b"other"), ["0x03"])
        assert proved(root, missing["proof"], [CHILD_PREFIX + b"other"]) == [None]
        assert (await desk.refusal("state_getChildReadProof", "0x1234", ["0x03"])).code == -32602


async def test_keys_come_in_pages():
    """All of a prefix in order, each once, in pages that begin behind a key."""
    async with serving() as desk:
        prefix = item_prefix("System", "Account")
        wanted = [shown(key) for key, _ in desk.chain.head.state.pairs(prefix)]
        got = []
        while page := await desk.ask("state_getKeysPaged", shown(prefix), 4, got[-1] if got else None):
            assert len(page) <= 4
            got += page
        assert got == wanted == await desk.ask("state_getKeys", shown(prefix))
        assert dict(await desk.ask("state_getPairs", shown(prefix))).keys() == set(wanted)
        assert (await desk.refusal("state_getKeysPaged", "0x", 1001)).code == 4002
        assert len(await desk.ask("state_getKeysPaged", None, 1000)) > len(wanted)


async def test_sizes_and_hashes_of_values():
    """Of one value, and of all under a prefix."""
    async with serving() as desk:
        key = account_key(desk, ALICE)
        value = desk.chain.head.state.get(key)
        assert await desk.ask("state_getStorageSize", shown(key)) == len(value)
        assert await desk.ask("state_getStorageHash", shown(key)) == shown(blake2b_256(value))
        prefix = item_prefix("System", "Account")
        sizes = [len(value) for _, value in desk.chain.head.state.pairs(prefix)]
        assert await desk.ask("state_getStorageSize", shown(prefix)) == sum(sizes)
        assert await desk.ask("state_getStorageSize", "0x1234") is await desk.ask("state_getStorageHash", "0x1234")


async def test_several_keys_at_once():
    """At one block in the form of a change; over blocks only what changed."""
    async with serving() as desk:
        keys = [shown(account_key(desk, ALICE)), shown(account_key(desk, BOB))]
        await desk.blocks(1)
        await desk.ask("author_submitExtrinsic", desk.transfer())
        await desk.final(2)
        (now,) = await desk.ask("state_queryStorageAt", keys)
        assert hash_of(now["block"]) == desk.chain.head.hash
        assert dict(now["changes"]) == {key: await desk.ask("state_getStorage", key) for key in keys}
        first, last = [shown(desk.chain.block_at(number).hash) for number in (0, 2)]
        told = await desk.ask("state_queryStorage", keys, first, last)
        assert [hash_of(one["block"]) for one in told] == [desk.chain.block_at(number).hash for number in (0, 2)]
        assert dict(told[-1]["changes"]) == dict(now["changes"])
        assert (await desk.refusal("state_queryStorage", keys, last, first)).code == 4002


async def test_a_query_over_blocks_has_a_bound(monkeypatch):
    """In keys times blocks, at the limit and above."""
    async with serving() as desk:
        await desk.blocks(2)
        monkeypatch.setattr(state, "QUERY_READS_MAX", 6)
        first = shown(desk.chain.genesis.hash)
        assert await desk.ask("state_queryStorage", ["0x1234", "0x5678"], first)
        assert (await desk.refusal("state_queryStorage", ["0x1234", "0x5678", "0x"], first)).code == 4002


async def test_storage_is_told_when_it_changes():
    """All of it at first, then only what is another; nothing for a block that changes none of it."""
    async with serving() as desk:
        alice, bob = (shown(account_key(desk, account)) for account in (ALICE, BOB))
        subscription = await desk.ask("state_subscribeStorage", [alice, bob, "0x1234"])
        first = await desk.client.told(subscription)
        assert [key for key, _ in first["changes"]] == [alice, bob, "0x1234"]
        assert dict(first["changes"])["0x1234"] is None
        await desk.blocks(1)
        await desk.ask("author_submitExtrinsic", desk.transfer(ALICE, ALICE))
        second = await desk.client.told(subscription)
        assert hash_of(second["block"]) == desk.chain.block_at(2).hash
        assert [key for key, _ in second["changes"]] == [alice]
        await desk.blocks(1)
        assert await desk.client.quiet(), "a change is told once"
        assert await desk.ask("state_unsubscribeStorage", subscription) is True
        assert (await desk.refusal("state_subscribeStorage")).code == -32602


@pytest.mark.parametrize("profile", [sdk_profile(), dev_profile()], ids=["sdk", "dev"])
async def test_the_runtime_says_what_it_is(profile):
    """Its version, by any of its names, and when subscribed; its metadata of version 14."""
    async with serving(profile) as desk:
        version = await desk.ask("state_getRuntimeVersion")
        assert (version["specName"], version["specVersion"]) == ("node", profile.version.spec_version)
        assert version["transactionVersion"] == profile.version.transaction_version
        assert ["0xdf6acb689907609b", 5] in version["apis"]
        assert await desk.ask("chain_getRuntimeVersion") == version
        subscription = await desk.ask("state_subscribeRuntimeVersion")
        assert await desk.client.told(subscription) == version
        metadata = parse_metadata(bytes_of(await desk.ask("state_getMetadata")))
        assert [pallet.name for pallet in metadata.pallets] == [pallet.name for pallet in profile.pallets]


async def test_blocks_that_are_unknown_or_too_old():
    """Each is said in a node's words; genesis is always kept."""
    async with serving(keep=Keep(2, 512)) as desk:
        await desk.blocks(5)
        key = shown(account_key(desk, ALICE))
        unknown = await desk.refusal("state_getStorage", key, "0x" + "11" * 32)
        assert (unknown.code, "UnknownBlock" in unknown.message) == (4003, True)
        old = await desk.refusal("state_getReadProof", [key], shown(desk.chain.block_at(2).hash))
        assert (old.code, "discarded" in old.message) == (4003, True)
        assert await desk.ask("state_getStorage", key, shown(desk.chain.genesis.hash))
        assert await desk.ask("state_getStorage", key, shown(desk.chain.block_at(4).hash))
