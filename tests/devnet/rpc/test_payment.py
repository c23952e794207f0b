"""`payment_*` over a real socket: what was said before is what is paid."""

from tests.devnet.rpc.desk import ALICE, serving


async def test_the_fee_is_the_one_that_is_paid():
    """Without the tip, which the signer chose; in both forms."""
    async with serving() as desk:
        sent = desk.transfer(tip=7)
        info = await desk.ask("payment_queryInfo", sent)
        details = (await desk.ask("payment_queryFeeDetails", sent))["inclusionFee"]
        await desk.ask("author_submitExtrinsic", sent)
        await desk.final(1)
        (paid,) = [value for name, value in desk.stage.events(1) if name == "TransactionPayment.TransactionFeePaid"]
        assert paid["who"] == ALICE.id
        assert paid["actual_fee"] - 7 == int(info["partialFee"]) == sum(int(part, 16) for part in details.values())
        assert (info["class"], info["weight"]["proofSize"]) == ("normal", 0)


async def test_an_inherent_costs_nothing():
    """Nobody pays for what the author writes; bytes that are no extrinsic have no price."""
    async with serving() as desk:
        await desk.blocks()
        inherent = f"0x{desk.chain.block_at(1).extrinsics[0].hex()}"
        assert (await desk.ask("payment_queryInfo", inherent))["partialFee"] == "0"
        assert (await desk.ask("payment_queryFeeDetails", inherent))["inclusionFee"] is None
        assert (await desk.refusal("payment_queryInfo", "0x1234")).code == 1001
