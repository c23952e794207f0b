"""Why an extrinsic does not come into a block at all (Substrate, InvalidTransaction and UnknownTransaction)."""

from collections.abc import Mapping
from types import MappingProxyType

from edge_node.base.errors import Refusal
from edge_node.devnet.errors import DevnetError

# What a real node says of each, which clients show to people.
REASONS: Mapping[str, str] = MappingProxyType(
    {
        "Payment": "Inability to pay some fees (e.g. account balance too low)",
        "Future": "Transaction will be valid in the future",
        "Stale": "Transaction is outdated",
        "BadProof": "Transaction has a bad signature",
        "AncientBirthBlock": "Transaction has an ancient birth block",
        "ExhaustsResources": "Transaction would exhaust the block limits",
        "CannotLookup": "Could not lookup information required to validate the transaction",
        "NoUnsignedValidator": "Could not find an unsigned validator for the unsigned transaction",
    }
)


class InvalidExtrinsic(DevnetError, Refusal):
    """An extrinsic is not valid on this chain now; `kind` names the rule, nothing was changed."""

    slug = "invalid-extrinsic"
    remedy = "Sign anew for this chain with the account's next nonce, and see that it can pay the fee."

    def __init__(self, kind: str) -> None:
        self.kind = kind
        super().__init__(REASONS[kind])

    @property
    def waits(self) -> bool:
        """Whether it may become valid by waiting for others."""
        return self.kind in ("Future", "ExhaustsResources")
