"""What is signed beside a call."""

from edge_node.devnet.pallets.extensions import EXTENSIONS


def test_the_order_is_that_of_the_chain():
    """Clients write what they carry in this order."""
    assert [one.identifier for one in EXTENSIONS] == [
        "AuthorizeCall", "CheckNonZeroSender", "CheckSpecVersion", "CheckTxVersion", "CheckGenesis", "CheckMortality",
        "CheckNonce", "CheckWeight", "ChargeTransactionPayment", "WeightReclaim",
    ]  # fmt: skip


def test_what_only_the_signature_covers():
    """Two versions, the genesis hash and the hash of the block that an era begins with."""
    signed = {one.identifier: one.signed for one in EXTENSIONS if one.signed != "()"}
    assert signed == {
        "CheckSpecVersion": "u32",
        "CheckTxVersion": "u32",
        "CheckGenesis": "H256",
        "CheckMortality": "H256",
    }
