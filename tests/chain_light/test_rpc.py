"""Every question as a Substrate node is asked it, over a real socket; odd answers are told for what they are."""

import json

import pytest
import trio

from edge_node.base.ids import Hash256
from edge_node.chain_light.header import hash_header, json_of_header
from edge_node.chain_light.rpc import connect
from edge_node.chain_light.source import Source
from edge_node.chain_light.source_errors import (
    EndpointGone,
    EndpointRefused,
    EndpointUnreachable,
    MalformedAnswer,
    MethodMissing,
    OtherHeader,
)
from edge_node.chain_light.spec import Endpoint
from tests.chain_light.endpoint_rig import BEST, FINAL, GENESIS, Rig, certificate, connected, header_at, notice, serving

A, B = Hash256(b"\xaa" * 32), Hash256(b"\xbb" * 32)


async def test_a_source_is_what_the_light_client_asks():
    """It has the port's questions, its url, its group, and says why it ended."""
    async with serving(Rig()) as rig, connected(rig) as source:
        port: Source = source
        assert (port.url, port.group) == (rig.url, "one")
        assert {name for name in vars(Source) if not name.startswith("_")} <= set(dir(source))
        assert source.ending is None


async def test_heads_and_hashes():
    """Genesis and heights are one call with a list; a header is hashed again."""
    async with serving(Rig()) as rig, connected(rig) as source:
        assert await source.genesis() == GENESIS
        assert await source.block_hashes([0, 9]) == [GENESIS, None]
        assert await source.block_hashes([]) == []
        assert await source.finalized() == hash_header(FINAL)
        assert await source.header(hash_header(FINAL)) == FINAL
        assert await source.header() == BEST
        assert await source.header(A) is None
    assert rig.asked == [
        ("chain_getBlockHash", [[0]]),
        ("chain_getBlockHash", [[0, 9]]),
        ("chain_getFinalizedHead", []),
        ("chain_getHeader", [f"0x{hash_header(FINAL)}"]),
        ("chain_getHeader", []),
        ("chain_getHeader", [f"0x{A}"]),
    ]


async def test_another_header_than_was_asked_for_is_refused():
    """Whatever it is: only its hash makes it the block's."""
    async with serving(Rig()) as rig, connected(rig) as source:
        rig.table["chain_getHeader"] = json_of_header(header_at(7))
        with pytest.raises(OtherHeader) as caught:
            await source.header(A)
        assert (caught.value.wanted, caught.value.got) == (A, hash_header(header_at(7)))


async def test_an_endpoint_without_a_first_block():
    """It has no chain yet."""
    async with serving(Rig()) as rig, connected(rig) as source:
        rig.table["chain_getBlockHash"] = [None]
        with pytest.raises(EndpointRefused):
            await source.genesis()


async def test_a_value_at_many_blocks_is_one_batch():
    """64 calls in one message at most; answers in any order."""
    async with serving(Rig()) as rig, connected(rig) as source:
        messages = []

        async def answer_backwards(socket, calls, batch):
            messages.append(len(calls))
            await socket.send_message(json.dumps([rig.form(call) for call in calls][:: -1 if batch else 1]))

        rig.table["state_getStorage"] = lambda key, block: None if block == f"0x{'00' * 32}" else block[:6]
        rig.reply = answer_backwards
        blocks = [Hash256(bytes([number]) * 32) for number in range(66)]
        values = await source.storage(b"\x26", blocks)
        assert values == [None, *(bytes([number]) * 2 for number in range(1, 66))]
        assert messages == [64, 2]
        assert rig.asked[0] == ("state_getStorage", ["0x26", f"0x{blocks[0]}"])
        assert await source.storage(b"\x26", []) == []


async def test_finality_proofs_keys_metadata():
    """Methods and parameters are those of polkadot-sdk, and so are the answers' forms."""
    async with serving(Rig()) as rig, connected(rig) as source:
        rig.table |= {
            "grandpa_proveFinality": lambda number: "0x0102" if number == 5 else None,
            "state_getReadProof": lambda keys, at: {"at": at, "proof": keys},
            "state_getChildReadProof": lambda child, keys, at: {"at": at, "proof": [child, *keys]},
            "state_getKeysPaged": lambda prefix, count, start, at: [prefix + "01", prefix + "02"][:count],
            "state_getMetadata": "0x6d657461",
            "author_submitExtrinsic": f"0x{B}",
        }
        assert [await source.finality(5), await source.finality(6)] == [b"\x01\x02", None]
        assert await source.proof(A, [b"\x01", b"\x02"]) == [b"\x01", b"\x02"]
        assert await source.child_proof(A, b"\xcc", [b"\x01"]) == [b":child_storage:default:\xcc", b"\x01"]
        assert await source.keys_under(A, b"\x26", None, 2) == [b"\x26\x01", b"\x26\x02"]
        assert await source.keys_under(A, b"\x26", b"\x26\x00", 5_000) == [b"\x26\x01", b"\x26\x02"]
        assert await source.metadata(A) == b"meta"
        assert await source.submit(b"\x84") == B
    assert [params for method, params in rig.asked if method == "state_getKeysPaged"] == [
        ["0x26", 2, None, f"0x{A}"],
        ["0x26", 1_000, "0x2600", f"0x{A}"],
    ]


async def test_what_cannot_be_proved_yet_is_none():
    """GRANDPA's own code says so; any other refusal is told."""
    async with serving(Rig()) as rig, connected(rig) as source:
        rig.table["grandpa_proveFinality"] = {"error": {"code": 4, "message": "Block not yet finalized"}}
        assert await source.finality(9) is None
        rig.table["grandpa_proveFinality"] = {"error": {"code": 1, "message": "not ready"}}
        with pytest.raises(EndpointRefused, match="not ready"):
            await source.finality(9)


async def test_a_method_that_is_not_offered_is_told():
    """So that another endpoint is asked, and the operator knows what this one lacks."""
    async with serving(Rig()) as rig, connected(rig) as source:
        with pytest.raises(MethodMissing, match="state_getMetadata"):
            await source.metadata(A)
        with pytest.raises(MethodMissing, match="grandpa_subscribeJustifications"):
            async with source.justifications():
                pass
        assert await source.genesis() == GENESIS


async def test_a_wrong_form_is_the_calls_alone():
    """What does not read as its method's result is refused; the connection goes on."""
    async with serving(Rig()) as rig, connected(rig) as source:
        rig.table |= {"state_getMetadata": 7, "state_getReadProof": {"at": f"0x{B}", "proof": []}}
        with pytest.raises(MalformedAnswer):
            await source.metadata(A)
        with pytest.raises(MalformedAnswer, match="another block"):
            await source.proof(A, [b""])
        assert await source.genesis() == GENESIS


async def test_a_stream_of_justifications():
    """Ended, the node is told."""
    async with serving(Rig()) as rig, connected(rig) as source:
        rig.table |= {"grandpa_subscribeJustifications": "id", "grandpa_unsubscribeJustifications": True}
        async with source.justifications() as justifications:
            await rig.sockets[0].send_message(notice("chain_newHead", "id", {}))
            await rig.sockets[0].send_message(notice("grandpa_justifications", "id", "0x0a0b"))
            assert await justifications.receive() == b"\x0a\x0b"
        while len(rig.asked) < 2:
            await trio.sleep(0.005)
    assert rig.asked[1:] == [("grandpa_unsubscribeJustifications", ["id"])]


async def test_over_tls_names_and_certificates_are_checked(tmp_path):
    """An authority that nobody knows is named; one that is trusted carries the same questions."""
    server, client = certificate(tmp_path)
    async with serving(Rig(), server) as rig:
        async with connected(rig, client) as source:
            assert await source.genesis() == GENESIS
        with pytest.raises(EndpointUnreachable, match=r"certificate is not trusted: self.signed"):
            await connect(rig.endpoint())
        other = Endpoint(url=rig.url.replace("127.0.0.1", "localhost"), group="one")
        with pytest.raises(EndpointUnreachable, match=r"certificate is not trusted: .*localhost"):
            await connect(other, tls=client)


async def test_a_closed_source_tells_those_who_wait():
    """With the words of who closed it, and once is enough."""
    async with serving(Rig()) as rig, connected(rig) as source:
        rig.reply = lambda *_: trio.sleep(0)

        async def wait() -> None:
            with pytest.raises(EndpointGone, match="the clock jumped"):
                await source.genesis()

        async with trio.open_nursery() as nursery:
            nursery.start_soon(wait)
            await trio.testing.wait_all_tasks_blocked(0.01)
            source.close("the clock jumped")
            source.close("again")
        await source.wait_ended()
        assert "the clock jumped" in str(source.ending)
        with pytest.raises(EndpointGone, match="the clock jumped"):
            await source.finalized()
