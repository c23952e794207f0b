"""`system_*` over a real socket."""

from edge_node import __version__
from edge_node.base.base58 import decode_base58
from edge_node.base.ss58 import format_ss58
from tests.devnet.rpc.desk import ALICE, BOB, serving, shown


async def test_what_a_node_says_of_itself():
    """What wallets and libraries ask for first."""
    async with serving() as desk:
        assert await desk.ask("system_chain") == "Cere Development"
        assert await desk.ask("system_chainType") == "Development"
        assert await desk.ask("system_version") == __version__
        assert "edge_node" in await desk.ask("system_name")
        properties = await desk.ask("system_properties")
        assert properties == {"ss58Format": 54, "tokenDecimals": 10, "tokenSymbol": "CERE"}
        assert await desk.ask("system_health") == {"peers": 0, "isSyncing": False, "shouldHavePeers": False}
        assert await desk.ask("system_nodeRoles") == ["Authority"]
        for name in ("system_peers", "system_reservedPeers", "system_localListenAddresses"):
            assert await desk.ask(name) == []
        assert (await desk.refusal("system_addReservedPeer", "/ip4/1.1.1.1")).code == 1000


async def test_its_peer_id_is_one():
    """An ed25519 key in libp2p's form."""
    async with serving() as desk:
        text = await desk.ask("system_localPeerId")
        assert text.startswith("12D3KooW")
        assert decode_base58(text, characters_max=60)[-32:] == desk.server.served.peer


async def test_where_it_stands():
    """The best block's number."""
    async with serving() as desk:
        await desk.blocks(3)
        assert await desk.ask("system_syncState") == {"startingBlock": 0, "currentBlock": 3, "highestBlock": 3}


async def test_the_next_nonce_counts_what_waits():
    """By an address of any network, under both names."""
    async with serving() as desk:
        await desk.ask("devnet_stopBlocks", True)
        for nonce in range(3):
            assert await desk.ask("system_accountNextIndex", format_ss58(ALICE.id, 42)) == nonce
            await desk.ask("author_submitExtrinsic", desk.transfer())
        assert await desk.ask("account_nextIndex", format_ss58(ALICE.id)) == 3
        assert await desk.ask("account_nextIndex", shown(BOB.id)) == 0
        assert (await desk.refusal("system_accountNextIndex", "nobody")).code == -32602


async def test_a_dry_run_changes_nothing():
    """It says whether an extrinsic is valid."""
    async with serving() as desk:
        sent = desk.transfer()
        assert await desk.ask("system_dryRun", sent) == await desk.ask("system_dryRunAt", sent) == "0x0000"
        assert (await desk.refusal("system_dryRun", desk.transfer(nonce=5))).code == 1010
        assert desk.chain.head.number == 0
