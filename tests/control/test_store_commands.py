"""A piece read back whole, and a test event that takes the way of every other."""

import pytest

from edge_node.base.limits import MIB
from edge_node.control.store_commands import Pace
from tests.control.buckets import RULES, fill
from tests.control.rig import at_the_door, refused
from tests.gateway.rig import Site
from tests.trust.wallets import OWNER


async def test_an_intact_piece_and_a_damaged_one(site: Site) -> None:
    """Damage is what was found out; the piece is then known to be damaged."""
    async with at_the_door(site) as door:
        cid = (await door.node.ask("POST", "/api/v1/pieces", b"\x07" * (2 * MIB + 5))).json()["cid"]
        planned = await door.control.plan("piece.verify", {"cid": cid})
        assert (planned.plan.danger, "2097157" in planned.plan.summary) == (False, True)
        result = await door.control.execute("piece.verify", planned.token)
        assert (result["bytes"], result["intact"], result["reason"]) == (2 * MIB + 5, True, "")
        detail = await door.view.get(f"/v1/pieces/{cid}")
        assert (detail["kind"], detail["damaged"], [one["bytes"] for one in detail["extents"]]) == (
            "raw", False, [MIB, MIB, 5],
        )  # fmt: skip
        assert detail["owners"][0]["vault"] == site.node.hex()
        path = site.paths.segments / "px" / f"{detail['extents'][1]['segment']:08d}.seg"
        with path.open("r+b") as file:
            file.seek(detail["extents"][1]["offset"] + 500)
            file.write(b"\xff\xfe")
        broken = await door.control.order("piece.verify", {"cid": cid, "vault": site.node.hex()})
        assert (broken["intact"], broken["cid"]) == (False, cid)
        assert broken["reason"]
        assert (await door.control.get(f"/v1/pieces/{cid}"))["damaged"] is True
        rows = (await door.control.get("/v1/pieces", {"cid": cid[:12], "bytes_min": MIB}))["pieces"]
        assert [(row["cid"], row["damaged"]) for row in rows] == [(cid, True)]
        async with refused(500, "piece-damaged"):
            await door.control.get(f"/v1/pieces/{cid}/content", {"from": MIB, "length": 10})


@pytest.mark.parametrize("kind", ["raw", "multipart", "dag"])
async def test_every_kind_is_verified_where_it_is_held(site: Site, kind: str) -> None:
    """Through its bucket; a multipart through all of its parts; by whoever holds it when nobody is named."""
    there = await fill(site)
    cid = {"raw": there.parts[0], "multipart": there.file, "dag": there.node}[kind]
    async with at_the_door(site, ddc=RULES) as door:
        for wish in ({}, {"bucket": 7}, {"bucket": 7, "vault": OWNER.public.hex()}):
            planned = await door.control.plan("piece.verify", {"cid": cid, **wish})
            assert ("in 2 parts" in planned.plan.summary) == (kind == "multipart")
            result = await door.control.execute("piece.verify", planned.token)
            assert (result["intact"], result["kind"], result["bucket"]) == (True, kind, 7)
            assert f"Read {result['bytes']} bytes" in planned.plan.summary
        for wish in ({"bucket": 9}, {"bucket": 7, "vault": site.node.hex()}):
            async with refused(404, "unknown-piece"):
                await door.control.plan("piece.verify", {"cid": cid, **wish})


async def test_a_bucket_nobody_vouches_for_can_still_be_verified(site: Site) -> None:
    """The operator looks after what is kept, whether it is served or not."""
    await fill(site)
    async with at_the_door(site) as door:
        [row] = (await door.view.get("/v1/pieces", {"bucket": 99}))["pieces"]
        assert (await door.control.order("piece.verify", {"cid": row["cid"], "bucket": 99}))["intact"]


async def test_a_multipart_with_a_damaged_part_is_damaged(site: Site) -> None:
    """Its own verdict says so, the part's too; the other part is well."""
    there = await fill(site)
    async with at_the_door(site, ddc=RULES) as door:
        detail = await door.control.get(f"/v1/pieces/{there.parts[1]}")
        path = site.paths.segments / "px" / f"{detail['extents'][0]['segment']:08d}.seg"
        with path.open("r+b") as file:
            file.seek(detail["extents"][0]["offset"] + 500)
            file.write(b"\xff\xfe")
        broken = await door.control.order("piece.verify", {"cid": there.file})
        assert (broken["intact"], broken["kind"], broken["bytes"]) == (False, "multipart", 2 * MIB + 5)
        assert (await door.control.order("piece.verify", {"cid": there.parts[0], "bucket": 7}))["intact"]
        assert not (await door.control.order("piece.verify", {"cid": there.parts[1], "bucket": 7}))["intact"]
        rows = (await door.view.get("/v1/pieces", {"bucket": 7}))["pieces"]
        assert {row["cid"] for row in rows if row["damaged"]} == {there.file, there.parts[1]}


def test_long_work_says_how_far_it_is_and_not_too_often() -> None:
    """Nothing within the first second, then at most every quarter of one."""
    now = [100.0]
    pace = Pace(lambda: now[0])
    said = []
    for step in range(30):
        now[0] = 100.0 + step / 10
        if pace.due():
            said.append(step)
    assert said == [10, 13, 16, 19, 22, 25, 28]


async def test_how_far_a_multipart_is_comes_over_the_feed(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """In bytes of all; here without the first second's silence."""
    monkeypatch.setattr("edge_node.control.store_commands.QUIET_S", -1.0)
    monkeypatch.setattr("edge_node.control.store_commands.ADVANCE_S", 0.0)
    there = await fill(site)
    async with at_the_door(site, ddc=RULES) as door, door.control.events(["progress"]) as frames:
        assert (await anext(frames)).topic == "hello"
        size = (await door.control.order("piece.verify", {"cid": there.file}))["bytes"]
        seen = [(await anext(frames)).data for _ in range(2)]
        assert seen == [
            {"command": "piece.verify", "subject": there.file, "done": done, "bytes": size} for done in (MIB, size)
        ]


async def test_an_event_body_is_verified_like_a_piece(site: Site) -> None:
    """Under the CID of its receipt."""
    async with at_the_door(site) as door:
        cid = (await door.node.say(b'{"n":1}')).json()["cid"]
        assert (await door.control.order("piece.verify", {"cid": cid}))["bytes"] == 7
        detail = await door.control.get(f"/v1/pieces/{cid}")
        assert (detail["kind"], detail["body"]["stream"], detail["body"]["count"]) == ("event-body", "site/a", 1)


async def test_only_a_holder_s_piece_is_verified(site: Site) -> None:
    """A vault that does not hold it has no piece of that CID."""
    async with at_the_door(site) as door:
        cid = (await door.node.ask("POST", "/api/v1/pieces", b"x")).json()["cid"]
        async with refused(404, "unknown-piece"):
            await door.control.plan("piece.verify", {"cid": cid, "vault": "11" * 32})


async def test_a_test_event_is_an_event(site: Site) -> None:
    """Signed by the operator's key on the box, numbered on, delivered, counted."""
    async with at_the_door(site) as door:
        for number in range(3):
            data = {"n": number, "text": "héllo"}
            receipt = (await door.control.order("stream.publish", {"stream": "test/a", "data": data}))["receipt"]
            assert (receipt["stream"], receipt["first_offset"], receipt["duplicate"]) == ("test/a", number, False)
        events = (await door.control.get("/v1/streams/test%2Fa/events"))["events"]
        assert [one["event"]["n"] for one in events] == [0, 1, 2]
        assert [one["seq"] for one in events] == [1, 2, 3]
        operator = (await door.control.get("/v1/devices/operator"))["device"]
        assert (operator["last_stream"], operator["last_seq"]) == ("test/a", 3)
        [row] = (await door.control.get("/v1/streams", {"filter": "test"}))["streams"]
        assert (row["events"], row["next_offset"]) == (3, 3)


async def test_without_the_operator_s_key_none_is_published(site: Site) -> None:
    """Moved away, exposed or revoked: each says what is missing; no key is made up for it."""
    key = site.paths.operator_key
    async with at_the_door(site) as door:
        wish = {"stream": "test/a", "data": 1}
        key.chmod(0o644)
        async with refused(409, "command-unavailable"):
            await door.control.plan("stream.publish", wish)
        key.chmod(0o600)
        planned = await door.control.plan("stream.publish", wish)
        moved = key.rename(key.with_suffix(".away"))
        async with refused(409, "command-unavailable"):
            await door.control.execute("stream.publish", planned.token)
        async with refused(409, "command-unavailable"):
            await door.control.plan("stream.publish", wish)
        moved.rename(key)
        await door.control.order("device.suspend", {"device": "operator"})
        async with refused(403, "device-suspended"):
            await door.control.plan("stream.publish", wish)
        async with refused(404, "unknown-stream"):
            await door.control.get("/v1/streams/test%2Fa/events")
