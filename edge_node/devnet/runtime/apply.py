"""What an extrinsic does in its block: nonce and fee first, then its call whole or not at all, then what it came to."""

from edge_node.chain_light.values import Chosen, Value
from edge_node.devnet.runtime.accounts import account_of, take_fee
from edge_node.devnet.runtime.fees import CALL_WEIGHT, share_fee
from edge_node.devnet.runtime.invalid import InvalidExtrinsic
from edge_node.devnet.runtime.origin import NOBODY, Origin
from edge_node.devnet.runtime.validity import Checked
from edge_node.devnet.runtime.work import Work


def apply_signed(work: Work, checked: Checked, author: bytes) -> None:
    """Carry out a checked extrinsic; `author` is the account of who writes the block. A refused call stays in it."""
    account = account_of(work, checked.signer)
    work.put("System", "Account", checked.signer, account | {"nonce": account["nonce"] + 1})
    if not take_fee(work, checked.signer, checked.cost):
        raise InvalidExtrinsic("Payment")
    refused = work.dispatch(Origin(checked.signer), checked.call)
    share_fee(work, author, checked.cost)
    # `actual_fee` holds the tip too, as on real chains.
    paid: dict[str, Value] = {"who": checked.signer, "actual_fee": checked.cost, "tip": checked.terms.tip}
    work.emit("TransactionPayment", "TransactionFeePaid", paid)
    info = _info("Normal", CALL_WEIGHT)
    if refused is None:
        work.emit("System", "ExtrinsicSuccess", {"dispatch_info": info})
    else:
        failure: dict[str, Value] = {"dispatch_error": work.form.error_value(refused), "dispatch_info": info}
        work.emit("System", "ExtrinsicFailed", failure)


def apply_inherent(work: Work, call: Chosen) -> None:
    """Carry out what the author writes; CallRefused is our own fault here."""
    work.carry_out(work, NOBODY, call)
    work.emit("System", "ExtrinsicSuccess", {"dispatch_info": _info("Mandatory", 0)})


def _info(kind: str, weight: int) -> dict[str, Value]:
    return {
        "weight": {"ref_time": weight, "proof_size": 0},
        "class": Chosen(kind),
        "pays_fee": Chosen("Yes"),
    }
