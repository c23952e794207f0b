"""`state_call`: each answer is decoded by the type that the metadata gives it."""

import pytest

from edge_node.chain_light.codec import decode_whole
from edge_node.chain_light.metadata_bytes import parse_metadata, unwrap_metadata
from edge_node.devnet.pallets import dev_profile, sdk_profile
from edge_node.devnet.pallets.apis import APIS
from edge_node.devnet.pallets.babe import EPOCH_SLOTS
from edge_node.devnet.rpc.runtime_calls import CALLS
from edge_node.wire.scale import Scale, uint
from tests.devnet.rpc.desk import ALICE, bytes_of, serving, shown
from tests.devnet.runtime.stage import VALIDATORS


async def called(desk, api, method, arguments=b"", at=None):
    """An answer, decoded."""
    raw = bytes_of(await desk.ask("state_call", f"{api}_{method}", shown(arguments), at))
    metadata = desk.chain.form.metadata
    (output,) = [one.output for held in metadata.apis if held.name == api for one in held.methods if one.name == method]
    return decode_whole(metadata.registry, output, raw)


def test_what_is_described_is_answered():
    """No more and no less."""
    assert {f"{api.name}_{method.name}" for api in APIS for method in api.methods} == CALLS


@pytest.mark.parametrize("profile", [sdk_profile(), dev_profile()], ids=["sdk", "dev"])
async def test_metadata_in_every_version(profile):
    """The versions there are, each of them, none for another, and 14 under its old name."""
    async with serving(profile) as desk:
        versions = Scale(bytes_of(await desk.ask("state_call", "Metadata_metadata_versions", "0x")))
        assert [versions.u32() for _ in range(versions.length())] == [14, 15]
        for version in (14, 15):
            answer = bytes_of(await desk.ask("state_call", "Metadata_metadata_at_version", shown(uint(version, 4))))
            assert [one.name for one in parse_metadata(unwrap_metadata(answer)).pallets] == [
                one.name for one in profile.pallets
            ]
        assert await desk.ask("state_call", "Metadata_metadata_at_version", shown(uint(16, 4))) == "0x00"
        old = Scale(bytes_of(await desk.ask("state_call", "Metadata_metadata", "0x"))).blob(1 << 20)
        assert shown(old) == await desk.ask("state_getMetadata")


async def test_the_version_is_the_constant():
    """What the runtime answers is what its metadata holds."""
    async with serving() as desk:
        version = await called(desk, "Core", "version")
        metadata = desk.chain.form.metadata
        held = metadata.find_constant("System", "Version")
        assert decode_whole(metadata.registry, held.type, held.value) == version
        assert version["spec_version"] == desk.chain.form.profile.version.spec_version


async def test_nonces_and_fees():
    """At the block that is asked about; the fee is payment_queryInfo's."""
    async with serving() as desk:
        sent = bytes_of(desk.transfer(tip=9))
        arguments = sent + uint(len(sent), 4)
        info = await called(desk, "TransactionPaymentApi", "query_info", arguments)
        assert str(info["partial_fee"]) == (await desk.ask("payment_queryInfo", shown(sent)))["partialFee"]
        details = await called(desk, "TransactionPaymentApi", "query_fee_details", arguments)
        assert details["tip"] == 9
        await desk.ask("author_submitExtrinsic", shown(sent))
        await desk.final(1)
        assert await called(desk, "AccountNonceApi", "account_nonce", ALICE.id) == 1
        genesis = shown(desk.chain.genesis.hash)
        assert await called(desk, "AccountNonceApi", "account_nonce", ALICE.id, genesis) == 0


async def test_who_writes_and_who_votes():
    """As the state holds it: keys, weights, epochs, the set's id."""
    async with serving() as desk:
        await desk.ask("devnet_scheduleChange", 0)
        await desk.blocks(1)
        keys = [bytes(key) for key, _ in await called(desk, "GrandpaApi", "grandpa_authorities")]
        assert keys == [bytes(one.key) for one in desk.chain.voters.current.authorities]
        assert await called(desk, "GrandpaApi", "current_set_id") == 1
        configuration = await called(desk, "BabeApi", "configuration")
        assert [bytes(key) for key, _ in configuration["authorities"]] == [one.babe for one in VALIDATORS]
        assert (configuration["slot_duration"], configuration["allowed_slots"].name) == (
            6_000,
            "PrimaryAndSecondaryPlainSlots",
        )
        now, following = [await called(desk, "BabeApi", f"{which}_epoch") for which in ("current", "next")]
        assert now["start_slot"] == await called(desk, "BabeApi", "current_epoch_start")
        assert following["start_slot"] - now["start_slot"] == EPOCH_SLOTS
        assert following["epoch_index"] == 1


async def test_calls_that_nobody_answers():
    """An unknown one, and arguments that are too short or too long."""
    async with serving() as desk:
        unknown = await desk.refusal("state_call", "Core_execute_block", "0x")
        assert "not found" in unknown.message
        for name, arguments in (
            ("AccountNonceApi_account_nonce", "0x00"),
            ("Metadata_metadata_at_version", "0x0e00000000"),
            ("TransactionPaymentApi_query_info", "0x00"),
        ):
            refused = await desk.refusal("state_call", name, arguments)
            assert refused.code in (1001, 4003), refused
