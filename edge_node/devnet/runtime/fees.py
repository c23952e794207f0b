"""What an extrinsic costs and who gets it: weight by identity, a price for each byte, halves to treasury and author."""

from edge_node.devnet.pallets.transaction_payment import BYTE_FEE
from edge_node.devnet.runtime.accounts import give_fee
from edge_node.devnet.runtime.work import Work

# Picoseconds of a reference machine, which the identity fee takes as units of money: real ones are near these.
BASE_WEIGHT = 110_000_000
CALL_WEIGHT = 200_000_000
TREASURY = b"modlpy/trsry".ljust(32, b"\0")


def fee_of(length: int) -> int:
    """The fee of a signed extrinsic of `length` bytes, without its tip."""
    return BASE_WEIGHT + CALL_WEIGHT + BYTE_FEE * length


def share_fee(work: Work, author: bytes, amount: int) -> None:
    """Hand a fee out, tip included: half to the treasury, the rest to the block's author."""
    treasury = amount // 2
    give_fee(work, TREASURY, treasury)
    give_fee(work, author, amount - treasury)
