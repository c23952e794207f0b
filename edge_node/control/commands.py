"""Commands in two steps: a plan in words with a token, then its execution, once, if its facts still hold."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

import trio

from edge_node.base.errors import EdgeNodeError, Refusal
from edge_node.base.log import get_log
from edge_node.control.arguments import CommandArguments, as_object, describe, read_arguments
from edge_node.control.errors import CommandUnavailable, CommandUnknown, PlanStale
from edge_node.control.house import House
from edge_node.control.payload import Standing
from edge_node.control.plans import TOKEN_LIVES_S, Arguments, Plan, PlanBook
from edge_node.control.rights import source_of
from edge_node.serving.credentials import Credentials
from edge_node.trust.audit import AuditRow
from edge_node.wire.strict_json import JsonValue

SECRET_BYTES = 32
ADMIN = "admin"

Fields_contra = TypeVar("Fields_contra", bound=CommandArguments, contravariant=True)

log = get_log("control")


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What a command says it would do; `facts` are what must still hold when it is done."""

    summary: str
    consequences: Sequence[str] = ()
    danger: bool = False
    confirm: str | None = None
    subject: str = ""
    facts: Mapping[str, JsonValue] = field(default_factory=dict)
    arguments: Arguments | None = None  # where the checked ones say more than those that came (a name became a key)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was done; `after` is called once the answer has left."""

    result: Mapping[str, Any]
    after: Callable[[], object] | None = None


class Command(Protocol[Fields_contra]):
    """One thing an operator can have done."""

    @property
    def name(self) -> str:
        """How it is called, `noun.verb`."""
        ...

    @property
    def about(self) -> str:
        """What it does, in a sentence."""
        ...

    @property
    def danger(self) -> bool:
        """Whether a person should look twice."""
        ...

    @property
    def arguments(self) -> type[CommandArguments]:
        """What it is given."""
        ...

    def unavailable(self) -> str:
        """What it lacks on this node; empty when nothing."""
        ...

    async def plan(self, arguments: Fields_contra) -> Draft:
        """What it would do; a Refusal when it cannot be done."""
        ...

    async def execute(self, arguments: Fields_contra) -> Outcome:
        """Do it; durable on return."""
        ...


@dataclass(frozen=True, slots=True)
class Report:
    """A command that was executed or refused, for whoever watches; `reason` is a slug, empty when it was done."""

    command: str
    subject: str
    by: Credentials
    reason: str
    t_ms: int


class CommandDesk:
    """All commands of a node. Those with facts are done one at a time; `tell` hears of every execution."""

    def __init__(
        self, house: House, commands: Sequence[Command[Any]], tell: Callable[[Report], None] = lambda _report: None
    ) -> None:
        self._house, self._tell = house, tell
        self._commands = {command.name: command for command in commands}
        self._book = PlanBook(house.random(SECRET_BYTES), house.random)
        self._one_at_a_time = trio.Lock()

    def listed(self) -> list[dict[str, object]]:
        """Every command for GET /v1/commands."""
        return [
            {
                "name": command.name,
                "about": command.about,
                "danger": command.danger,
                "available": not command.unavailable(),
                "why": command.unavailable(),
                "arguments": describe(command.arguments),
            }
            for command in self._commands.values()
        ]

    async def plan(self, name: str, given: Mapping[str, Any], peer: Credentials) -> dict[str, Any]:
        """The plan of a command with its token."""
        command = self._command(name)
        if why := command.unavailable():
            raise CommandUnavailable(name, why)
        arguments = read_arguments(given, command.arguments)
        plan = _plan(name, arguments, await command.plan(arguments))
        token = self._book.keep(plan, peer.uid, self._monotonic_ms())
        expires_ms = self._house.now_ms + TOKEN_LIVES_S * 1_000
        return {"plan": plan.shown(), "token": token, "expires_ms": expires_ms}

    async def execute(self, name: str, token: str, given: Mapping[str, Any] | None, peer: Credentials) -> Outcome:
        """Execute a plan; every outcome is an audit row, and told."""
        subject = ""
        try:
            command = self._command(name)
            plan = self._book.take(token, name, peer.uid, self._monotonic_ms(), given)
            subject = plan.subject
            outcome = await self._do(command, plan)
        except EdgeNodeError as error:
            self._note(name, subject, peer, error.slug)
            raise
        self._note(name, subject, peer, "")
        return outcome

    async def _do(self, command: Command[Any], plan: Plan) -> Outcome:
        arguments = read_arguments(plan.arguments, command.arguments)
        if not plan.facts:
            return await command.execute(arguments)
        async with self._one_at_a_time:
            await self._require_fresh(command, arguments, plan)
            return await command.execute(arguments)

    async def _require_fresh(self, command: Command[Any], arguments: Any, plan: Plan) -> None:
        try:
            now = (await command.plan(arguments)).facts
        except Refusal as refusal:
            raise PlanStale(_words(plan.facts), str(refusal)) from refusal
        if now != plan.facts:
            raise PlanStale(_words(plan.facts), _words(now))

    def _command(self, name: str) -> Command[Any]:
        try:
            return self._commands[name]
        except KeyError:
            raise CommandUnknown(name) from None

    def _note(self, name: str, subject: str, peer: Credentials, reason: str) -> None:
        house = self._house
        known = name if name in self._commands else "unknown"  # a name from outside must not become a resource
        resource = f"control/{known}/{subject}" if subject else f"control/{known}"
        source = source_of(Standing.OPERATOR, str(peer))
        house.audit.record(AuditRow(house.now_ms, b"", resource, ADMIN, reason, source))
        if reason:
            log.warning("command.refused", command=known, subject=subject, peer=str(peer), reason=reason)
        else:
            log.info("command.executed", command=known, subject=subject, peer=str(peer))
        self._tell(Report(known, subject, peer, reason, house.now_ms))

    def _monotonic_ms(self) -> int:
        return int(self._house.clock.monotonic_s() * 1_000)


def _plan(name: str, arguments: CommandArguments, draft: Draft) -> Plan:
    return Plan(
        command=name,
        arguments=as_object(arguments) if draft.arguments is None else draft.arguments,
        summary=draft.summary,
        consequences=tuple(draft.consequences),
        danger=draft.danger,
        confirm=draft.confirm,
        subject=draft.subject,
        facts=draft.facts,
    )


def _words(facts: Mapping[str, JsonValue]) -> str:
    return ", ".join(f"{name} {value}" for name, value in facts.items())
