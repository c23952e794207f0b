"""What an extrinsic carries and signs beside its call, in order (Cere, runtime facts of both lines)."""

from dataclasses import dataclass

from edge_node.devnet.pallets.shape import TypeShape, struct

UNIT = "()"


@dataclass(frozen=True, slots=True)
class Extension:
    """One transaction extension: `carried` stands in the extrinsic, `signed` is covered by the signature alone."""

    identifier: str
    carried: TypeShape
    signed: str


_CHECKS = "frame_system::extensions::"


def _extension(identifier: str, path: str, carried: str = "", signed: str = UNIT) -> Extension:
    return Extension(identifier, struct(path, carried), signed)


EXTENSIONS = (
    _extension("AuthorizeCall", f"{_CHECKS}authorize_call::AuthorizeCall"),
    _extension("CheckNonZeroSender", f"{_CHECKS}check_non_zero_sender::CheckNonZeroSender"),
    _extension("CheckSpecVersion", f"{_CHECKS}check_spec_version::CheckSpecVersion", signed="u32"),
    _extension("CheckTxVersion", f"{_CHECKS}check_tx_version::CheckTxVersion", signed="u32"),
    _extension("CheckGenesis", f"{_CHECKS}check_genesis::CheckGenesis", signed="H256"),
    _extension("CheckMortality", f"{_CHECKS}check_mortality::CheckMortality", "Era", signed="H256"),
    _extension("CheckNonce", f"{_CHECKS}check_nonce::CheckNonce", "Compact<Nonce>"),
    _extension("CheckWeight", f"{_CHECKS}check_weight::CheckWeight"),
    _extension("ChargeTransactionPayment", "pallet_transaction_payment::ChargeTransactionPayment", "Compact<Balance>"),
    _extension("WeightReclaim", f"{_CHECKS}weight_reclaim::WeightReclaim"),
)
