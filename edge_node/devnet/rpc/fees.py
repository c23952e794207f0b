"""What an extrinsic would cost, in the two forms clients ask for."""

from edge_node.chain_light.extensions import terms_of
from edge_node.chain_light.extrinsic import decode_extrinsic
from edge_node.chain_light.values import Chosen, Value
from edge_node.devnet.pallets.transaction_payment import BYTE_FEE
from edge_node.devnet.runtime.fees import BASE_WEIGHT, CALL_WEIGHT, fee_of
from edge_node.devnet.runtime.form import Form


def dispatch_info(form: Form, raw: bytes, length: int) -> dict[str, Value]:
    """A RuntimeDispatchInfo: weight, class, and the fee without the tip; errors as decode_extrinsic."""
    signed = decode_extrinsic(form.metadata, raw).signed
    return {
        "weight": {"ref_time": CALL_WEIGHT, "proof_size": 0},
        "class": Chosen("Normal" if signed else "Mandatory"),
        "partial_fee": fee_of(length) if signed else 0,
    }


def fee_details(form: Form, raw: bytes, length: int) -> dict[str, Value]:
    """A FeeDetails: the fee's parts, and the tip; errors as decode_extrinsic."""
    signed = decode_extrinsic(form.metadata, raw).signed
    if signed is None:
        return {"inclusion_fee": None, "tip": 0}
    parts: dict[str, Value] = {
        "base_fee": BASE_WEIGHT,
        "len_fee": BYTE_FEE * length,
        "adjusted_weight_fee": CALL_WEIGHT,
    }
    return {"inclusion_fee": parts, "tip": terms_of(signed.extra).tip}
