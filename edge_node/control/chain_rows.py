"""GET /v1/chain: what the light client tells of itself, in the field names of docs/specs/control.md (pure)."""

from typing import TYPE_CHECKING, Any, Final

from edge_node.base.ids import Hash256
from edge_node.chain_light.source_errors import place_of
from edge_node.chain_light.status import ChainStatus, EndpointStatus, FinalBlock, RuntimeStatus

if TYPE_CHECKING:  # a node that follows no chain loads nothing of it
    from edge_node.chain_light.anchor import Anchor
    from edge_node.chain_light.authorities import Authority

Row = dict[str, Any]

OFF: Final = "off"
OFF_REASON: Final = "no network is set, so no chain is followed"
OFF_REMEDY: Final = "Set chain.network, or chain.spec_file, and start the node again (docs/how-to/follow-a-chain.md)."

# What changes with the clock alone: a reader reckons it from the times that stand beside it.
_AGES: Final = frozenset({"age_ms"})


def chain_document(status: ChainStatus | None) -> Row:
    """The whole document; None where no chain is followed, which has the same fields."""
    if status is None:
        return _off()
    return {
        "network": status.network,
        "genesis": None if status.genesis is None else status.genesis.hex(),
        "state": str(status.state),
        "reason": status.reason,
        "remedy": status.remedy,
        "since_ms": status.since_ms,
        "finalized": None if status.finalized is None else _final_row(status.finalized),
        "age_ms": status.age_ms,
        "best": status.best,
        "provisional": status.provisional,
        "writes": status.writes,
        "runtime": _runtime_row(status.runtime),
        "endpoints": [endpoint_row(one) for one in status.endpoints],
        "history": [list(point) for point in status.history],
        "hand_offs": status.hand_offs,
        "verified": status.proofs,
        "refused": status.refused,
    }


def _off() -> Row:
    return {
        "network": None,
        "genesis": None,
        "state": OFF,
        "reason": OFF_REASON,
        "remedy": OFF_REMEDY,
        "since_ms": None,
        "finalized": None,
        "age_ms": None,
        "best": None,
        "provisional": "",
        "writes": False,
        "runtime": None,
        "endpoints": [],
        "history": [],
        "hand_offs": 0,
        "verified": 0,
        "refused": 0,
    }


def _runtime_row(runtime: RuntimeStatus) -> Row:
    return {
        "spec_version": runtime.spec_version,
        "code": None if runtime.code is None else runtime.code.hex(),
        "metadata": None if runtime.metadata is None else runtime.metadata.hex(),
        "why": runtime.why,
    }


def _final_row(block: FinalBlock) -> Row:
    return {
        "number": block.number,
        "hash": block.hash.hex(),
        "state_root": block.state_root.hex(),
        "set_id": block.set_id,
        "voters": block.voters,
        "slot_ms": block.slot_ms,
        "verified_ms": block.verified_ms,
    }


def endpoint_row(endpoint: EndpointStatus) -> Row:
    """One endpoint; of its address what is no secret: providers put their customers' keys behind the host."""
    return {
        "url": place_of(endpoint.url),
        "group": endpoint.group,
        "verdict": str(endpoint.verdict),
        "reason": endpoint.reason,
        "finalized": endpoint.finalized,
        "best": endpoint.best,
        "latency_ms": None if endpoint.latency_ms is None else round(endpoint.latency_ms, 1),
        "asked": endpoint.asked,
        "refused": endpoint.refused,
        "leads": endpoint.leads,
        "banned_until_ms": endpoint.banned_until_ms,
    }


def anchor_document(genesis: Hash256, anchor: "Anchor") -> Row:
    """GET /v1/chain/anchor: what a checkpoint of the newest final block would say, but for its times and counter."""
    from edge_node.chain_light.header import encode_header

    def voters(authorities: "tuple[Authority, ...]") -> list[list[Any]]:
        return [[one.key.hex(), one.weight] for one in authorities]

    return {
        "genesis": genesis.hex(),
        "header": encode_header(anchor.header).hex(),
        "set_id": anchor.voters.id,
        "authorities": voters(anchor.voters.authorities),
        "pending": [{"number": one.number, "authorities": voters(one.authorities)} for one in anchor.pending.changes],
    }


def chain_pulse(document: Row) -> object:
    """What of a document is news; compared, never shown."""
    return {name: value for name, value in document.items() if name not in _AGES}
