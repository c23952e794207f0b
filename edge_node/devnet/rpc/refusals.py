"""What a node answers where the chain refuses: each of our errors as the code and words clients know."""

from typing import Final

from edge_node.base.errors import EdgeNodeError, RemoteError
from edge_node.chain_light.extrinsic import UnknownExtrinsicVersion
from edge_node.devnet.faults import NoSuchLie
from edge_node.devnet.pool import AlreadyPooled, PoolFull, PoolRefusal, TooLowPriority
from edge_node.devnet.rpc.json_rpc import INTERNAL_ERROR, INVALID_PARAMS, RpcError
from edge_node.devnet.runtime import InvalidExtrinsic, NoSuchBlock, NotYetFinal, StateDiscarded
from edge_node.devnet.set_changes import ChangeUnderWay

BAD_FORMAT, INVALID_EXTRINSIC, UNKNOWN_VALIDITY, BANNED = 1_001, 1_010, 1_011, 1_012
ALREADY_POOLED, TOO_LOW_PRIORITY, POOL_FULL = 1_013, 1_014, 1_016
CANNOT_PROVE_FINALITY: Final = 4
DEVNET_REFUSED: Final = 9_000
_UNKNOWN: Final = ("CannotLookup", "NoUnsignedValidator")


def error_of(error: EdgeNodeError) -> RpcError:
    """The answer to what one of our own errors stopped."""
    match error:
        case RpcError():
            return error
        case InvalidExtrinsic() | PoolRefusal():
            return _of_pool(error)
        case NotYetFinal():
            return RpcError(CANNOT_PROVE_FINALITY, "GRANDPA prove finality rpc failed: Block not yet finalized")
        case NoSuchLie():
            return RpcError(INVALID_PARAMS, "Invalid params", str(error))
        case ChangeUnderWay() | NoSuchBlock() | StateDiscarded():
            return RpcError(DEVNET_REFUSED, str(error))
        case RemoteError() | UnknownExtrinsicVersion():
            return RpcError(BAD_FORMAT, f"Extrinsic has invalid format: {error}")
    return RpcError(INTERNAL_ERROR, "Internal error")


def _of_pool(error: InvalidExtrinsic | PoolRefusal) -> RpcError:
    match error:
        case InvalidExtrinsic(kind=kind) if kind in _UNKNOWN:
            return RpcError(UNKNOWN_VALIDITY, "Unknown Transaction Validity", str(error))
        case InvalidExtrinsic():
            return RpcError(INVALID_EXTRINSIC, "Invalid Transaction", str(error))
        case AlreadyPooled():
            return RpcError(ALREADY_POOLED, "Transaction is already imported", f"0x{error.extrinsic}")
        case TooLowPriority():
            why = "The transaction has too low priority to replace another transaction already in the pool."
            return RpcError(TOO_LOW_PRIORITY, f"Priority is too low: ({error.old} vs {error.new})", why)
        case PoolFull():
            return RpcError(POOL_FULL, "Immediately Dropped", "The transaction couldn't enter the pool: it is full")
    return RpcError(BANNED, "Transaction is temporarily banned")
