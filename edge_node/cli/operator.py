"""What verbs share that speak to a running node through its control socket: find it, show a plan, confirm, execute."""

import os
import sys
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, TypeVar

from cyclopts import Parameter

from edge_node.base.errors import EdgeNodeError
from edge_node.settings import Settings

YesOption = Annotated[bool, Parameter("--yes", help="Do not ask; for scripts.")]
NO_SOCKET = "none"

Answer = TypeVar("Answer")


class NotConfirmed(EdgeNodeError):
    """The operator did not confirm, or there was nobody to ask."""

    slug = "not-confirmed"
    remedy = "Confirm what is asked, or give --yes in a script."

    def __init__(self, why: str) -> None:
        super().__init__(f"nothing was done: {why}")


class NodeNotRunning(EdgeNodeError):
    """The verb needs a running node, and nobody answers at its control socket."""

    slug = "node-not-running"
    remedy = "Start the node, or see that --config names its settings and that you may open its control socket."

    def __init__(self, path: str) -> None:
        super().__init__(f"no node answers at {path}")


def control_socket(settings: Settings) -> Path | None:
    """Where the node of these settings would listen; None if it has no control socket."""
    from edge_node.paths import Paths

    if settings.control.socket == NO_SOCKET:
        return None
    return Path(settings.control.socket or Paths(Path(settings.node.data_dir)).control_socket)


def running_node(settings: Settings) -> Path | None:
    """The control socket if a node answers at it; None otherwise."""
    path = control_socket(settings)
    if path is None or not os.access(path, os.F_OK):
        return None  # without loading an HTTP client for nothing

    from edge_node.client.control import why_silent

    return None if why_silent(path) else path


def require_node(settings: Settings) -> Path:
    """The control socket of a node that runs; NodeNotRunning."""
    path = running_node(settings)
    if path is None:
        raise NodeNotRunning(str(control_socket(settings) or "its control socket, which the settings turn off"))
    return path


def ask_node(path: Path, question: Callable[[Any], Awaitable[Answer]]) -> Answer:
    """Open the node's door, ask it one thing, close it."""
    import trio

    from edge_node.client.control import ControlClient

    async def asked() -> Answer:
        async with ControlClient(path) as client:
            return await question(client)

    return trio.run(asked)


def order_as(path: Path, command: str, arguments: Mapping[str, Any], kind: type[Answer], *, yes: bool) -> Answer:
    """`order`, its result as a `kind`; AnswerNotUnderstood where it is none."""
    from edge_node.client.control import read_as

    return read_as(order(path, command, arguments, yes=yes), kind)


def order(path: Path, command: str, arguments: Mapping[str, Any], *, yes: bool) -> Mapping[str, Any]:
    """Show a command's plan on standard error, have it confirmed, and execute it."""
    from edge_node.client.control import ControlClient

    async def ordered(client: ControlClient) -> Mapping[str, Any]:
        planned = await client.plan(command, arguments)
        plan = planned.plan
        say_plan(plan.summary, plan.consequences)
        if not yes:
            confirm(plan.confirm)
        return await client.execute(command, planned.token)

    return ask_node(path, ordered)


def say_plan(summary: str, consequences: list[str]) -> None:
    """What would be done, in the node's words."""
    print(visible(summary), file=sys.stderr)
    for line in consequences:
        print(f"  {visible(line)}", file=sys.stderr)


def visible(text: str) -> str:
    """`text` with everything escaped that a terminal would obey."""
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)


def confirm(word: str | None) -> None:
    """Let the operator type `word`, or y where there is none; NotConfirmed otherwise."""
    if not sys.stdin.isatty():
        raise NotConfirmed("there is no terminal to confirm at")
    wanted = f"Type {visible(word)} to go on: " if word else "Go on? [y/N] "
    print(wanted, end="", file=sys.stderr, flush=True)
    typed = sys.stdin.readline().strip()
    if typed != word if word else typed.lower() not in {"y", "yes"}:
        raise NotConfirmed("it was not confirmed")
