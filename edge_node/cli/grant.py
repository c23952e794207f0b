"""`edge-node grant`: what a DDC token says, and tokens revoked, through the running node or under LOCK."""

import datetime as dt
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypedDict

from cyclopts import App, CycloptsError, Parameter

from edge_node.base.clock import SystemClock
from edge_node.base.ids import Digest, PublicKey
from edge_node.base.moments import moment_of
from edge_node.cli.exits import ExitCode
from edge_node.cli.operator import YesOption, ask_node, order_as, running_node
from edge_node.cli.options import ConfigOption, JsonOption
from edge_node.cli.token_facts import Judged, judge
from edge_node.cli.token_text import STANDARD_INPUT, FileOption, TokenArgument, read_token
from edge_node.cli.words import complain_of, say, say_aside, say_json, say_table
from edge_node.trust.account import address_of, parse_account
from edge_node.trust.auth_token import parse_token
from edge_node.trust.token_revocations import RevokedBy, TokenRevocation

if TYPE_CHECKING:
    from edge_node.settings import Settings

app = App(name="grant", help="Read DDC tokens; revoke them, or what an account holds or issued, running node or not.")

AccountOption = Annotated[str, Parameter(help="An account: 64 hex digits or an SS58 address.")]


class _Row(TypedDict):
    kind: str
    subject: str
    address: str | None
    until_ms: int | None
    since_ms: int
    note: str


class _Revoked(TypedDict):
    revocation: _Row


@app.command
def show(token: TokenArgument = STANDARD_INPUT, *, file: FileOption = None, json: JsonOption = False) -> int:
    """What a token says, link by link, and why it does not count if it does not. No node is asked.

    The exit code is 0 for a token that counts now (a node may still have it revoked), 1 for one that does not.
    """
    judged = judge(read_token(token, file), SystemClock().now_ms())
    if json:
        say_json(judged.document())
    else:
        _show(judged)
    return ExitCode.REFUSED if judged.faults else ExitCode.OK


def _show(judged: Judged) -> None:
    rows = [
        (str(number), name, value)
        for number, link in enumerate(judged.chain.links, 1)
        for name, value in judged.facts(number, link)
    ]
    say_table(("token", "", "value"), rows)
    if not judged.faults:
        say()
        for note in judged.notes():
            say(note)
    for fault in judged.faults:
        complain_of(fault)


@app.command
def revoke(
    token: TokenArgument = STANDARD_INPUT,
    *,
    file: FileOption = None,
    link: Annotated[int | None, Parameter(help="Which token of the chain, 1 the owner's; default: the last.")] = None,
    hash: Annotated[str, Parameter("--hash", help="The hash of a token, as `grant show` says it.")] = "",  # noqa: A002  the option's name
    holder: AccountOption = "",
    issuer: AccountOption = "",
    until: Annotated[
        dt.datetime | None,
        Parameter(help="With --issuer: tokens that end by then, such as 2026-12-31T00:00:00Z (UTC)."),
    ] = None,
    note: Annotated[str, Parameter(help="Why; kept with the revocation.")] = "",
    yes: YesOption = False,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Refuse a token, everything of an account, or what an issuer's tokens end by: for ever, from the next call on.

    A token is hashed here: only its hash reaches the node and its log.
    """
    change = _change(token, file, link, hash, holder, issuer, until, note)
    settings = _settings(config)
    if (running := running_node(settings)) is not None:
        row = order_as(running, "grant.revoke", _arguments(change), _Revoked, yes=yes)["revocation"]
    else:
        row = _row(_revoke_stopped(settings, change))
    if json:
        say_json(row)
        return
    for name, value in row.items():
        say(f"{name:<10}{'-' if value in (None, '') else value}")


@app.command(name="list")
def list_revocations(*, config: ConfigOption = None, json: JsonOption = False) -> None:
    """Everything that is revoked on the node: tokens by their hash, holders, issuers."""
    rows = _list(_settings(config))
    if json:
        say_json(rows)
        return
    table = [
        (row["kind"], row["address"] or row["subject"], "-" if row["until_ms"] is None else moment_of(row["until_ms"]),
         moment_of(row["since_ms"]), row["note"])
        for row in rows
    ]  # fmt: skip
    say_table(("kind", "token or account", "ending by", "revoked at", "note"), table)


def _change(
    token: str,
    file: Path | None,
    link: int | None,
    digest: str,
    holder: str,
    issuer: str,
    until: dt.datetime | None,
    note: str,
) -> TokenRevocation:
    named = [option for option in (digest, holder, issuer) if option]
    pasted = not named or token != STANDARD_INPUT or file is not None
    if len(named) + pasted != 1:
        raise CycloptsError(msg="Give one of: a token, --hash, --holder, --issuer.")
    if (until is None) is bool(issuer) or (link is not None and not pasted):
        raise CycloptsError(msg="--until belongs to --issuer, always; --link to a whole token.")
    now_ms = SystemClock().now_ms()
    if digest:
        return TokenRevocation.of_token(Digest.parse(digest), now_ms, note)
    if holder:
        return TokenRevocation.of_holder(parse_account(holder), now_ms, note)
    if issuer and until is not None:
        return TokenRevocation.of_issuer(parse_account(issuer), _ms(until), now_ms, note)
    return TokenRevocation.of_token(_digest(read_token(token, file), link), now_ms, note)


def _digest(text: str, link: int | None) -> Digest:
    """The hash of one token of a chain; said with whose it is, so that a person sees what the plan will not know."""
    links = parse_token(text).links
    number = len(links) if link is None else link
    if not 1 <= number <= len(links):
        raise CycloptsError(msg=f"The token has {len(links)} in its chain; --link picks one of them.")
    chosen = links[number - 1]
    said = f"token {number} of {len(links)}, signed by {address_of(chosen.signer)}"
    say_aside(f"{said}, until {moment_of(chosen.expires_ms)}")
    return chosen.digest


def _ms(moment: dt.datetime) -> int:
    aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=dt.UTC)
    return int((aware - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) / dt.timedelta(milliseconds=1))


def _arguments(change: TokenRevocation) -> dict[str, Any]:
    name = "hash" if change.by is RevokedBy.TOKEN else str(change.by)
    until = {} if change.until_ms is None else {"until_ms": change.until_ms}
    return {name: change.subject.hex(), "note": change.note, **until}


def _revoke_stopped(settings: "Settings", change: TokenRevocation) -> TokenRevocation:
    from edge_node.offline import revoke_grants

    return revoke_grants(settings, SystemClock(), os.urandom, change)


def _list(settings: "Settings") -> list[_Row]:
    from edge_node.offline import query_registry
    from edge_node.trust.token_revocation_rows import load_revocations
    from edge_node.trust.token_revocations import TokenRevocations

    if (running := running_node(settings)) is not None:
        return _list_running(running)
    found = query_registry(settings, SystemClock(), os.urandom, load_revocations, "edge-node grant")
    return [_row(one) for one in TokenRevocations(found).list()]


def _list_running(path: Path) -> list[_Row]:
    from edge_node.client.control import read_as

    async def ask(client: Any) -> list[dict[str, Any]]:
        return [row async for page in client.iterate("/v1/revocations", "revocations") for row in page]

    return [read_as(row, _Row) for row in ask_node(path, ask)]


def _row(change: TokenRevocation) -> _Row:
    return {
        "kind": str(change.by),
        "subject": change.subject.hex(),
        "address": address_of(change.subject) if isinstance(change.subject, PublicKey) else None,
        "until_ms": change.until_ms,
        "since_ms": change.t_ms,
        "note": change.note,
    }


def _settings(config: Path | None) -> "Settings":
    from edge_node.settings import load

    return load(config, os.environ).settings
