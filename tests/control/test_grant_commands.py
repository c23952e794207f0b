"""grant.revoke: what is named in each of four ways, planned in words, durable, in force at once, and never a token."""

import json

import pytest

from edge_node.base.ids import Digest
from edge_node.base.log_ring import LOG_RING
from edge_node.control.grant_commands import RevokeGrant
from edge_node.trust.account import address_of
from edge_node.trust.auth_token import parse_token
from edge_node.trust.token_errors import TokenRevoked
from tests.control.house import house_of
from tests.control.rig import at_the_door, refused
from tests.gateway.rig import Site
from tests.trust.wallets import BOB, CAROL, DAY_MS, NOW_MS, OWNER, PHONE, bearer, chain_text

TEXT = bearer(expires_ms=NOW_MS * 2)
DIGEST = parse_token(TEXT).last.digest


async def test_a_pasted_token_is_revoked_by_its_hash(site: Site) -> None:
    """The plan speaks of the hash; after it every chain through that token is refused, also after a restart."""
    async with at_the_door(site) as door:
        planned = await door.control.plan("grant.revoke", {"token": f" {TEXT}\n", "note": "lost phone"})
        plan = planned.plan
        assert plan.arguments == {"hash": DIGEST.hex(), "note": "lost phone"}
        assert (plan.danger, plan.confirm) == (True, DIGEST.hex()[:8])
        assert DIGEST.hex() in plan.summary
        said = "\n".join(plan.consequences)
        assert f"token 1 of 1: {address_of(OWNER.public)} gives whoever has its text DELETE+GET+PUT in bucket 7" in said
        assert "cannot be undone" in said
        row = (await door.control.execute("grant.revoke", planned.token))["revocation"]
        assert (row["kind"], row["subject"], row["note"]) == ("token", DIGEST.hex(), "lost phone")
        async with refused(409, "already-revoked"):
            await door.control.plan("grant.revoke", {"hash": DIGEST.hex()})
    async with at_the_door(site) as door:
        assert (await door.view.get("/v1/revocations"))["revocations"] == [row]


async def test_what_is_revoked_is_refused_at_once(site: Site) -> None:
    """In the table the gate asks, with the next question."""
    async with house_of(site) as house:
        chain = parse_token(TEXT)
        house.revocations.require(chain)
        command = RevokeGrant(house)
        await command.execute(command.arguments(holder=address_of(OWNER.public)))
        with pytest.raises(TokenRevoked):
            house.revocations.require(chain)


async def test_a_token_leaves_no_trace(site: Site) -> None:
    """Not in an answer, the log, the audit, or any file; not even when it is refused for what it is."""
    broken = TEXT[:-40] + "O" + TEXT[-39:]  # O is no digit of base58
    async with at_the_door(site) as door:
        before = LOG_RING.last
        answers = [json.dumps(await door.control.order("grant.revoke", {"token": TEXT}))]
        for wish in ({"token": broken}, {"token": TEXT[:-5]}, {"token": TEXT * 20}, {"token": TEXT, "link": 2}):
            async with refused(400, "arguments-malformed") as caught:
                await door.control.plan("grant.revoke", wish)
            answers.append(str(vars(caught[0])))
        async with refused(400, "arguments-malformed") as caught:
            await door.control.plan("grant.revoke", {"token": {"a": TEXT}})
        answers.append(str(vars(caught[0])))
        answers.append(json.dumps(await door.control.get("/v1/audit")))
        answers.append(json.dumps(await door.control.get("/v1/refusals")))
        lines = " ".join(str(entry.fields) for entry in LOG_RING.after(before))
    files = b"".join(path.read_bytes() for path in site.root.rglob("*") if path.is_file())
    for at in range(0, len(TEXT) - 24, 8):
        part = TEXT[at : at + 24]
        assert all(part not in answer for answer in (*answers, lines)), part
        assert part.encode() not in files
    assert DIGEST.hex() in answers[0]


async def test_any_token_of_a_chain_can_be_chosen(site: Site) -> None:
    """The last by itself; of an inner one the plan says that its signer can make another."""
    text = chain_text(3)
    digests = [link.digest.hex() for link in parse_token(text).links]
    async with at_the_door(site) as door:
        last = (await door.control.plan("grant.revoke", {"token": text})).plan
        first = (await door.control.plan("grant.revoke", {"token": text, "link": 1})).plan
        assert [last.arguments["hash"], first.arguments["hash"]] == [digests[2], digests[0]]
        assert "token 3 of 3" in (said := "\n".join(last.consequences))
        assert "another like it from token 2" in said
        assert "another like it" not in "\n".join(first.consequences)
        for wish in ({"token": text, "link": 4}, {"token": text, "link": 0}, {"hash": digests[0], "link": 1}):
            async with refused(400, "arguments-malformed"):
                await door.control.plan("grant.revoke", wish)


async def test_accounts_are_revoked_by_hex_or_address(site: Site) -> None:
    """A holder for all, an issuer up to an end, which may be moved on but not back."""
    rules = {"buckets": [f"7 owner={OWNER.public.hex()}", f"9 owner={address_of(OWNER.public)} public"]}
    async with at_the_door(site, ddc=rules) as door:
        plan = (await door.control.plan("grant.revoke", {"holder": address_of(OWNER.public)})).plan
        assert "It owns bucket 7, 9 here" in "\n".join(plan.consequences)
        assert "It owns" not in str((await door.control.plan("grant.revoke", {"holder": BOB.public.hex()})).plan)
        await door.control.order("grant.revoke", {"holder": f"0x{BOB.public.hex()}"})
        for until_ms in (NOW_MS, NOW_MS + DAY_MS):
            wish = {"issuer": address_of(CAROL.public), "until_ms": until_ms}
            row = (await door.control.order("grant.revoke", wish))["revocation"]
            assert (row["until_ms"], row["address"]) == (until_ms, address_of(CAROL.public))
        async with refused(409, "already-revoked"):
            await door.control.plan("grant.revoke", {"issuer": CAROL.public.hex(), "until_ms": NOW_MS})
        await door.control.order("grant.revoke", {"hash": str(Digest(bytes(32)))})
        rows = (await door.view.get("/v1/revocations"))["revocations"]
        assert [row["kind"] for row in rows] == ["holder", "issuer", "token"]
        page = await door.view.get("/v1/revocations", {"limit": 1, "after": f"holder/{BOB.public.hex()}"})
        assert (page["revocations"], page["next"]) == (rows[1:2], f"issuer/{CAROL.public.hex()}")
        assert (await door.view.get("/v1/revocations", {"kind": "token"}))["revocations"] == rows[2:]
        async with refused(400, "bad-parameter"):
            await door.view.get("/v1/revocations", {"kind": "grant"})


@pytest.mark.parametrize(
    ("wish", "argument"),
    [
        ({}, ""), ({"hash": "00" * 32, "holder": "00" * 32}, ""), ({"hash": "00"}, "hash"),
        ({"holder": "bob"}, "holder"),
        ({"issuer": PHONE.public.hex()}, "until_ms"), ({"holder": PHONE.public.hex(), "until_ms": 1}, "until_ms"),
        ({"hash": "00" * 32, "note": "x" * 257}, "note"), ({"token": ""}, ""), ({"token": " "}, "token"),
        ({"issuer": PHONE.public.hex(), "until_ms": -1}, "until_ms"), ({"grant": "x"}, "grant"),
    ],
)  # fmt: skip
async def test_an_argument_that_is_none_is_named(site: Site, wish: dict[str, object], argument: str) -> None:
    """Nothing, two of them, no hash, no account, an issuer without an end, an end without an issuer."""
    async with at_the_door(site) as door:
        async with refused(400, "arguments-malformed") as caught:
            await door.control.plan("grant.revoke", wish)
        assert caught[0].data["argument"] == argument


async def test_a_plan_that_was_overtaken_does_nothing(site: Site) -> None:
    """Two operators: the second learns that it is done."""
    async with at_the_door(site) as door:
        wish = {"holder": BOB.public.hex()}
        first, second = [await door.control.plan("grant.revoke", wish) for _ in range(2)]
        await door.control.execute("grant.revoke", first.token)
        async with refused(409, "plan-stale"):
            await door.control.execute("grant.revoke", second.token)


async def test_a_viewer_revokes_nothing(site: Site) -> None:
    """It may look at what is revoked."""
    async with at_the_door(site) as door:
        async with refused(403, "view-only"):
            await door.view.plan("grant.revoke", {"holder": BOB.public.hex()})
        assert (await door.view.get("/v1/revocations")) == {"revocations": [], "next": None}
