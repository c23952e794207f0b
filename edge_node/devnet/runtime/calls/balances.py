"""What the calls of Balances do."""

from edge_node.chain_light.values import Chosen
from edge_node.devnet.runtime.accounts import force_balance, liquid_balance, transfer
from edge_node.devnet.runtime.handler import Handler
from edge_node.devnet.runtime.origin import Origin
from edge_node.devnet.runtime.work import Work


def transfer_allow_death(work: Work, origin: Origin, dest: Chosen, value: int) -> None:
    """Move money, the last of an account too."""
    transfer(work, origin.signer(), work.lookup(dest), value, keep=False)


def force_transfer(work: Work, origin: Origin, source: Chosen, dest: Chosen, value: int) -> None:
    """Move another's money; root alone."""
    origin.require_root()
    transfer(work, work.lookup(source), work.lookup(dest), value, keep=False)


def transfer_keep_alive(work: Work, origin: Origin, dest: Chosen, value: int) -> None:
    """Move money that the sender can do without."""
    transfer(work, origin.signer(), work.lookup(dest), value, keep=True)


def transfer_all(work: Work, origin: Origin, dest: Chosen, keep_alive: bool) -> None:  # noqa: FBT001 (the call's own)
    """Move all that can be moved."""
    source = origin.signer()
    transfer(work, source, work.lookup(dest), liquid_balance(work, source, keep=keep_alive), keep=keep_alive)


def force_set_balance(work: Work, origin: Origin, who: Chosen, new_free: int) -> None:
    """Set a balance; root alone."""
    origin.require_root()
    force_balance(work, work.lookup(who), new_free)


HANDLERS: dict[str, Handler] = {
    "transfer_allow_death": transfer_allow_death,
    "force_transfer": force_transfer,
    "transfer_keep_alive": transfer_keep_alive,
    "transfer_all": transfer_all,
    "force_set_balance": force_set_balance,
}
