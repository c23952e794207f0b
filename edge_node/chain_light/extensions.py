"""What an extrinsic's signed extensions hold, by their identifiers: which there are and in what order says metadata."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from edge_node.base.errors import Refusal
from edge_node.base.ids import Hash256
from edge_node.chain_light.codec import decode_value, encode_value
from edge_node.chain_light.era import IMMORTAL, Era, era_of, era_value
from edge_node.chain_light.errors import BadAnswer, ChainError
from edge_node.chain_light.metadata import Metadata
from edge_node.chain_light.shapes import takes_no_bytes
from edge_node.chain_light.values import Chosen, Value
from edge_node.wire.scale import Scale


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a signer decides: the account's next nonce, a tip in planck, and how long the extrinsic is valid."""

    nonce: int
    tip: int = 0
    era: Era = IMMORTAL


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainFacts:
    """What is signed but not sent: which chain and runtime, and the block at which the era begins (else genesis)."""

    genesis: Hash256
    spec_version: int
    transaction_version: int
    era_block: Hash256


class UnknownExtension(ChainError, Refusal):
    """The runtime wants an extension of which it is not known what it holds: signing blind is refused."""

    slug = "unknown-signed-extension"
    status = 501
    remedy = "Update the node: this runtime's extrinsics hold something that this release does not know."

    def __init__(self, identifier: str) -> None:
        self.identifier = identifier
        super().__init__(f"the runtime wants the signed extension {identifier}, which is not known here")


class TermsMissing(BadAnswer):
    """An extrinsic's extensions do not hold what is asked of them."""

    slug = "extrinsic-terms-missing"

    def __init__(self, what: str) -> None:
        self.what = what
        super().__init__(f"the extrinsic does not say its {what}")


_EXTRA: Final[Mapping[str, Callable[[Terms], Value]]] = {
    "CheckMortality": lambda terms: era_value(terms.era),
    "CheckEra": lambda terms: era_value(terms.era),  # its name before 2021
    "CheckNonce": lambda terms: terms.nonce,
    "ChargeTransactionPayment": lambda terms: terms.tip,
    "ChargeAssetTxPayment": lambda terms: {"tip": terms.tip, "asset_id": None},  # paid in the chain's own token
    "CheckMetadataHash": lambda _: {"mode": Chosen("Disabled")},
}
_ADDITIONAL: Final[Mapping[str, Callable[[ChainFacts], Value]]] = {
    "CheckSpecVersion": lambda facts: facts.spec_version,
    "CheckTxVersion": lambda facts: facts.transaction_version,
    "CheckGenesis": lambda facts: facts.genesis,
    "CheckMortality": lambda facts: facts.era_block,
    "CheckEra": lambda facts: facts.era_block,
    "CheckMetadataHash": lambda _: None,
}


def write_extra(metadata: Metadata, terms: Terms) -> bytes:
    """What the extensions send with the extrinsic; UnknownExtension for one that holds what is not known here."""
    parts = []
    for extension in metadata.extrinsic.extensions:
        if not takes_no_bytes(metadata.registry, extension.extra):
            if extension.identifier not in _EXTRA:
                raise UnknownExtension(extension.identifier)
            parts.append(encode_value(metadata.registry, extension.extra, _EXTRA[extension.identifier](terms)))
    return b"".join(parts)


def write_additional(metadata: Metadata, facts: ChainFacts) -> bytes:
    """What the extensions have signed besides; UnknownExtension as `write_extra`."""
    parts = []
    for extension in metadata.extrinsic.extensions:
        if not takes_no_bytes(metadata.registry, extension.additional):
            if extension.identifier not in _ADDITIONAL:
                raise UnknownExtension(extension.identifier)
            value = _ADDITIONAL[extension.identifier](facts)
            parts.append(encode_value(metadata.registry, extension.additional, value))
    return b"".join(parts)


def read_extra(metadata: Metadata, scale: Scale) -> dict[str, Value]:
    """What an extrinsic's extensions hold, by identifier; those that hold nothing are left out."""
    registry = metadata.registry
    return {
        extension.identifier: decode_value(registry, extension.extra, scale)
        for extension in metadata.extrinsic.extensions
        if not takes_no_bytes(registry, extension.extra)
    }


def terms_of(extra: Mapping[str, Value]) -> Terms:
    """What the signer decided; TermsMissing when the chain's extensions do not say all of it."""
    charged = extra.get("ChargeTransactionPayment", extra.get("ChargeAssetTxPayment"))
    if isinstance(charged, dict):
        charged = charged.get("tip")
    nonce, era = extra.get("CheckNonce"), extra.get("CheckMortality", extra.get("CheckEra"))
    if not isinstance(nonce, int):
        raise TermsMissing("nonce")
    if not isinstance(charged, int):
        raise TermsMissing("tip")
    if era is None:
        raise TermsMissing("era")
    return Terms(nonce=nonce, tip=charged, era=era_of(era))
