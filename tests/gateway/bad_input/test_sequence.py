"""Sequence numbers and times at the door: repeats, conflicts, leaps, and clocks that are off."""

import msgspec
import pytest
import trio

from edge_node.base.clock import ClockQuality
from edge_node.base.ids import PublicKey, Signature
from edge_node.store.streams.records import decode_evidence
from edge_node.trust.keys import verify_signature
from edge_node.wire.cid import format_cid, raw_piece_cid
from tests.gateway.gate import GatedFiles
from tests.gateway.rig import CLOCK, Site, running

FIRST, SECOND = b'{"celsius":21}', b'{"celsius":22}'
MINUTE_MS = 60_000
DAY_MS = 86_400_000


async def test_a_repeat_gets_the_first_answer_again(site: Site) -> None:
    """The same signed body is stored once, and says so, before and after a restart."""
    async with running(site) as node:
        header = node.event(FIRST)
        first = (await node.post(header, FIRST)).json()
        await node.say(SECOND)
        rows = node.rows()
        again = (await node.post(header, FIRST)).json()
        assert again == first | {"duplicate": True}
        assert node.rows() == rows
    async with running(site) as node:
        assert (await node.post(header, FIRST)).json() == again
        assert node.rows("bodies") == {"bodies": rows["bodies"]}


async def test_repeats_in_flight_together_are_one_body(site: Site) -> None:
    """However many copies are on their way at once, one is stored and all get its offsets."""
    files = GatedFiles()
    async with running(site, files=files) as node:
        header, answers = node.event(FIRST), []

        async def send() -> None:
            answers.append((await node.post(header, FIRST)).json())

        async with trio.open_nursery() as nursery:
            with files.held() as came:
                nursery.start_soon(send)
                await trio.to_thread.run_sync(came.wait)
                for _ in range(3):
                    nursery.start_soon(send)
                await trio.sleep(0.2)  # most arrive while the first is held; the outcome is the same if not
        assert sorted(answer.pop("duplicate") for answer in answers) == [False, True, True, True]
        assert [answer["first_offset"] for answer in answers] == [0] * 4
        assert len(node.rows("bodies")["bodies"]) == 1
        await node.is_healthy()


@pytest.mark.parametrize("changed", ["body", "time", "content type"])
async def test_other_bytes_under_a_used_number_conflict_and_are_kept_as_evidence(site: Site, changed: str) -> None:
    """409 names the first body; the second signed message is kept so that anybody can convict the key."""
    async with running(site) as node:
        first = node.event(FIRST)
        await node.post(first, FIRST)
        body = SECOND if changed == "body" else FIRST
        second = node.event(
            body,
            seq=first.seq,
            t_ms=first.t_ms + (changed == "time"),
            content_type="text/plain" if changed == "content type" else first.content_type,
        )
        problem = await node.refuses(
            409, "sequence-conflict", lambda: node.post(second, body), tables=("bodies", "streams", "windows", "usage")
        )
        assert problem["first_cid"] == format_cid(raw_piece_cid(FIRST))
        ((key, audience, stream, _, segment, position, _),) = node.rows("evidence")["evidence"]
    assert (key, audience, stream) == (first.key, first.audience, first.stream)
    raw = (site.paths.segments / "rc" / f"{segment:08d}.seg").read_bytes()[position + 100 :]
    evidence = decode_first(raw)
    assert evidence.first_cid == raw_piece_cid(FIRST)
    assert verify_signature(PublicKey(evidence.key), evidence.message, Signature(evidence.signature))


def decode_first(raw: bytes):
    """The record at the head of these bytes, whatever follows it."""
    for end in range(100, len(raw) + 1):
        try:
            return decode_evidence(raw[:end])
        except msgspec.DecodeError:
            continue
    raise AssertionError("no record")


async def test_conflict_while_the_first_is_in_flight(site: Site) -> None:
    """A second body under the number of one that is not yet durable is refused too."""
    files = GatedFiles()
    async with running(site, files=files) as node:
        first = node.event(FIRST)
        second = node.event(SECOND, seq=first.seq)
        statuses = []

        async def send(header, body: bytes) -> None:
            statuses.append((await node.post(header, body)).status_code)

        async with trio.open_nursery() as nursery:
            with files.held() as came:
                nursery.start_soon(send, first, FIRST)
                await trio.to_thread.run_sync(came.wait)
                nursery.start_soon(send, second, SECOND)
                await trio.sleep(0.2)
        assert sorted(statuses) == [202, 409]
        await node.is_healthy()


async def test_a_number_below_the_window_is_too_old(site: Site) -> None:
    """1,023 below the highest is taken, 1,024 below is not."""
    async with running(site) as node:
        assert (await node.say(FIRST, seq=5_000)).status_code == 202
        assert (await node.say(FIRST, seq=5_000 - 1_023)).status_code == 202
        problem = await node.refuses(409, "sequence-too-old", lambda: node.say(FIRST, seq=5_000 - 1_024))
        assert (problem["seq"], problem["highest"]) == (5_000 - 1_024, 5_000)


async def test_a_leap_over_2_32_is_refused(site: Site) -> None:
    """One boot is 2^32; one more is a lost counter."""
    async with running(site) as node:
        assert (await node.say(FIRST, seq=7)).status_code == 202
        await node.refuses(409, "sequence-jump", lambda: node.say(FIRST, seq=8 + 2**32))
        assert (await node.say(FIRST, seq=7 + 2**32)).status_code == 202


async def test_time_ahead_is_refused(site: Site) -> None:
    """More than ten minutes ahead of a trusted clock, by a device that claims to know the time."""
    async with running(site) as node:
        ahead = CLOCK.now_ms() + 11 * MINUTE_MS
        problem = await node.refuses(422, "time-ahead", lambda: node.say(FIRST, t_ms=ahead))
        assert problem["limit_ms"] == 10 * MINUTE_MS
        assert (await node.say(FIRST, t_ms=ahead, quality=ClockQuality.UNSYNCED)).status_code == 202
        assert (await node.say(FIRST, t_ms=CLOCK.now_ms() + 9 * MINUTE_MS)).status_code == 202


async def test_an_event_beyond_its_stream_s_patience_is_refused(site: Site) -> None:
    """A month and a day late is too late; a day late is stored and marked."""
    async with running(site) as node:
        old = CLOCK.now_ms() - 31 * DAY_MS
        await node.refuses(422, "time-too-late", lambda: node.say(FIRST, t_ms=old))
        assert (await node.say(FIRST, t_ms=CLOCK.now_ms() - DAY_MS)).status_code == 202
        page = (await node.ask("GET", "/api/v1/streams/site/a")).json()
        assert [event["late"] for event in page["events"]] == [True]


async def test_an_untrusted_clock_judges_nobody(site: Site) -> None:
    """A node that does not know the time takes any time."""
    async with running(site, clock={"quality": "unsynced"}) as node:
        assert (await node.say(FIRST, t_ms=CLOCK.now_ms() + DAY_MS)).status_code == 202
