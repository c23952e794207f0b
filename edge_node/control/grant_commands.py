"""grant.revoke: a DDC token, or what an account holds or issued, refused from the next call on."""

from dataclasses import dataclass

import trio

from edge_node.base.errors import Refusal
from edge_node.base.ids import Digest, PublicKey, VaultId, shorten
from edge_node.base.moments import moment_of
from edge_node.control.arguments import RevokeArguments
from edge_node.control.commands import Draft, Outcome
from edge_node.control.errors import AlreadyRevoked, ArgumentsMalformed
from edge_node.control.house import House
from edge_node.control.plans import Arguments
from edge_node.control.views import revocation_row
from edge_node.trust.account import address_of, parse_account
from edge_node.trust.auth_token import parse_token
from edge_node.trust.token_chain import TokenChain, TokenLink
from edge_node.trust.token_revocations import MalformedRevocation, RevokedBy, TokenRevocation

CONFIRM_DIGITS = 8  # typed by a person who has the whole of it on the screen
FOR_EVER = "This cannot be undone; who should go on gets a new token{}."


class RevokeGrant:
    """Refuse by token, by holder, or by issuer up to an end. A pasted token becomes its hash before anything else."""

    name, about, danger = "grant.revoke", "Refuse a DDC token, or what an account holds or issued, for ever.", True
    arguments = RevokeArguments

    def __init__(self, house: House) -> None:
        self._house = house

    def unavailable(self) -> str:
        """See Command."""
        return ""

    async def plan(self, arguments: RevokeArguments) -> Draft:
        """See Command; AlreadyRevoked."""
        chosen = _choose(arguments)
        link = None if chosen.chain is None else chosen.chain.links[chosen.number - 1]
        change = self._change(chosen, arguments)
        if (standing := self._house.revocations.standing(change)) is not None:
            raise AlreadyRevoked(change.by, shorten(change.subject), standing.t_ms)
        return Draft(
            summary=_summary(change),
            consequences=[*self._consequences(change), *([] if link is None else _of_link(chosen, link))],
            danger=True,
            confirm=change.subject.hex()[:CONFIRM_DIGITS],
            subject=change.subject.hex(),
            facts={"revoked": "not yet"},
            arguments=_shown(change),
        )

    async def execute(self, arguments: RevokeArguments) -> Outcome:
        """See Command; durable, and in force with the next call."""
        house, change = self._house, self._change(_choose(arguments), arguments)
        # Shielded: what is on its way to the disk must be in force in memory when it is there, whoever still waits.
        with trio.CancelScope(shield=True):
            await house.write_revocation(change)
            standing = house.revocations.apply(change)
        return Outcome({"revocation": revocation_row(standing)})

    def _change(self, chosen: "_Chosen", given: RevokeArguments) -> TokenRevocation:
        if (given.until_ms is None) is (chosen.by is RevokedBy.ISSUER):
            raise ArgumentsMalformed("until_ms", "it belongs to an issuer, and says up to which end")
        try:
            return revocation_of(chosen.by, chosen.subject, given.until_ms, self._house.now_ms, given.note)
        except MalformedRevocation as refusal:
            raise ArgumentsMalformed("note", refusal.why) from refusal

    def _consequences(self, change: TokenRevocation) -> list[str]:
        match change.by:
            case RevokedBy.TOKEN:
                return [
                    "Every chain that goes through it is refused with its next call; reads under way end.",
                    FOR_EVER.format(""),
                ]
            case RevokedBy.HOLDER:
                said = "Every chain that it signed a token of, or is the subject of one in, is refused; so are its"
                return [
                    f"{said} reads of public buckets.",
                    *self._owned(change, "its own tokens count no more, nor what it granted to others"),
                    FOR_EVER.format(" for another account"),
                ]
        return [
            f"Every token it signed that ends by {moment_of(change.until_ms or 0)} is refused, whoever has it.",
            "What it signs from now on counts if it ends later.",
            *self._owned(change, "what it granted up to then is closed"),
            FOR_EVER.format(" that ends later"),
        ]

    def _owned(self, change: TokenRevocation, meaning: str) -> list[str]:
        owned = [str(one.id) for one in self._house.buckets.list() if one.owner == VaultId(change.subject)]
        return [f"It owns bucket {', '.join(owned)} here: {meaning}."] if owned else []


@dataclass(frozen=True, slots=True)
class _Chosen:
    """What is to be revoked, and the chain it is the `number`th token of, when one was pasted."""

    by: RevokedBy
    subject: Digest | PublicKey
    chain: TokenChain | None = None
    number: int = 0


def revocation_of(
    by: RevokedBy, subject: Digest | PublicKey, until_ms: int | None, t_ms: int, note: str
) -> TokenRevocation:
    """The revocation of this kind; MalformedRevocation."""
    match subject, by:
        case Digest(), RevokedBy.TOKEN:
            return TokenRevocation.of_token(subject, t_ms, note)
        case PublicKey(), RevokedBy.HOLDER:
            return TokenRevocation.of_holder(subject, t_ms, note)
        case PublicKey(), RevokedBy.ISSUER if until_ms is not None:
            return TokenRevocation.of_issuer(subject, until_ms, t_ms, note)
    raise MalformedRevocation("its kind and what it names do not fit")


def _choose(given: RevokeArguments) -> _Chosen:
    named = {name: getattr(given, name) for name in ("token", "hash", "holder", "issuer") if getattr(given, name)}
    if len(named) != 1:
        raise ArgumentsMalformed("", "exactly one of token, hash, holder and issuer says what is revoked")
    [(name, text)] = named.items()
    if given.link is not None and name != "token":
        raise ArgumentsMalformed("link", "only a whole token has links to choose from")
    try:
        if name == "token":
            return _choose_link(parse_token(text.strip()), given.link)
        if name == "hash":
            return _Chosen(RevokedBy.TOKEN, Digest.parse(text))
        return _Chosen(RevokedBy(name), parse_account(text))
    except ArgumentsMalformed:
        raise
    except Refusal as refusal:
        # `from None`: what stands in the way of reading a token is said, but no object that may hold it is kept.
        raise ArgumentsMalformed(name, str(refusal)) from None


def _choose_link(chain: TokenChain, wanted: int | None) -> _Chosen:
    number = len(chain.links) if wanted is None else wanted
    if not 1 <= number <= len(chain.links):
        raise ArgumentsMalformed("link", f"the token has {len(chain.links)} in its chain")
    return _Chosen(RevokedBy.TOKEN, chain.links[number - 1].digest, chain, number)


def _shown(change: TokenRevocation) -> Arguments:
    """The arguments as a plan keeps and shows them: without the token."""
    name = "hash" if change.by is RevokedBy.TOKEN else str(change.by)
    return {
        name: change.subject.hex(),
        "note": change.note,
        **({} if change.until_ms is None else {"until_ms": change.until_ms}),
    }


def _summary(change: TokenRevocation) -> str:
    if change.by is RevokedBy.TOKEN:
        return f"Refuse the DDC token {change.subject.hex()}."
    account = f"{address_of(change.subject)} ({change.subject.hex()})"
    if change.by is RevokedBy.HOLDER:
        return f"Refuse everything of the account {account}."
    return f"Refuse the tokens of {account} that end at or before {moment_of(change.until_ms or 0)}."


def _of_link(chosen: _Chosen, link: TokenLink) -> list[str]:
    """Which token of a pasted chain that is, and what it does not end."""
    assert chosen.chain is not None
    whom = "whoever has its text" if link.subject is None else address_of(link.subject)
    may = "+".join(sorted(operation.name for operation in link.operations)) or "nothing"
    where = "every bucket of its owner" if link.bucket is None else f"bucket {link.bucket}"
    count = len(chosen.chain.links)
    given = f"{address_of(link.signer)} gives {whom} {may} in {where} until {moment_of(link.expires_ms)}"
    said = f"It is token {chosen.number} of {count}: {given}. Its signature was not looked at."
    if chosen.number == 1:
        return [said]
    before = chosen.number - 1
    return [
        said,
        f"Its signer can make another like it from token {before}; revoke that one, or the account, to end it.",
    ]
