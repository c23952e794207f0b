"""What the calls of Sudo do."""

from edge_node.chain_light.values import Chosen
from edge_node.devnet.runtime.handler import Handler
from edge_node.devnet.runtime.origin import ROOT, Origin
from edge_node.devnet.runtime.work import Work, ensure


def sudo(work: Work, origin: Origin, call: Chosen) -> None:
    """Call as root; a refusal is told in the event, the extrinsic itself succeeds."""
    _require_key(work, origin)
    work.emit("Sudo", "Sudid", {"sudo_result": work.result_of(work.dispatch(ROOT, call))})


def sudo_unchecked_weight(work: Work, origin: Origin, call: Chosen, weight: dict[str, int]) -> None:
    """Call as root whatever it weighs."""
    sudo(work, origin, call)


def set_key(work: Work, origin: Origin, new: Chosen) -> None:
    """Hand the key over."""
    old = _require_key(work, origin)
    key = work.lookup(new)
    work.put("Sudo", "Key", key)
    work.emit("Sudo", "KeyChanged", {"old": old, "new": key})


def sudo_as(work: Work, origin: Origin, who: Chosen, call: Chosen) -> None:
    """Call as another account."""
    _require_key(work, origin)
    refused = work.dispatch(Origin(work.lookup(who)), call)
    work.emit("Sudo", "SudoAsDone", {"sudo_result": work.result_of(refused)})


def remove_key(work: Work, origin: Origin) -> None:
    """Give the key up for good."""
    _require_key(work, origin)
    work.remove("Sudo", "Key")
    work.emit("Sudo", "KeyRemoved")


def _require_key(work: Work, origin: Origin) -> bytes:
    key = work.get("Sudo", "Key")
    sender = origin.signer()
    ensure(sender == key, "Sudo", "RequireSudo")
    return sender


HANDLERS: dict[str, Handler] = {
    "sudo": sudo,
    "sudo_unchecked_weight": sudo_unchecked_weight,
    "set_key": set_key,
    "sudo_as": sudo_as,
    "remove_key": remove_key,
}
