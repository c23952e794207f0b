"""More than the node takes: full queues, rates and quotas say so, and say when to come back."""

import httpx
import trio

from edge_node.base import counters
from edge_node.base.ids import StreamName
from edge_node.base.offload import CPU
from edge_node.trust.signed_event import format_event_header
from tests.gateway.gate import GatedFiles
from tests.gateway.rig import MODEST_BYTES_A_DAY, RunningNode, Site, running

BODY = b'{"celsius":21}'


async def post_until_refused(node: RunningNode, nursery: trio.Nursery, answers: list[httpx.Response]) -> None:
    """Post one body after another, not waiting for any, until the first refusal."""

    async def send() -> None:
        answers.append(await node.say(BODY))

    for _ in range(200):
        nursery.start_soon(send)
        await trio.sleep(0.01)
        if any(answer.status_code != 202 for answer in answers):
            return
    raise AssertionError("nothing was refused")


def check_refusals(node: RunningNode, answers: list[httpx.Response], slug: str, counted: int) -> None:
    """Some 202, the rest 503 of that slug with Retry-After, and exactly the former are stored."""
    refused = [answer for answer in answers if answer.status_code != 202]
    assert {answer.status_code for answer in refused} == {503}
    assert {answer.json()["type"] for answer in refused} == {f"urn:edge-node:problem:{slug}"}
    assert {answer.headers["retry-after"] for answer in refused} == {"1"}
    assert counters.refusals(slug) == counted + len(refused)
    assert len(node.rows("bodies")["bodies"]) == len(answers) - len(refused)


async def test_a_full_ingest_queue(site: Site) -> None:
    """While no core is free to verify, one body waits and the next is refused; later the waiting one is stored."""
    async with running(site, ingest={"queue_bodies_max": 1}) as node:
        counted, borrowers, answers = counters.refusals("queue-full"), [object() for _ in range(CPU.total_tokens)], []
        async with trio.open_nursery() as nursery:
            for borrower in borrowers:
                await CPU.acquire_on_behalf_of(borrower)
            try:
                await post_until_refused(node, nursery, answers)
                assert (await node.client.get("/healthz")).status_code == 200
            finally:
                for borrower in borrowers:
                    CPU.release_on_behalf_of(borrower)
        check_refusals(node, answers, "queue-full", counted)
        await node.is_healthy()


async def test_a_full_journal_queue(site: Site) -> None:
    """While the disk holds the writer up, what does not fit the queue is refused and takes no offset."""
    files = GatedFiles()
    async with running(site, files=files, journal={"queue_records_max": 1}) as node:
        counted, answers = counters.refusals("journal-queue-full"), []
        async with trio.open_nursery() as nursery:
            with files.held():
                await post_until_refused(node, nursery, answers)
                assert (await node.client.get("/readyz")).status_code == 200
        check_refusals(node, answers, "journal-queue-full", counted)
        offsets = sorted(answer.json()["first_offset"] for answer in answers if answer.status_code == 202)
        assert offsets == list(range(len(offsets)))
        again = await node.say(BODY)
        assert again.json()["first_offset"] == len(offsets)
        await node.is_healthy()


async def test_a_key_above_its_rate(site: Site) -> None:
    """A second's worth at once passes, one more is refused; another key is not slowed."""
    async with running(site, ingest={"device_bodies_per_s": 0.001}) as node:
        assert (await node.say(BODY, "device")).status_code == 202
        counted = counters.refusals("rate-exceeded")
        answer = await node.say(BODY, "device")
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "1")
        assert answer.json()["type"] == "urn:edge-node:problem:rate-exceeded"
        assert counters.refusals("rate-exceeded") == counted + 1
        assert len(node.rows("bodies")["bodies"]) == 1
        await node.is_healthy()


async def test_forged_posts_do_not_spend_the_rate_of_the_key_they_name(site: Site) -> None:
    """A thousand of them from other connections, and its owner has its whole second's worth; no more than that."""
    forged, rate = 1_000, 10
    async with running(site, ingest={"device_bodies_per_s": rate}) as node:
        counted, rows = counters.refusals("bad-signature"), node.rows()
        header = format_event_header(node.event(b"1"))
        said = {"content-type": "application/json", "edge-signature": header}

        async def forge() -> None:
            async with httpx.AsyncClient(base_url=node.url, timeout=30) as client:
                for _ in range(forged // 4):
                    answer = await client.post("/events", content=b"2", headers=said)
                    assert answer.status_code == 401

        async with trio.open_nursery() as nursery:
            for _ in range(4):
                nursery.start_soon(forge)
        assert counters.refusals("bad-signature") == counted + forged
        assert node.rows() == rows
        for _ in range(rate):
            assert (await node.say(BODY)).status_code == 202


async def test_what_is_signed_and_refused_is_paid_for(site: Site) -> None:
    """A key's own malformed bodies count, and what it sends beyond its rate is not even verified."""
    async with running(site, ingest={"device_bodies_per_s": 0.001}) as node:
        assert (await node.say(b"{")).status_code == 400
        assert (await node.say(BODY)).status_code == 429


async def test_bodies_of_one_key_that_come_at_once_share_its_rate(site: Site) -> None:
    """All are looked at before one has paid: no more than the rate get through all the same."""
    async with running(site, ingest={"device_bodies_per_s": 1.0e-6}) as node:
        answers: list[httpx.Response] = []

        async def send() -> None:
            answers.append(await node.say(BODY))

        async with trio.open_nursery() as nursery:
            for _ in range(12):
                nursery.start_soon(send)
        assert sorted(answer.status_code for answer in answers) == [202] + [429] * 11


async def test_a_key_beyond_its_day(site: Site) -> None:
    """The key's bytes of the day are used up exactly at the limit; another key has its own."""
    async with running(site, store={"key_bytes_per_day_max": 50}) as node:
        assert (await node.say(b'"' + b"a" * 48 + b'"', "device")).status_code == 202
        problem = await node.refuses(429, "quota-exceeded", lambda: node.say(b"1", "device"))
        assert (problem["used"], problem["limit"]) == (50, 50)
    async with running(site, store={"key_bytes_per_day_max": 50}) as node:
        await node.refuses(429, "quota-exceeded", lambda: node.say(b"2", "device", seq=9))


async def test_a_device_beyond_its_own_bytes_a_day(site: Site) -> None:
    """The limit of its enrolment stands for events and pieces together, before and after a restart."""
    async with running(site) as node:
        assert (await node.say(bytes(40), "modest", content_type="a/b")).status_code == 202
        await node.refuses(429, "quota-exceeded", lambda: node.say(bytes(61), "modest", content_type="a/b"))
        too_much = bytes(61)
        problem = await node.refuses(
            429, "quota-exceeded", lambda: node.ask("POST", "/api/v1/pieces", too_much, "modest"), tables=("pieces",)
        )
        assert (problem["used"], problem["limit"]) == (40, MODEST_BYTES_A_DAY)
        assert (await node.ask("POST", "/api/v1/pieces", bytes(60), "modest")).status_code == 201
    async with running(site) as node:
        await node.refuses(429, "quota-exceeded", lambda: node.say(b"1", "modest", seq=9))


async def test_an_owner_beyond_its_bytes(site: Site) -> None:
    """Events and pieces draw on one account; what is refused costs nothing, what is deleted comes back."""
    async with running(site, store={"owner_bytes_max": 1_000}) as node:
        content = bytes(900)
        put = await node.ask("POST", "/api/v1/pieces", content)
        assert put.status_code == 201
        await node.refuses(429, "quota-exceeded", lambda: node.say(bytes(101), content_type="a/b"))
        await node.refuses(
            429, "quota-exceeded", lambda: node.ask("POST", "/api/v1/pieces", bytes(101)), tables=("pieces", "holders")
        )
        assert (await node.ask("DELETE", put.headers["location"])).status_code == 204
        assert (await node.say(bytes(900), content_type="a/b", stream=StreamName("site/b"))).status_code == 202
