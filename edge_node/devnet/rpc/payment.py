"""`payment_*`: what an extrinsic would cost."""

from collections.abc import Mapping
from typing import Any, Final

from edge_node.base.ids import Hash256
from edge_node.devnet.rpc.fees import dispatch_info, fee_details
from edge_node.devnet.rpc.method import Method
from edge_node.devnet.rpc.params import Optional, block_hash, hex_bytes
from edge_node.devnet.rpc.served import Served


def query_info(served: Served, raw: bytes, _at: Hash256 | None) -> object:
    """Weight, class and fee; numbers that do not fit in JSON's as text."""
    info: Any = dispatch_info(served.form, raw, len(raw))
    weight = {"refTime": info["weight"]["ref_time"], "proofSize": info["weight"]["proof_size"]}
    return {"weight": weight, "class": info["class"].name.lower(), "partialFee": str(info["partial_fee"])}


def query_fee_details(served: Served, raw: bytes, _at: Hash256 | None) -> object:
    """The fee's parts, in hex as real nodes answer."""
    parts: Any = fee_details(served.form, raw, len(raw))["inclusion_fee"]
    if parts is None:
        return {"inclusionFee": None}
    names = {"baseFee": "base_fee", "lenFee": "len_fee", "adjustedWeightFee": "adjusted_weight_fee"}
    return {"inclusionFee": {shown: hex(parts[name]) for shown, name in names.items()}}


_PARAMS: Final = (hex_bytes, Optional(block_hash))
METHODS: Final[Mapping[str, Method]] = {
    "payment_queryInfo": Method(query_info, _PARAMS),
    "payment_queryFeeDetails": Method(query_fee_details, _PARAMS),
}
