"""Money on its way out of a ledger: chunks that are due at a block, as stakes and deposits keep them."""

from typing import Any

from edge_node.devnet.pallets.balances import EXISTENTIAL_DEPOSIT

Ledger = dict[str, Any]


def start_unlocking(ledger: Ledger, amount: int, due: int) -> tuple[Ledger, int]:
    """The ledger with `amount` of its active part due at block `due`, and how much that came to.

    What would stay below the existential deposit goes too; what is due at the same block is one chunk.
    """
    amount = min(amount, ledger["active"])
    active = ledger["active"] - amount
    if active < EXISTENTIAL_DEPOSIT:
        amount, active = amount + active, 0
    chunks = [dict(chunk) for chunk in ledger["unlocking"]]
    if chunks and chunks[-1]["block"] == due:
        chunks[-1]["value"] += amount
    else:
        chunks.append({"value": amount, "block": due})
    return ledger | {"active": active, "unlocking": chunks}, amount


def settle_unlocked(ledger: Ledger, number: int) -> tuple[Ledger, int]:
    """The ledger without the chunks that are due at block `number`, and what they came to."""
    due = sum(chunk["value"] for chunk in ledger["unlocking"] if chunk["block"] <= number)
    later = [chunk for chunk in ledger["unlocking"] if chunk["block"] > number]
    return ledger | {"total": ledger["total"] - due, "unlocking": later}, due


def is_spent(ledger: Ledger) -> bool:
    """Whether nothing is left that would keep the ledger."""
    return not ledger["unlocking"] and ledger["active"] < EXISTENTIAL_DEPOSIT
