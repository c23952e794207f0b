"""What the calls of Utility do: several calls, stopping at, undoing at, or passing over one that is refused."""

from edge_node.chain_light.values import Chosen
from edge_node.devnet.pallets.utility import BATCH_MAX
from edge_node.devnet.runtime.handler import Handler
from edge_node.devnet.runtime.origin import Origin
from edge_node.devnet.runtime.work import Work, ensure


def batch(work: Work, origin: Origin, calls: list[Chosen]) -> None:
    """One after the other up to the first that is refused; those before it stay."""
    _admit(origin, calls)
    for index, call in enumerate(calls):
        refused = work.dispatch(origin, call)
        if refused is not None:
            work.emit("Utility", "BatchInterrupted", {"index": index, "error": work.form.error_value(refused)})
            return
        work.emit("Utility", "ItemCompleted")
    work.emit("Utility", "BatchCompleted")


def batch_all(work: Work, origin: Origin, calls: list[Chosen]) -> None:
    """All or none: the first refusal is that of the batch."""
    _admit(origin, calls)
    for call in calls:
        refused = work.dispatch(origin, call)
        if refused is not None:
            raise refused
        work.emit("Utility", "ItemCompleted")
    work.emit("Utility", "BatchCompleted")


def force_batch(work: Work, origin: Origin, calls: list[Chosen]) -> None:
    """All that can be, whatever is refused among them."""
    _admit(origin, calls)
    clean = True
    for call in calls:
        refused = work.dispatch(origin, call)
        if refused is None:
            work.emit("Utility", "ItemCompleted")
        else:
            clean = False
            work.emit("Utility", "ItemFailed", {"error": work.form.error_value(refused)})
    work.emit("Utility", "BatchCompleted" if clean else "BatchCompletedWithErrors")


def _admit(origin: Origin, calls: list[Chosen]) -> None:
    if not origin.root:
        origin.signer()
    ensure(len(calls) <= BATCH_MAX, "Utility", "TooManyCalls")


HANDLERS: dict[str, Handler] = {"batch": batch, "batch_all": batch_all, "force_batch": force_batch}
