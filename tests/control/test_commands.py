"""Commands in two steps over the real socket: planned, confirmed, done once, refused by name, and written down."""

import functools
import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest
import trio

from edge_node.client.control import ControlClient
from edge_node.client.errors import NodeRefusal
from edge_node.control.arguments import BODY_MAX_BYTES, NoArguments
from edge_node.control.commands import CommandDesk, Draft, Outcome
from edge_node.control.errors import PlanStale, TokenForeign, TokenUsed
from edge_node.serving.credentials import Credentials
from tests.control.house import house_of
from tests.control.rig import ANSWER_S, Door, at_the_door, refused
from tests.gateway.rig import Site

ANN, BOB = Credentials(1_000, 100, 1), Credentials(1_001, 100, 2)


async def audited(door: Door, count: int) -> list[dict[str, object]]:
    """The newest rows of commands, once there are so many."""
    with trio.fail_after(ANSWER_S):
        while len(rows := (await door.control.get("/v1/audit", {"verb": "admin"}))["rows"]) < count:
            await trio.sleep(0.1)
    return list(rows)


async def test_a_plan_says_what_will_be_done_and_does_nothing(site: Site) -> None:
    """Words, consequences, what to type; the arguments as they will be used."""
    async with at_the_door(site) as door:
        planned = await door.control.plan("device.suspend", {"device": "device"})
        plan = planned.plan
        assert (plan.command, plan.danger, plan.confirm) == ("device.suspend", True, "device")
        assert plan.summary.startswith("Suspend device device (")
        assert any("403" in line for line in plan.consequences)
        assert len(str(plan.arguments["device"])) == 64
        assert (await door.control.get("/v1/devices/device"))["device"]["status"] == "active"
        assert 0 < planned.expires_ms - (await door.control.get("/v1/node"))["now_ms"] <= 60_000


async def test_a_token_serves_once_and_each_use_is_audited(site: Site) -> None:
    """Who, what, how it ended: with uid, gid and pid."""
    async with at_the_door(site) as door:
        planned = await door.control.plan("log.level", {"level": "error"})
        assert await door.control.execute("log.level", planned.token, planned.plan.arguments) == {
            "level": "error",
            "was": "info",
        }
        async with refused(409, "token-used"):
            await door.control.execute("log.level", planned.token)
        rows = await audited(door, 2)
        assert [(row["resource"], row["reason"], row["allowed"]) for row in rows] == [
            ("control/log.level", "token-used", False),
            ("control/log.level", "", True),
        ]
        assert rows[0]["source"] == f"control uid={os.getuid()} gid={os.getgid()} pid={os.getpid()}"
        assert (await door.control.get("/v1/node"))["log"]["level"] == "error"
        await door.control.order("log.level", {"level": "info"})


async def test_tokens_that_are_not_good(site: Site) -> None:
    """Altered, invented, for another command, for other arguments: each by its own name, and nothing happens."""
    async with at_the_door(site) as door:
        token = (await door.control.plan("log.level", {"level": "error"})).token
        altered = token[:-2] + ("AA" if not token.endswith("AA") else "BB")
        for wrong in (altered, "", "x", "é", "A" * 54):
            async with refused(400, "token-malformed"):
                await door.control.execute("log.level", wrong)
        async with refused(409, "token-mismatch"):
            await door.control.execute("node.stop", token)
        async with refused(409, "token-mismatch"):
            await door.control.execute("log.level", token, {"level": "debug"})
        assert (await door.control.execute("log.level", token))["level"] == "error"
        await door.control.order("log.level", {"level": "info"})


WRONG = [
    ("nothing.do/plan", b"{}", 404, "command-unknown"),
    ("nothing.do", b'{"token":"x"}', 404, "command-unknown"),
    ("log.level/plan", b"[]", 400, "request-malformed"),
    ("log.level/plan", b'{"level":"error","level":"info"}', 400, "request-malformed"),
    ("log.level/plan", b'{"level":1.5}', 400, "request-malformed"),
    ("log.level/plan", b"", 400, "request-malformed"),
    ("log.level/plan", b"{}", 400, "arguments-malformed"),
    ("log.level/plan", b'{"level":"loud"}', 400, "arguments-malformed"),
    ("log.level", b"{}", 400, "token-malformed"),
    ("log.level", b'{"token":5}', 400, "token-malformed"),
    ("log.level", b'{"token":"x","force":true}', 400, "request-malformed"),
    ("log.level", b'{"token":"x","arguments":[]}', 400, "request-malformed"),
    ("log.level/plan", b'{"level":"' + b"x" * BODY_MAX_BYTES + b'"}', 413, "body-too-large"),
    ("device.enrol/plan", b'{"name":"x","key":"zz"}', 400, "arguments-malformed"),
    ("device.suspend/plan", b'{"device":"nobody"}', 404, "unknown-device"),
    ("piece.verify/plan", b'{"cid":"nothing"}', 400, "arguments-malformed"),
    ("stream.publish/plan", b'{"stream":"UPPER","data":1}', 400, "arguments-malformed"),
    ("stream.retain/plan", b'{"stream":"none","age_s":1}', 404, "unknown-stream"),
    ("stream.retain/plan", b'{"stream":"site/a"}', 400, "arguments-malformed"),
    ("settings.apply/plan", b"{}", 409, "command-unavailable"),
]


async def test_bad_requests_have_their_own_refusals(site: Site) -> None:
    """Before anything is planned or done."""
    async with at_the_door(site) as door:
        for target, body, status, slug in WRONG:
            head = f"POST /v1/commands/{target} HTTP/1.1\r\nHost: n\r\nContent-Length: {len(body)}\r\n\r\n"
            answer = await door.raw(head.encode() + body)
            wanted = (status, f"urn:edge-node:problem:{slug}")
            assert (answer.status_code, answer.json()["type"]) == wanted, answer.text
            assert answer.json()["remedy"]


async def test_two_operators_at_once(site: Site) -> None:
    """Both look, both confirm: the first is done, the second is told that it is stale, nothing happens twice."""
    async with at_the_door(site) as door, ControlClient(door.control.path) as other:
        first = await door.control.plan("device.suspend", {"device": "device", "note": "leaks"})
        second = await other.plan("device.suspend", {"device": "device", "note": "too"})
        enrols = [await one.plan("device.enrol", {"name": "twin", "key": "11" * 32}) for one in (door.control, other)]
        outcomes: list[str] = []

        async def execute(client: ControlClient, command: str, token: str) -> None:
            try:
                await client.execute(command, token)
                outcomes.append("done")
            except NodeRefusal as refusal:
                outcomes.append(refusal.slug)

        async with trio.open_nursery() as nursery:
            for client, planned in ((door.control, first), (other, second)):
                nursery.start_soon(execute, client, "device.suspend", planned.token)
            for client, planned in ((door.control, enrols[0]), (other, enrols[1])):
                nursery.start_soon(execute, client, "device.enrol", planned.token)
        assert sorted(outcomes) == ["done", "done", "plan-stale", "plan-stale"]
        device = (await door.control.get("/v1/devices/device"))["device"]
        assert (device["status"], device["revision"]) == ("suspended", 2)
        assert (await door.control.get("/v1/devices/twin"))["device"]["revision"] == 1


async def test_what_changed_in_between_is_told(site: Site) -> None:
    """A plan of a moment ago does not hold any more: was and now are in the refusal."""
    async with at_the_door(site) as door:
        planned = await door.control.plan("device.revoke", {"device": "device"})
        await door.control.order("device.suspend", {"device": "device"})
        async with refused(409, "plan-stale") as caught:
            await door.control.execute("device.revoke", planned.token)
        assert "active" in caught[0].data["was"]
        assert "suspended" in caught[0].data["now"]
        async with refused(409, "token-used"):
            await door.control.execute("device.revoke", planned.token)


async def test_open_plans_are_bounded(site: Site) -> None:
    """A script that never executes is told to wait."""
    async with at_the_door(site) as door:
        async with refused(429, "plans-too-many") as caught:
            for _ in range(65):
                await door.control.plan("log.level", {"level": "info"})
        assert caught[0].retry_after_s == 60


async def test_the_table_describes_every_command(site: Site) -> None:
    """With what each lacks on this node."""
    async with at_the_door(site) as door:
        rows = {row["name"]: row for row in (await door.view.get("/v1/commands"))["commands"]}
        assert list(rows) == [
            "device.enrol", "device.suspend", "device.resume", "device.revoke", "grant.revoke", "piece.verify",
            "stream.publish", "chain.checkpoint", "chain.confirm", "chain.pin", "settings.apply", "log.level",
            "node.stop", "stream.retain",
        ]  # fmt: skip
        assert rows["settings.apply"]["available"] is False
        assert rows["settings.apply"]["why"]
        assert all(row["about"] for row in rows.values())


class Counted:
    """A command that takes a while and whose fact is how often it was done."""

    name, about, danger = "counter.raise", "Count.", False
    arguments = NoArguments

    def __init__(self) -> None:
        self.done = 0

    def unavailable(self) -> str:
        return ""

    async def plan(self, arguments: NoArguments) -> Draft:
        return Draft(summary="Count.", facts={"done": self.done})

    async def execute(self, arguments: NoArguments) -> Outcome:
        done = self.done
        await trio.sleep(0.01)
        self.done = done + 1
        return Outcome({"done": self.done})


async def test_a_token_belongs_to_its_user(site: Site) -> None:
    """Another uid may not use it, and does not spend it."""
    counted = Counted()
    async with desk_of(site, counted) as desk:
        token = (await desk.plan("counter.raise", {}, ANN))["token"]
        with pytest.raises(TokenForeign):
            await desk.execute("counter.raise", token, None, BOB)
        assert (await desk.execute("counter.raise", token, None, ANN)).result == {"done": 1}
        with pytest.raises(TokenUsed):
            await desk.execute("counter.raise", token, None, ANN)


async def test_only_one_of_many_at_once_is_done(site: Site) -> None:
    """However they interleave: one is done, the others are stale."""
    counted = Counted()
    async with desk_of(site, counted) as desk:
        tokens = [(await desk.plan("counter.raise", {}, ANN))["token"] for _ in range(10)]
        stale = 0

        async def execute(token: str) -> None:
            nonlocal stale
            try:
                await desk.execute("counter.raise", token, None, ANN)
            except PlanStale:
                stale += 1

        async with trio.open_nursery() as nursery:
            for token in tokens:
                nursery.start_soon(functools.partial(execute, token))
        assert (counted.done, stale) == (1, 9)


@asynccontextmanager
async def desk_of(site: Site, command: Counted) -> AsyncGenerator[CommandDesk, None]:
    """A desk with that command alone, over a node's rooms."""
    async with house_of(site) as house:
        yield CommandDesk(house, [command])
