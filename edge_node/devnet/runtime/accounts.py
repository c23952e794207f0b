"""Accounts and the money in them: what comes, goes and is locked, as Substrate's Balances and System keep it.

An account lives while its free balance is at least the existential deposit (or something of it is reserved); others
refer to it as consumers, and while they do it cannot die.
"""

from typing import Any

from edge_node.chain_light.values import Chosen
from edge_node.devnet.pallets.balances import EXISTENTIAL_DEPOSIT
from edge_node.devnet.pallets.system import CONSUMERS_MAX
from edge_node.devnet.runtime.refusals import (
    CONSUMER_REMAINING,
    NO_PROVIDERS,
    TOO_MANY_CONSUMERS,
    CallRefused,
    arithmetic_refusal,
    token_refusal,
)
from edge_node.devnet.runtime.work import Work

_U128_MAX = (1 << 128) - 1


def account_of(work: Work, who: bytes) -> Any:
    """System.Account of `who`; all zero for one that does not exist."""
    return work.get("System", "Account", who)


def free_balance(work: Work, who: bytes) -> int:
    """What `who` holds that is not reserved, locked or not."""
    return int(account_of(work, who)["data"]["free"])


def liquid_balance(work: Work, who: bytes, *, keep: bool) -> int:
    """What `who` can give away now: what no lock holds, and all but the existential deposit if it is to live on."""
    account = account_of(work, who)
    data = account["data"]
    free, untouchable = int(data["free"]), max(0, int(data["frozen"]) - int(data["reserved"]))
    if keep or (account["consumers"] and free):
        untouchable = max(untouchable, EXISTENTIAL_DEPOSIT)
    return max(0, free - untouchable)


def transfer(work: Work, source: bytes, dest: bytes, amount: int, *, keep: bool) -> None:
    """Move money; `keep` refuses to let `source` die of it. CallRefused (Token, Arithmetic) when it cannot be."""
    require_withdrawable(work, source, amount, keep=keep)
    require_depositable(work, dest, amount)
    if source == dest:
        return  # without an event, as on real chains
    if amount:
        set_free(work, source, free_balance(work, source) - amount)
        set_free(work, dest, free_balance(work, dest) + amount)
    work.emit("Balances", "Transfer", {"from": source, "to": dest, "amount": amount})


def require_withdrawable(work: Work, who: bytes, amount: int, *, keep: bool) -> None:
    """CallRefused unless `who` can give `amount` away."""
    if not amount:
        return
    left = free_balance(work, who) - amount
    if left < 0:
        raise token_refusal("FundsUnavailable")
    # What consumers need alive is told as frozen too: real chains never come to their own word for it, OnlyProvider.
    if amount > liquid_balance(work, who, keep=False):
        raise token_refusal("Frozen")
    if left < EXISTENTIAL_DEPOSIT and keep:
        raise token_refusal("NotExpendable")


def require_depositable(work: Work, who: bytes, amount: int) -> None:
    """CallRefused unless `who` can take `amount`."""
    if not amount:
        return
    data = account_of(work, who)["data"]
    if data["free"] + amount > _U128_MAX:
        raise arithmetic_refusal("Overflow")
    if data["free"] + data["reserved"] + amount < EXISTENTIAL_DEPOSIT:
        raise token_refusal("BelowMinimum")


def set_free(work: Work, who: bytes, free: int) -> None:
    """Set a free balance, with what follows: an account is made or dies, and dust is lost with it."""
    account = account_of(work, who)
    data = account["data"]
    lives = free >= EXISTENTIAL_DEPOSIT or bool(data["reserved"])
    born, dies = lives and not account["providers"], not lives and account["providers"] > 0
    dust = 0 if lives else free
    data["free"] = free if lives else 0
    if born:
        account["providers"] = 1
    if dies:
        _end(work, who, account)
    elif lives:
        work.put("System", "Account", who, account)
    if born:
        work.emit("System", "NewAccount", {"account": who})
        work.emit("Balances", "Endowed", {"account": who, "free_balance": free})
    if dust:
        _issue(work, -dust)
        work.emit("Balances", "DustLost", {"account": who, "amount": dust})


def _end(work: Work, who: bytes, account: Any) -> None:
    if account["consumers"]:
        raise CallRefused(CONSUMER_REMAINING)
    work.remove("System", "Account", who)
    work.emit("System", "KilledAccount", {"account": who})


def mint(work: Work, who: bytes, amount: int) -> None:
    """Make money for `who`, as genesis does."""
    _issue(work, amount)
    set_free(work, who, free_balance(work, who) + amount)


def take_fee(work: Work, who: bytes, amount: int) -> bool:
    """Withdraw a fee, whose shares `give_fee` hands out; False, with nothing changed, when `who` cannot pay it."""
    if amount > liquid_balance(work, who, keep=True):
        return False
    if amount:
        set_free(work, who, free_balance(work, who) - amount)
        work.emit("Balances", "Withdraw", {"who": who, "amount": amount})
    return True


def give_fee(work: Work, who: bytes, amount: int) -> None:
    """Hand `who` a share of a fee; what no account can be made of is burnt."""
    if amount and free_balance(work, who) + amount < EXISTENTIAL_DEPOSIT:
        _issue(work, -amount)
    elif amount:
        set_free(work, who, free_balance(work, who) + amount)
        work.emit("Balances", "Deposit", {"who": who, "amount": amount})


def force_balance(work: Work, who: bytes, free: int) -> None:
    """Set a free balance out of nothing; what is below the existential deposit counts as none."""
    wanted = free if free >= EXISTENTIAL_DEPOSIT else 0
    _issue(work, wanted - free_balance(work, who))
    set_free(work, who, wanted)
    work.emit("Balances", "BalanceSet", {"who": who, "free": wanted})


def set_lock(work: Work, name: bytes, who: bytes, amount: int) -> None:
    """Lock `amount` of what `who` holds under the 8 bytes of `name`; 0 removes the lock."""
    before = work.get("Balances", "Locks", who)
    locks = [lock for lock in before if lock["id"] != name]
    if amount:
        locks.append({"id": name, "amount": amount, "reasons": Chosen("All")})
    account = account_of(work, who)
    was, frozen = account["data"]["frozen"], max((lock["amount"] for lock in locks), default=0)
    account["data"]["frozen"] = frozen
    # One for the list of locks and one for the frozen money: a locked account shows two.
    account["consumers"] += bool(locks) - bool(before) + bool(frozen) - bool(was)
    work.put("System", "Account", who, account)
    _keep_locks(work, who, locks)
    if frozen != was:
        work.emit("Balances", "Locked" if frozen > was else "Unlocked", {"who": who, "amount": abs(frozen - was)})


def _keep_locks(work: Work, who: bytes, locks: list[Any]) -> None:
    if locks:
        work.put("Balances", "Locks", who, locks)
    else:
        work.remove("Balances", "Locks", who)


def add_consumer(work: Work, who: bytes) -> None:
    """Note that something refers to an account; CallRefused when it does not exist, or too much does."""
    account = account_of(work, who)
    if not account["providers"]:
        raise CallRefused(NO_PROVIDERS)
    if account["consumers"] >= CONSUMERS_MAX:
        raise CallRefused(TOO_MANY_CONSUMERS)
    account["consumers"] += 1
    work.put("System", "Account", who, account)


def drop_consumer(work: Work, who: bytes) -> None:
    """Note that something refers to an account no more."""
    account = account_of(work, who)
    account["consumers"] = max(0, account["consumers"] - 1)
    work.put("System", "Account", who, account)


def _issue(work: Work, change: int) -> None:
    """Count money that is made or burnt; root can set balances whose sum no number of the chain holds."""
    work.put("Balances", "TotalIssuance", min(_U128_MAX, max(0, work.get("Balances", "TotalIssuance") + change)))
