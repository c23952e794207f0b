"""Every question to a chain that is real in what a client sees, and each answer before its own verifier.

Lies are told by the chain's server itself: what its answers then meet is told apart by the verifiers, not by the rpc.
"""

from contextlib import asynccontextmanager

import pytest
import trio

from edge_node.base.clock import SystemClock
from edge_node.base.digests import blake2b_256
from edge_node.base.ids import Hash256
from edge_node.chain_light.anchor import Anchor, advance
from edge_node.chain_light.endpoints import Endpoints
from edge_node.chain_light.extrinsic import extrinsic_hash
from edge_node.chain_light.finality_proof import decode_finality_proof, verify_finality_proof
from edge_node.chain_light.grandpa import AuthoritySet, decode_justification, verify_justification
from edge_node.chain_light.header import hash_header
from edge_node.chain_light.metadata_bytes import parse_metadata
from edge_node.chain_light.rpc import connect
from edge_node.chain_light.source_errors import (
    AnswerTooLarge,
    EndpointGone,
    EndpointRefused,
    EndpointSilent,
    MalformedAnswer,
    NoEndpoint,
    OtherHeader,
)
from edge_node.chain_light.spec import Endpoint
from edge_node.chain_light.status import Verdict
from edge_node.chain_light.storage_key import item_prefix
from edge_node.chain_light.trie_proof import Absent, Incomplete, PrefixFound, Present, Proof
from edge_node.devnet.rpc import serve_rpc
from tests.devnet.rpc.desk import bytes_of, serving

SET_ID = bytes(item_prefix("Grandpa", "CurrentSetId"))
ABSENT = b"\x01" * 32


@asynccontextmanager
async def asked(**how):
    """A chain that is served, a Source that asks it, and the anchor at its first block."""
    async with serving(**how) as desk, trio.open_nursery() as nursery:
        endpoint = Endpoint(url=desk.server.url, group="devnet")

        async def carry(task_status: trio.TaskStatus) -> None:
            await connect(endpoint, task_status=task_status)

        source = await nursery.start(carry)
        first = desk.chain.block_at(0).header
        yield desk, source, Anchor(first, AuthoritySet(0, desk.chain.voters.current.authorities))
        nursery.cancel_scope.cancel()


async def proved_header(source, anchor, number):
    """The anchor at what a finality proof for `number` proves."""
    raw = await source.finality(number)
    header = await source.header(decode_finality_proof(raw).block)
    return verify_finality_proof(anchor, raw, header=header)


async def test_the_way_to_the_newest_final_block_is_proved():
    """Genesis, hashes, headers, and a finality proof that leads from the first block on."""
    async with asked() as (desk, source, anchor):
        assert await source.genesis() == anchor.hash
        await desk.blocks(5)
        head = await source.finalized()
        header = await source.header(head)
        assert (hash_header(header), header.number) == (head, 5)
        assert await source.block_hashes([0, 5, 6]) == [anchor.hash, head, None]
        assert (await source.header()).number >= 5
        assert await source.header(Hash256(ABSENT)) is None
        assert (await proved_header(source, anchor, 1)).hash == head
        assert await source.finality(6) is None


async def test_hand_offs_are_found_and_proved():
    """Sets change every four blocks: CurrentSetId at many blocks at once, a finality proof for a set's last."""
    async with asked(set_every=4) as (desk, source, anchor):
        await desk.blocks(10)
        hashes = await source.block_hashes(range(11))
        ids = [int.from_bytes(value or b"", "little") for value in await source.storage(SET_ID, hashes)]
        assert ids == sorted(ids)
        lasts = [4, 8]
        for last in lasts:
            anchor = await proved_header(source, anchor, anchor.header.number + 1)
            assert anchor.hash == hashes[last]
        assert (anchor.header.number, anchor.voters.id) == (8, 2)
        assert (await proved_header(source, anchor, 9)).hash == hashes[10]


async def test_state_is_proved_against_the_final_root():
    """A value, an absence, and all keys under a prefix; one page of hints says what to ask for."""
    async with asked() as (desk, source, _anchor):
        block = (await desk.blocks(1)).header
        head = hash_header(block)
        accounts = bytes(item_prefix("System", "Account"))
        keys = await source.keys_under(head, accounts, None, 1_000)
        assert len(keys) > 3
        assert await source.keys_under(head, accounts, keys[1], 2) == keys[2:4]
        proof = Proof(await source.proof(head, [*keys, accounts + ABSENT]))
        values = await source.storage(keys[0], [head])
        assert proof.read(block.state_root, keys[0]) == Present(values[0])
        assert proof.read(block.state_root, accounts + ABSENT) == Absent()
        found = proof.keys_under(block.state_root, accounts)
        assert isinstance(found, PrefixFound)
        assert [key for key, _ in found.pairs] == keys
        assert isinstance(Proof([]).read(block.state_root, keys[0]), Incomplete)


async def test_a_child_trie_is_proved():
    """By its id without the prefix that the state has it under."""
    async with asked() as (desk, source, _anchor):
        block = (await desk.blocks(1)).header
        proof = Proof(await source.child_proof(hash_header(block), b"shelf", [b"\x03", b"\x99"]))
        assert proof.read_child(block.state_root, b"shelf", b"\x03") == Present(b"\x03" * 40)
        assert proof.read_child(block.state_root, b"shelf", b"\x99") == Absent()
        proof.require_all_used()


async def test_metadata_is_told():
    """A hint: it reads as what the chain encodes with."""
    async with asked() as (desk, source, _anchor):
        head = await source.finalized()
        raw = await source.metadata(head)
        assert len(parse_metadata(raw).pallets) == len(desk.chain.form.metadata.pallets)
        with pytest.raises(EndpointRefused):
            await source.metadata(Hash256(ABSENT))


async def test_an_extrinsic_is_sent_and_a_refusal_told_with_its_reason():
    """Its hash is the one we compute; sent again, the node says why not."""
    async with asked() as (desk, source, _anchor):
        raw = bytes_of(desk.transfer())
        assert await source.submit(raw) == extrinsic_hash(raw)
        await desk.final(1)
        with pytest.raises(EndpointRefused) as caught:
            await source.submit(raw)
        assert "author_submitExtrinsic was refused with 101" in str(caught.value)
        assert caught.value.words


async def test_justifications_come_as_they_are_made():
    """Each verifies against the set."""
    async with asked() as (desk, source, anchor):
        async with source.justifications() as justifications:
            block = await desk.blocks(1)
            with trio.fail_after(20):
                justification = decode_justification(await justifications.receive())
            header = block.header
            verify_justification(justification, anchor.voters)
            assert justification.target_hash == hash_header(header)
            assert advance(anchor, [header], justification).header.number == 1
        assert await source.genesis() == anchor.hash
        with trio.fail_after(20):
            while desk.server.subscriptions:
                await trio.sleep(0.01)


# --- an endpoint that lies


async def test_a_lying_header_is_refused_here():
    """Its hash is another."""
    async with asked() as (desk, source, _anchor):
        block = await desk.blocks(1)
        desk.server.lies.tell("wrong-header")
        with pytest.raises(OtherHeader):
            await source.header(hash_header(block.header))


@pytest.mark.parametrize("lie", ["wrong-proof", "short-proof"])
async def test_a_lying_proof_proves_nothing(lie):
    """Not absence, and no other value: it is incomplete, which is the endpoint's fault."""
    async with asked() as (desk, source, _anchor):
        block = (await desk.blocks(1)).header
        desk.server.lies.tell(lie)
        key = b":code"
        proof = Proof(await source.proof(hash_header(block), [key]))
        assert isinstance(proof.read(block.state_root, key), Incomplete)


async def test_huge_silent_and_ended_are_told_apart():
    """Too large is the endpoint's fault, silence has its end, and an end is told."""
    async with asked() as (desk, source, _anchor):
        desk.server.lies.tell("silent")
        with trio.move_on_after(0.1):
            await source.genesis()
        with pytest.raises(EndpointSilent):
            await source._ask(bytes, "chain_getHeader", within_s=0.05)
        desk.server.lies.stop()
        desk.server.lies.tell("hangs-up")
        with pytest.raises(EndpointGone):
            await source.genesis()
    async with asked() as (desk, source, anchor):
        desk.server.lies.tell("huge")
        with pytest.raises(AnswerTooLarge):
            await source.metadata(anchor.hash)
        assert isinstance(source.ending, AnswerTooLarge)


async def test_of_two_servers_the_honest_one_answers():
    """Who lies about a proof is refused and banned, and the other's value taken; who changes its chain is out too."""
    async with serving() as desk, trio.open_nursery() as nursery:
        liar = await nursery.start(serve_rpc, desk.service)
        named = [Endpoint(url=liar.url, group="liar"), Endpoint(url=desk.server.url, group="honest")]
        pool = Endpoints(named, clock=SystemClock(), random=bytes)
        block = (await desk.blocks(1)).header
        liar.lies.tell("short-proof")
        await nursery.start(pool.run)
        with trio.fail_after(20):
            while len(pool.sources()) < 2:
                await pool.wait_change()
        pool._leader = liar.url

        def verify(nodes):
            found = Proof(nodes).read(block.state_root, SET_ID)
            if isinstance(found, Incomplete):
                raise MalformedAnswer("incomplete")
            return found

        assert await pool.ask(lambda source: source.proof(hash_header(block), [SET_ID]), verify) == Present(bytes(8))
        assert [status.verdict for status in pool.statuses()] == [Verdict.BANNED, Verdict.USABLE]
        assert pool.groups() == {"honest"}
        desk.server.lies.tell("other-genesis")
        pool.drop_all("try again")
        with trio.fail_after(20):
            while pool.statuses()[1].verdict is not Verdict.BANNED:
                await pool.wait_change()
        assert "its chain begins with" in pool.statuses()[1].reason
        with pytest.raises(NoEndpoint):
            await pool.ask(lambda source: source.finalized(), blake2b_256)
        nursery.cancel_scope.cancel()
