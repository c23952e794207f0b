"""What GRANDPA's pallet adds to a block: an announced change of authorities, and the change itself when it is due."""

from dataclasses import dataclass

from edge_node.base.ids import PublicKey
from edge_node.chain_light.authority_changes import Forced, Scheduled, change_item
from edge_node.chain_light.grandpa import Authority
from edge_node.chain_light.header import DigestItem
from edge_node.devnet.runtime.genesis import list_of
from edge_node.devnet.runtime.work import Work, ensure


@dataclass(frozen=True, slots=True)
class ChangeOrder:
    """A change of authorities to announce in the next block; `median` makes it a forced one, which is a fault."""

    authorities: tuple[Authority, ...]
    delay: int
    median: int | None = None


def order_change(work: Work, order: ChangeOrder) -> None:
    """Note a change in the state, as a session's end does; PalletRefusal while another one is under way."""
    ensure(work.get("Grandpa", "PendingChange") is None, "Grandpa", "ChangePending")
    pending = {
        "scheduled_at": work.number,
        "delay": order.delay,
        "next_authorities": list_of(order.authorities),
        "forced": order.median,
    }
    set_id = work.get("Grandpa", "CurrentSetId") + 1
    work.put("Grandpa", "PendingChange", pending)
    work.put("Grandpa", "CurrentSetId", set_id)
    work.put("Grandpa", "SetIdSession", set_id, set_id)


def end_block(work: Work) -> tuple[DigestItem, ...]:
    """The digest item of a change that was noted in this block; authorities change in the block that is due."""
    pending = work.get("Grandpa", "PendingChange")
    if pending is None:
        return ()
    announced = pending["scheduled_at"] == work.number
    items = (change_item(_change_of(pending)),) if announced else ()
    if work.number == pending["scheduled_at"] + pending["delay"]:
        work.put("Grandpa", "Authorities", pending["next_authorities"])
        work.emit("Grandpa", "NewAuthorities", {"authority_set": pending["next_authorities"]})
        work.remove("Grandpa", "PendingChange")
    return items


def _change_of(pending: dict[str, object]) -> Scheduled | Forced:
    listed = pending["next_authorities"]
    assert isinstance(listed, list)
    authorities = tuple(Authority(PublicKey(key), weight) for key, weight in listed)
    delay, median = pending["delay"], pending["forced"]
    assert isinstance(delay, int)
    scheduled = Scheduled(authorities, delay)
    return Forced(median, scheduled) if isinstance(median, int) else scheduled
