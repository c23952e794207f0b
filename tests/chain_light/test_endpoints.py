"""The pool: who is usable and why not, who leads, what a wrong answer costs, and that it comes back by itself."""

from contextlib import AsyncExitStack, asynccontextmanager

import pytest
import trio
import trio.testing

from edge_node.base.clock import ClockQuality, SystemClock
from edge_node.base.ids import Hash256
from edge_node.chain_light.endpoint_score import BAN_FIRST_S, BAN_LONGEST_S, BEHIND_S
from edge_node.chain_light.endpoints import POLL_S, Endpoints
from edge_node.chain_light.header import hash_header, json_of_header
from edge_node.chain_light.source_errors import (
    EndpointBusy,
    EndpointGone,
    EndpointSilent,
    EndpointUnreachable,
    MalformedAnswer,
    NoEndpoint,
    OtherHeader,
)
from edge_node.chain_light.spec import Endpoint
from edge_node.chain_light.status import Verdict
from edge_node.wire.scale import MalformedScale
from tests.chain_light.endpoint_rig import BEST, FINAL, GENESIS, Rig, header_at, serving

OTHER = Hash256(b"\x99" * 32)


def random(count):
    return bytes([255]) * count


class TrioClock:
    """Trio's own time, which jumps over what nobody waits for."""

    def now_ms(self):
        return round(trio.current_time() * 1_000)

    def monotonic_s(self):
        return trio.current_time()

    def quality(self):
        return ClockQuality.NETWORK


class Played:
    """An endpoint without a socket: what it says is set by the test."""

    def __init__(self, name, group=None):
        self.endpoint = Endpoint(url=f"ws://{name}:1", group=group or name)
        self.url, self.group = self.endpoint.url, self.endpoint.group
        self.chain, self.final, self.head = GENESIS, FINAL, BEST
        self.unreachable = ""
        self.silent = False
        self.fault = None
        self.dials = []
        self.carried = []

    async def connect(self, task_status):
        self.dials.append(trio.current_time())
        await trio.sleep(0)
        if self.unreachable:
            raise EndpointUnreachable(self.url, self.unreachable)
        carried = PlayedSource(self)
        self.carried.append(carried)
        task_status.started(carried)
        try:
            await carried.wait_ended()
            if self.fault:
                raise self.fault
        finally:
            carried.close("closed here")
            self.carried.remove(carried)

    def break_off(self, error=None):
        for carried in list(self.carried):
            carried.end(error or EndpointGone(self.url, "broke"))


class PlayedSource:
    def __init__(self, played):
        self.played, self.url, self.group = played, played.url, played.group
        self.ending, self._over = None, trio.Event()

    def end(self, error):
        if self.ending is None:
            self.ending = error
            self._over.set()

    def close(self, why):
        self.end(EndpointGone(self.url, why))

    async def wait_ended(self):
        await self._over.wait()

    async def _wait(self):
        await trio.sleep(0.05)
        if self.ending:
            raise self.ending
        if self.played.silent:
            await trio.sleep(10)
            raise EndpointSilent(self.url, "any", 10)

    async def genesis(self):
        await self._wait()
        return self.played.chain

    async def finalized(self):
        await self._wait()
        return hash_header(self.played.final)

    async def header(self, block=None):
        await self._wait()
        return self.played.head if block is None else self.played.final


@asynccontextmanager
async def pool_of(*played, tried=True, **options):
    """A running pool of played endpoints, each of which has been tried."""
    by_url = {one.url: one for one in played}

    async def connect(endpoint, *, task_status):
        await by_url[endpoint.url].connect(task_status)

    endpoints = Endpoints(
        [one.endpoint for one in played], clock=TrioClock(), random=random, connect=connect, **options
    )
    async with trio.open_nursery() as nursery:
        await nursery.start(endpoints.run)
        with trio.fail_after(20):
            while tried and Verdict.UNTRIED in verdicts(endpoints):
                await endpoints.wait_change()
        yield endpoints
        nursery.cancel_scope.cancel()
    assert all(not one.carried for one in played), "a connection outlived its pool"


def urls(endpoints):
    return [source.url for source in endpoints.sources()]


def verdicts(endpoints):
    statuses = endpoints.statuses()
    assert all(status.reason for status in statuses)
    return [status.verdict for status in statuses]


async def say_ok(source):
    await trio.sleep(0)
    return source.url


async def usable_within(endpoints, count):
    with trio.fail_after(20):
        while len(endpoints.sources()) < count:
            await endpoints.wait_change()


# --- over real sockets


@asynccontextmanager
async def real_pool(*rigs, **options):
    async with AsyncExitStack() as stack:
        for rig in rigs:
            await stack.enter_async_context(serving(rig))
        named = [rig.endpoint(f"group-{number}") for number, rig in enumerate(rigs)]
        endpoints = Endpoints(named, clock=SystemClock(), random=random, **options)
        nursery = await stack.enter_async_context(trio.open_nursery())
        await nursery.start(endpoints.run)
        yield endpoints
        nursery.cancel_scope.cancel()


async def test_real_endpoints_become_usable_and_are_asked():
    """Probed for their chain and heights; the leader answers a question."""
    one, other = Rig(), Rig()
    async with real_pool(one, other) as endpoints:
        await usable_within(endpoints, 2)
        assert endpoints.groups() == {"group-0", "group-1"}
        assert endpoints.expected_genesis == GENESIS
        statuses = endpoints.statuses()
        assert [(one.verdict, one.finalized, one.best) for one in statuses] == [(Verdict.USABLE, 40, 42)] * 2
        assert [status.leads for status in statuses].count(True) == 1
        assert all(status.latency_ms > 0 for status in statuses)
        found = await endpoints.ask(lambda source: source.header(hash_header(FINAL)), lambda header: header.number)
        assert found == 40


async def test_a_real_endpoint_of_another_chain_is_banned_with_the_reason():
    """And not asked; the others are."""
    good, bad = Rig(), Rig()
    bad.genesis = OTHER
    async with real_pool(good, bad, expected_genesis=GENESIS) as endpoints:
        with trio.fail_after(20):
            while endpoints.statuses()[1].verdict is not Verdict.BANNED:
                await endpoints.wait_change()
        await usable_within(endpoints, 1)
        assert urls(endpoints) == [good.url]
        status = endpoints.statuses()[1]
        assert status.reason == f"its chain begins with 99999999…, ours with {GENESIS.hex()[:8]}…"
        assert status.banned_until_ms > SystemClock().now_ms()


async def test_a_real_liar_is_refused_and_the_next_one_asked():
    """The answer's own error is kept as evidence; the liar's connection is closed."""
    liar, good = Rig(), Rig()
    async with real_pool(liar, good) as endpoints:
        await usable_within(endpoints, 2)
        liar.table["chain_getHeader"] = good.table["chain_getHeader"] = lambda *_: json_of_header(header_at(9))
        good.table["chain_getHeader"] = json_of_header(FINAL)
        endpoints._leader = liar.url
        assert await endpoints.ask(lambda source: source.header(hash_header(FINAL)), lambda header: header) == FINAL
        assert verdicts(endpoints)[0] is Verdict.BANNED
        assert "hash" in endpoints.evidence(liar.url)[0]
        with trio.fail_after(20):
            while liar.sockets:
                await trio.sleep(0.005)


async def test_a_real_connection_that_breaks_is_made_anew():
    """By itself, after a pause of a second at most."""
    rig = Rig()
    async with real_pool(rig) as endpoints:
        await usable_within(endpoints, 1)
        await rig.sockets[0].aclose()
        with trio.fail_after(20):
            while endpoints.sources():
                await endpoints.wait_change()
        assert "closed the WebSocket" in endpoints.statuses()[0].reason
        await usable_within(endpoints, 1)
        assert rig.connections == 2


async def test_a_real_nobody_is_unreachable_with_the_step():
    """The pool goes on with those who are there."""
    rig = Rig()
    rig.reject_with = 404
    async with real_pool(rig) as endpoints:
        with trio.fail_after(20):
            while endpoints.statuses()[0].verdict is Verdict.UNTRIED:
                await endpoints.wait_change()
        status = endpoints.statuses()[0]
        assert (status.verdict, endpoints.sources()) == (Verdict.UNREACHABLE, [])
        assert "HTTP 404" in status.reason
        with pytest.raises(NoEndpoint, match="HTTP 404"):
            await endpoints.ask(say_ok, str)


# --- by played time; not where an answer is verified, which is done in a thread that no jump waits for


async def test_without_endpoints_nobody_answers(autojump_clock):
    """No status, no group, and a question says so."""
    async with pool_of() as endpoints:
        assert (endpoints.sources(), endpoints.groups(), endpoints.statuses()) == ([], set(), ())
        with pytest.raises(NoEndpoint, match="no endpoint is usable"):
            await endpoints.ask(say_ok, str)


async def test_groups_are_those_of_usable_endpoints(autojump_clock):
    """Two endpoints of one operator are one group."""
    a, b, c = Played("a", "one"), Played("b", "one"), Played("c", "two")
    c.unreachable = "no route"
    async with pool_of(a, b, c) as endpoints:
        assert endpoints.groups() == {"one"}
        assert len(urls(endpoints)) == 2


async def test_two_failures_in_a_row_move_the_lead():
    """Each question went on to the next endpoint; the third one begins there."""
    a, b = Played("a"), Played("b")
    asked = []

    async def fails_at_a(source):
        asked.append(source.url)
        await trio.sleep(0.01)
        if source.url == a.url:
            raise EndpointGone(a.url, "once more")
        return 1

    async with pool_of(a, b) as endpoints:
        endpoints._leader = a.url
        for _ in range(3):
            assert await endpoints.ask(fails_at_a, int) == 1
        assert asked == [a.url, b.url, a.url, b.url, b.url]
        assert [status.leads for status in endpoints.statuses()] == [False, True]
        assert "once more" in endpoints.statuses()[0].reason
        assert verdicts(endpoints) == [Verdict.USABLE, Verdict.USABLE]


async def test_all_reasons_are_told_when_nobody_answers(autojump_clock):
    """Each endpoint was asked once."""
    a, b = Played("a"), Played("b")
    asked = []

    async def refuse(source):
        asked.append(source.url)
        await trio.sleep(0)
        raise EndpointSilent(source.url, "state_getReadProof", 30)

    async with pool_of(a, b) as endpoints:
        with pytest.raises(NoEndpoint) as caught:
            await endpoints.ask(refuse, str)
        assert sorted(asked) == sorted(caught.value.reasons) == [a.url, b.url]
        assert "has not answered state_getReadProof for 30 s" in caught.value.reasons[a.url]


@pytest.mark.parametrize("error", [MalformedAnswer("x"), OtherHeader(GENESIS, OTHER), MalformedScale("x", 0)])
async def test_what_verify_refuses_counts_against_who_said_it(error):
    """A ban; the next endpoint's answer is taken."""
    a, b = Played("a"), Played("b")

    def verify(url):
        if url == a.url:
            raise error
        return url

    async with pool_of(a, b) as endpoints:
        endpoints._leader = a.url
        assert await endpoints.ask(say_ok, verify) == b.url
        assert (verdicts(endpoints)[0], endpoints.statuses()[0].refused) == (Verdict.BANNED, 1)
        assert urls(endpoints) == [b.url]
        with pytest.raises(ZeroDivisionError):
            await endpoints.ask(say_ok, lambda url: 1 // 0)
        assert urls(endpoints) == [b.url]


async def test_verify_runs_beside_the_loop():
    """Ten thousand signatures would hold up everybody else."""
    async with pool_of(Played("a")) as endpoints:
        before = endpoints.statuses()[0]
        assert await endpoints.ask(say_ok, lambda _: trio.lowlevel.in_trio_run()) is False
        after = endpoints.statuses()[0]
        assert after.asked == before.asked + 1
        assert after.latency_ms < 60_000


async def test_bans_grow_and_end(autojump_clock):
    """Each time it comes back and lies again, it stays away twice as long; it is probed before it is asked again."""
    a = Played("a")
    async with pool_of(a) as endpoints:
        lasted = []
        for _ in range(6):
            endpoints.refused(endpoints.sources()[0], MalformedAnswer("lie"))
            began = trio.current_time()
            assert (urls(endpoints), verdicts(endpoints)) == ([], [Verdict.BANNED])
            dials = len(a.dials)
            while not endpoints.sources():
                await endpoints.wait_change()
            assert len(a.dials) == dials + 1
            lasted.append(round(a.dials[-1] - began))
        assert lasted == [BAN_FIRST_S, 80, 160, 320, BAN_LONGEST_S, BAN_LONGEST_S]


async def test_several_lies_under_way_are_one_ban(autojump_clock):
    """They are counted, and do not make it longer."""
    a = Played("a")
    async with pool_of(a) as endpoints:
        source = endpoints.sources()[0]
        for _ in range(4):
            endpoints.refused(source, MalformedAnswer("lie"))
        status = endpoints.statuses()[0]
        assert status.refused == 4
        assert status.banned_until_ms == round((trio.current_time() + BAN_FIRST_S) * 1_000)


async def test_a_connection_that_ended_by_the_endpoints_fault_is_a_ban(autojump_clock):
    """Also when nobody waited for an answer."""
    a = Played("a")
    async with pool_of(a) as endpoints:
        a.break_off(MalformedAnswer("garbage"))
        await trio.sleep(0.1)
        assert (verdicts(endpoints), endpoints.statuses()[0].refused) == ([Verdict.BANNED], 1)
        assert "garbage" in endpoints.statuses()[0].reason


async def test_pauses_between_attempts_grow(autojump_clock):
    """To a minute; the reason stands all the time, and it comes back by itself."""
    a = Played("a")
    a.unreachable = "connection refused"
    async with pool_of(a) as endpoints:
        await trio.sleep(400)
        pauses = [later - before for before, later in zip(a.dials, a.dials[1:], strict=False)]
        assert [round(pause) for pause in pauses[:8]] == [1, 2, 4, 8, 16, 32, 60, 60]
        assert verdicts(endpoints) == [Verdict.UNREACHABLE]
        assert "connection refused" in endpoints.statuses()[0].reason
        a.unreachable = ""
        await usable_within_played(endpoints, 61)


async def usable_within_played(endpoints, seconds):
    with trio.fail_after(seconds):
        while not endpoints.sources():
            await endpoints.wait_change()


async def test_a_good_connection_makes_the_next_attempt_a_first_one(autojump_clock):
    """One that lasted a minute; one that ends at once does not."""
    a = Played("a")
    async with pool_of(a) as endpoints:
        for _ in range(5):
            await usable_within_played(endpoints, 100)
            a.break_off()
            await trio.sleep(0.1)
        assert a.dials[-1] - a.dials[-2] > 4
        await usable_within_played(endpoints, 100)
        await trio.sleep(61)
        a.break_off()
        began = trio.current_time()
        await trio.sleep(0.1)
        await usable_within_played(endpoints, 100)
        assert a.dials[-1] - began < 1.1


async def test_silence_in_the_probe_is_told(autojump_clock):
    """It connects and says nothing: no reason to call it usable."""
    a = Played("a")
    a.silent = True
    async with pool_of(a) as endpoints:
        await trio.sleep(20)
        assert verdicts(endpoints) == [Verdict.SILENT]
        assert "has not answered" in endpoints.statuses()[0].reason


async def test_who_falls_silent_is_dropped_and_tried_again(autojump_clock):
    """Two calls in a row: the connection may be dead without having ended. The verdict stays while it is so."""
    a, b = Played("a"), Played("b")
    async with pool_of(a, b) as endpoints:
        a.silent = True
        await trio.sleep(60)
        assert verdicts(endpoints) == [Verdict.SILENT, Verdict.USABLE]
        assert len(a.dials) > 1
        a.silent = False
        await trio.sleep(90)
        assert verdicts(endpoints) == [Verdict.USABLE, Verdict.USABLE]


async def test_our_own_queue_is_not_the_endpoints_fault(autojump_clock):
    """Who has too much to ask rotates nothing."""
    async with pool_of(Played("a")) as endpoints:
        before = endpoints.statuses()
        for _ in range(3):
            endpoints.refused(endpoints.sources()[0], EndpointBusy("ws://a:1", 64))
        assert endpoints.statuses() == before


async def test_an_end_is_noted_once(autojump_clock):
    """By whom the connection is kept, and not again by each of those who waited on it."""
    a = Played("a")
    async with pool_of(a) as endpoints:
        source, asked = endpoints.sources()[0], endpoints.statuses()[0].asked
        endpoints.drop_all("the clock jumped")
        await trio.sleep(0)
        await trio.sleep(0)
        for _ in range(3):
            endpoints.refused(source, source.ending)
        await trio.sleep(1)
        status = endpoints.statuses()[0]
        assert (status.verdict, status.reason, status.asked) == (Verdict.USABLE, "it answers", asked + 1)


async def test_an_endpoint_of_another_chain_is_held_to_the_first(autojump_clock):
    """Where nobody says which chain it is; set later, the others are banned, and who was wronged is back at once."""
    a, b = Played("a"), Played("b")
    b.chain = OTHER
    async with pool_of(a, b) as endpoints:
        first = endpoints.expected_genesis
        assert sorted(verdicts(endpoints)) == [Verdict.BANNED, Verdict.USABLE]
        second = OTHER if first == GENESIS else GENESIS
        endpoints.expected_genesis = second
        assert (urls(endpoints), sorted(verdicts(endpoints))) == ([], [Verdict.BANNED, Verdict.UNTRIED])
        await trio.sleep(2)
        assert [source.played.chain for source in endpoints.sources()] == [second]
        (status,) = [one for one in endpoints.statuses() if one.url in urls(endpoints)]
        assert (status.verdict, status.refused) == (Verdict.USABLE, 0)
        await trio.sleep(2 * BAN_FIRST_S + 2)
        assert [source.played.chain for source in endpoints.sources()] == [second]


async def test_heights_are_looked_at_and_who_lags_loses_the_lead(autojump_clock):
    """After a minute; and has it back from nobody while the other leads well."""
    a, b = Played("a"), Played("b")
    async with pool_of(a, b) as endpoints:
        endpoints._leader = a.url
        b.final, b.head = header_at(80), header_at(83)
        await trio.sleep(POLL_S + 1)
        assert [(one.finalized, one.best) for one in endpoints.statuses()] == [(40, 42), (80, 83)]
        assert [one.latency_ms for one in endpoints.statuses()] == pytest.approx([50, 50])
        assert verdicts(endpoints) == [Verdict.USABLE, Verdict.USABLE]
        await trio.sleep(BEHIND_S + POLL_S)
        assert verdicts(endpoints) == [Verdict.BEHIND, Verdict.USABLE]
        assert urls(endpoints) == [b.url, a.url]
        a.final = header_at(79)
        await trio.sleep(2 * POLL_S)
        assert verdicts(endpoints) == [Verdict.USABLE, Verdict.USABLE]
        assert urls(endpoints) == [b.url, a.url]


async def test_a_change_of_heights_wakes_who_waits(autojump_clock):
    """And so does every other change."""
    a = Played("a")
    async with pool_of(a) as endpoints:
        a.final = header_at(50)
        with trio.fail_after(2 * POLL_S):
            while endpoints.statuses()[0].finalized != 50:
                await endpoints.wait_change()
        a.break_off()
        with trio.fail_after(1):
            while endpoints.sources():
                await endpoints.wait_change()


async def test_after_a_sleep_every_connection_is_made_anew_at_once(autojump_clock):
    """Connected ones, those in a pause; those in the middle of dialling too. Bans stay."""
    a, b, c = Played("a"), Played("b"), Played("c")
    b.unreachable = "no route"
    async with pool_of(a, b, c) as endpoints:
        endpoints.refused(next(one for one in endpoints.sources() if one.url == c.url), MalformedAnswer("lie"))
        await trio.sleep(20)
        waiting = endpoints.sources()[0]
        b.unreachable = ""
        assert len(a.dials) == 1
        now = trio.current_time()
        endpoints.drop_all("the clock jumped")
        assert "the clock jumped" in str(waiting.ending)
        await trio.sleep(0.5)
        assert sorted(urls(endpoints)) == [a.url, b.url]
        assert a.dials[-1] == b.dials[-1] == pytest.approx(now, abs=0.1)
        assert verdicts(endpoints)[2] is Verdict.BANNED


async def test_a_dial_that_hangs_is_begun_anew_after_a_sleep(autojump_clock):
    """What it waited for belongs to the time before."""
    a = Played("a")
    hang, calls = a.connect, []

    async def connect(task_status):
        calls.append(trio.current_time())
        if len(calls) == 1:
            await trio.sleep_forever()
        await hang(task_status)

    a.connect = connect
    async with pool_of(a, tried=False) as endpoints:
        await trio.sleep(5)
        assert verdicts(endpoints) == [Verdict.UNTRIED]
        endpoints.drop_all("the clock jumped")
        await trio.sleep(0.5)
        assert urls(endpoints) == [a.url]


async def test_an_error_of_ours_ends_one_connection_alone(autojump_clock):
    """It is logged as ours; the others go on, and the endpoint is tried again."""
    a, b = Played("a"), Played("b")
    a.fault = ZeroDivisionError()
    async with pool_of(a, b) as endpoints:
        a.break_off()
        await trio.sleep(0.1)
        assert verdicts(endpoints) == [Verdict.UNREACHABLE, Verdict.USABLE]
        assert "an error of ours" in endpoints.statuses()[0].reason
        a.fault = None
        await trio.sleep(2)
        assert verdicts(endpoints) == [Verdict.USABLE, Verdict.USABLE]


async def test_a_question_that_is_given_up_counts_for_nobody(autojump_clock):
    """Cancelled in the middle, nobody is blamed."""
    async with pool_of(Played("a")) as endpoints:
        before = endpoints.statuses()

        async def never(source):
            await trio.sleep_forever()

        with trio.move_on_after(3):
            await endpoints.ask(never, str)
        assert endpoints.statuses() == before
