"""`edge-node settings`: what is in force, and why; and a changed file put in force while the node runs."""

import os
from typing import Annotated, Any, TypedDict

from cyclopts import App, Parameter

from edge_node.base.log_text import inert
from edge_node.cli.operator import YesOption, ask_node, order_as, require_node, say_plan
from edge_node.cli.options import ConfigOption, JsonOption
from edge_node.cli.words import say, say_json
from edge_node.settings import Settings, load
from edge_node.settings.show import as_json, as_table, rows


class _Change(TypedDict):
    name: str
    was: str
    now: str
    source: str


class _Applied(TypedDict):
    changed: list[_Change]
    pending: list[_Change]
    applied_ms: int


app = App(name="settings", help="Show every setting with its value and source; apply a changed file.")


@app.default
def settings(*, config: ConfigOption = None, json: JsonOption = False) -> None:
    """Show every setting with its value, where it comes from, and whether it reloads live; secrets are never shown."""
    shown = rows(load(config, os.environ))
    say(as_json(shown) if json else as_table(shown))


@app.command
def apply(
    *,
    check: Annotated[bool, Parameter("--check", help="Only say what would change, or what is wrong.")] = False,
    yes: YesOption = False,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Have the running node read its settings file again; what can change while it runs is in force at once.

    A file with a fault in it changes nothing. With --check a node need not run: then the file alone is judged.
    """
    loaded = load(config, os.environ)
    if check:
        _check(loaded.settings, json=json)
        return
    result = order_as(require_node(loaded.settings), "settings.apply", {}, _Applied, yes=yes)
    if json:
        say_json(result)
        return
    for word, found in (("in force", result["changed"]), ("at the next start", result["pending"])):
        for change in found:
            say(inert(f"{change['name']}: {change['was']} -> {change['now']} ({word})"))
    if not result["changed"] and not result["pending"]:
        say("nothing has changed")


def _check(loaded: Settings, *, json: bool) -> None:
    from edge_node.cli.operator import running_node

    path = running_node(loaded)
    if path is None:
        said: dict[str, Any] = {"running": False, "valid": True}
        say_json(said) if json else say("the settings are valid; no node runs with them")
        return

    async def plan(client: Any) -> Any:
        return (await client.plan("settings.apply")).plan

    found = ask_node(path, plan)
    if json:
        say_json({"running": True, "valid": True, "summary": found.summary, "changes": found.consequences})
    else:
        say_plan(found.summary, found.consequences)
