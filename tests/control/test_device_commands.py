"""Devices enrolled, suspended, resumed and revoked while the node runs: in force at once, and after a restart."""

import httpx
import pytest

from edge_node.client.errors import NodeRefusal
from tests.control.rig import Door, at_the_door, key_in_hex, refused
from tests.gateway.rig import Site, key_of


async def post(door: Door, who: str = "device") -> tuple[int, str]:
    """Whether a device's post is stored, and the refusal's slug."""
    answer: httpx.Response = await door.node.say(b'{"n":1}', who)
    return answer.status_code, answer.json().get("type", "").rpartition(":")[2]


async def test_a_suspended_device_is_refused_with_its_next_request(site: Site) -> None:
    """And let in again with the next after it was resumed; on connections that were open all along."""
    async with at_the_door(site) as door:
        assert await post(door) == (202, "")
        result = await door.control.order("device.suspend", {"device": "device", "note": "leaks"})
        assert (result["device"]["status"], result["device"]["note"]) == ("suspended", "leaks")
        assert await post(door) == (403, "device-suspended")
        await door.control.order("device.resume", {"device": key_of("device").public.hex()})
        assert await post(door) == (202, "")
        await door.control.order("device.revoke", {"device": "device"})
        assert await post(door) == (403, "device-revoked")


async def test_changes_are_in_the_log(site: Site) -> None:
    """After a restart they stand: suspended, enrolled, revoked."""
    async with at_the_door(site) as door:
        await door.control.order("device.suspend", {"device": "device"})
        await door.control.order("device.revoke", {"device": "neighbour"})
        new = {
            "name": "pump",
            "key": key_of("stranger").public.hex(),
            "streams": ["site"],
            "roles": ["device", "reader"],
        }
        row = (await door.control.order("device.enrol", new))["device"]
        assert (row["roles"], row["streams"], row["vault"]) == (["device", "reader"], ["site"], site.node.hex())
        assert await post(door, "stranger") == (202, "")
    async with at_the_door(site) as door:
        assert await post(door) == (403, "device-suspended")
        assert await post(door, "neighbour") == (403, "device-revoked")
        assert await post(door, "stranger") == (202, "")
        row = (await door.control.get("/v1/devices/pump"))["device"]
        assert (row["last_stream"], row["refused"], row["bytes_today"] > 0) == ("site/a", 0, True)


async def test_what_the_registry_refuses_is_refused_at_the_plan(site: Site) -> None:
    """By its own name: nothing is planned that could not be done."""
    async with at_the_door(site) as door:
        known = key_of("device").public.hex()
        cases = [
            ("device.enrol", {"name": "device", "key": key_in_hex(5)}, "name-taken"),
            ("device.enrol", {"name": "x", "key": known}, "device-exists"),
            ("device.enrol", {"name": "x", "key": key_of("revoked").public.hex()}, "key-revoked"),
            ("device.enrol", {"name": "\u202ex", "key": key_in_hex(5)}, "malformed-device"),
            ("device.enrol", {"name": "x", "key": key_in_hex(5), "roles": []}, "malformed-device"),
            ("device.enrol", {"name": "x", "key": key_in_hex(5), "streams": ["NO"]}, "arguments-malformed"),
            ("device.resume", {"device": "device"}, "bad-transition"),
            ("device.suspend", {"device": "revoked"}, "unknown-device"),
            ("device.suspend", {"device": key_of("revoked").public.hex()}, "bad-transition"),
            ("device.suspend", {"device": "device", "note": "x" * 300}, "malformed-device"),
        ]
        for command, arguments, slug in cases:
            with pytest.raises(NodeRefusal) as refusal:
                await door.control.plan(command, arguments)
            assert refusal.value.slug == slug, (command, arguments)


async def test_an_operator_is_enrolled_with_a_word_of_warning(site: Site) -> None:
    """A key that may do everything is confirmed by its name; a device is not."""
    async with at_the_door(site) as door:
        wide = await door.control.plan("device.enrol", {"name": "boss", "key": key_in_hex(5), "roles": ["operator"]})
        narrow = await door.control.plan("device.enrol", {"name": "pump", "key": key_in_hex(6), "late_max_s": 60})
        assert (wide.plan.danger, wide.plan.confirm, narrow.plan.danger, narrow.plan.confirm) == (
            True,
            "boss",
            False,
            None,
        )
        assert narrow.plan.arguments["vault"] == site.node.hex()
        row = (await door.control.execute("device.enrol", narrow.token))["device"]
        assert row["late_max_s"] == 60


async def test_lists_follow(site: Site) -> None:
    """Counts, pages and search show what was done, and what was refused under a key."""
    async with at_the_door(site) as door:
        before = (await door.control.get("/v1/node"))["devices"]
        await door.control.order("device.suspend", {"device": "device"})
        await post(door)
        suspended = (await door.control.get("/v1/devices", {"status": "suspended"}))["devices"]
        assert {row["name"] for row in suspended} == {"device", "suspended"}
        row = next(row for row in suspended if row["name"] == "device")
        assert (row["refused"], row["last_refusal"]["slug"]) == (1, "device-suspended")
        after = (await door.control.get("/v1/devices", {"filter": "DEVI"}))["devices"]
        assert [row["name"] for row in after] == ["device"]
        pages = [page async for page in door.control.iterate("/v1/devices", "devices", {"limit": 2})]
        names = [row["name"] for page in pages for row in page]
        assert names == sorted(names)
        assert len(names) == sum(before[status] for status in ("active", "suspended", "revoked")) == 8
        async with refused(404, "unknown-device"):
            await door.control.get("/v1/devices/none")
