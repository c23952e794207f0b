"""A node whose clock is set while it runs, back or ahead: no request counts twice, and nobody is told nonsense."""

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from blake3 import blake3

from edge_node.base.ids import Digest, Nonce, PublicKey
from edge_node.trust.keystore import read_key_file
from edge_node.trust.signed_request import sign_request
from tests.interop.accounts import READ, Account, now_ms
from tests.interop.doors import DOORS, SERVED, Answer, Asked, put_node, reading
from tests.interop.place import BOBS, EDITHS, Home, Place, home_of
from tests.interop.wall import Wall, forget_process

pytestmark = pytest.mark.needs_faketime

EDITH, BOB = Account.of(1), Account.of(3)
MINUTE_S, MINUTE_MS = 60, 60_000
WINDOW_MS = 5 * MINUTE_MS
REPLAYED = "UNAUTHENTICATED", "this signed request was used before"
UNKNOWN_STREAM, BEARER_EXPIRED = (404, "unknown-stream"), (401, "bearer-expired")
ROUGHLY_MS = 60_000  # a slow machine is no defect


@contextmanager
def node_by(wall: Wall, home: Home) -> Iterator[Place]:
    """A life of the node by that clock, which it must show."""
    with home.living(wall.environ) as place:
        try:
            assert abs(ahead_ms(place) - wall.ahead_s * 1_000) < ROUGHLY_MS
            yield place
        finally:
            forget_process(place.process.pid)


def ahead_ms(place: Place) -> int:
    """How far the node's clock is ahead of the machine's."""
    return int(httpx.get(f"{place.url}/info", timeout=30).json()["time"]) - now_ms()


def skew_ms(answer: Answer) -> int:
    """By how much the node says that caller's and node's clocks differ; the status says: sign in again, don't retry."""
    assert answer.status == "UNAUTHENTICATED", answer
    words = answer.why.removeprefix("the request is ").split(" ms away from this node's time; at most ")
    assert words[1:] == [f"{WINDOW_MS} ms are accepted"], answer
    return int(words[0])


@pytest.fixture
def wall(tmp_path: Path) -> Wall:
    """A clock that shows the true time at first."""
    return Wall(tmp_path / "wall")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A node with as many lives as a test wants."""
    return home_of(tmp_path / "node")


def test_a_step_back_of_ten_minutes_lets_no_used_request_through(wall: Wall, home: Home) -> None:
    """At every door a request of before is refused, and so is a correct new one, whose caller reads how far off it is.

    A token that names the bucket goes on working, and once the clock is right again so does everything else; what was
    used before the step is remembered all the while.
    """
    with node_by(wall, home) as place:
        cid = put_node(place, EDITH, EDITHS, b"back")
        used = EDITH.request(READ, EDITHS, cid)
        assert reading(place, EDITH, EDITHS, cid, used) == SERVED
        wall.step_to(-10 * MINUTE_S)
        assert abs(ahead_ms(place) + 10 * MINUTE_MS) < ROUGHLY_MS
        for door in DOORS:
            for request in (used, EDITH.request(READ, EDITHS, cid)):
                answer = reading(place, EDITH, EDITHS, cid, request, door)
                assert abs(skew_ms(answer) - 10 * MINUTE_MS) < ROUGHLY_MS
            assert DOORS[door](place, Asked(EDITHS, cid, EDITH.token(bucket=EDITHS), "")) == SERVED
        wall.step_to(0)
        assert reading(place, EDITH, EDITHS, cid, used) == REPLAYED
        assert reading(place, EDITH, EDITHS, cid, EDITH.request(READ, EDITHS, cid)) == SERVED


def test_a_step_back_within_the_window_is_borne(wall: Wall, home: Home) -> None:
    """Two minutes: what was used is refused as used, those with the true time are served; a kill opens nothing."""
    with node_by(wall, home) as place:
        cid = put_node(place, EDITH, EDITHS, b"a little back")
        used = [EDITH.request(READ, EDITHS, cid)]
        assert reading(place, EDITH, EDITHS, cid, used[0]) == SERVED
        wall.step_to(-2 * MINUTE_S)
        assert reading(place, EDITH, EDITHS, cid, used[0]) == REPLAYED
        used.append(EDITH.request(READ, EDITHS, cid))
        assert reading(place, EDITH, EDITHS, cid, used[1]) == SERVED
        assert reading(place, EDITH, EDITHS, cid, used[1]) == REPLAYED
        place.kill()
    with node_by(wall, home) as place:
        # The second one was signed two minutes ahead of the node: its horizon says so to this life.
        answer = reading(place, EDITH, EDITHS, cid, used[1])
        assert (answer.status, "before this node started" in answer.why) == ("UNAVAILABLE", True)
        bob = put_node(place, BOB, BOBS, b"b")
        assert reading(place, BOB, BOBS, bob, BOB.request(READ, BOBS, bob)) == SERVED


def test_a_leap_ahead_and_back_opens_no_second_chance(wall: Wall, home: Home) -> None:
    """While ahead the node forgets requests that have expired by then; when the clock returns they stay refused.

    Requests that are signed anew are served in every time, by callers whose clock shows it.
    """
    with node_by(wall, home) as place:
        cid = put_node(place, EDITH, EDITHS, b"ahead")
        used = EDITH.request(READ, EDITHS, cid)
        assert reading(place, EDITH, EDITHS, cid, used) == SERVED
        wall.step_to(20 * MINUTE_S)
        assert abs(skew_ms(reading(place, EDITH, EDITHS, cid, used)) - 20 * MINUTE_MS) < ROUGHLY_MS
        then = EDITH.request(READ, EDITHS, cid, t_ms=now_ms() + 20 * MINUTE_MS)
        assert reading(place, EDITH, EDITHS, cid, then) == SERVED
        wall.step_to(0)
        assert reading(place, EDITH, EDITHS, cid, used) == REPLAYED
        # Whatever is as old as the slot of ten seconds that was forgotten is refused with it; what is later is not.
        after = EDITH.request(READ, EDITHS, cid, t_ms=now_ms() + MINUTE_MS)
        assert reading(place, EDITH, EDITHS, cid, after) == SERVED
        assert abs(skew_ms(reading(place, EDITH, EDITHS, cid, then)) - 20 * MINUTE_MS) < ROUGHLY_MS


@pytest.mark.parametrize("ahead_s", [-24 * 60 * MINUTE_S, -2 * MINUTE_S], ids=["a day", "two minutes"])
def test_a_start_with_an_old_clock_forgets_nothing_once_it_is_set(wall: Wall, home: Home, ahead_s: int) -> None:
    """As a box without a battery starts: with the time of some while ago, which is set right a moment later.

    Until then callers with the true time are outside the window, or ahead; from then on what was signed before the
    start is refused as always, and what is signed anew is served.
    """
    with node_by(wall, home) as place:
        cid = put_node(place, EDITH, EDITHS, b"no battery")
        used = EDITH.request(READ, EDITHS, cid)
        assert reading(place, EDITH, EDITHS, cid, used) == SERVED
        place.kill()
    wall.step_to(ahead_s)
    with node_by(wall, home) as place:
        wall.step_to(0)
        for door in DOORS:
            answer = reading(place, EDITH, EDITHS, cid, used, door)
            assert (answer.status, "before this node started" in answer.why) == ("UNAVAILABLE", True), answer
        assert reading(place, EDITH, EDITHS, cid, EDITH.request(READ, EDITHS, cid)) == SERVED


def test_a_token_ends_by_the_clock_that_the_node_has(wall: Wall, home: Home) -> None:
    """A step ahead of its end ends it, at every door and although it was verified before.

    It counts again when the clock returns: one that was ahead by mistake ends nobody's grants for good. What must be
    over whatever clocks do is revoked (docs/specs/ddc-access.md, Revocation).
    """
    with node_by(wall, home) as place:
        cid = put_node(place, EDITH, EDITHS, b"token")
        token = EDITH.token(bucket=EDITHS, ends_in_ms=10 * MINUTE_MS)
        for ahead_s, served in ((0, True), (9 * MINUTE_S, True), (11 * MINUTE_S, False), (0, True)):
            wall.step_to(ahead_s)
            for door in DOORS:
                answer = DOORS[door](place, Asked(EDITHS, cid, token, ""))
                assert (answer == SERVED) == served, (ahead_s, door, answer)
                assert served or (answer.status, "token" in answer.why) == ("UNAUTHENTICATED", True)


def test_a_bearer_ends_whatever_the_clock_does(wall: Wall, home: Home) -> None:
    """Set back, the clock does not lengthen it; ended by a leap ahead, it does not return with the clock."""
    with node_by(wall, home) as place, httpx.Client(base_url=place.url, timeout=30) as http:
        leaping, short = bearer_for(home, http, 5 * MINUTE_S), bearer_for(home, http, 2)
        assert status_with(http, leaping) == status_with(http, short) == UNKNOWN_STREAM
        wall.step_to(-10 * MINUTE_S)
        while (seen := status_with(http, short)) == UNKNOWN_STREAM:
            time.sleep(0.1)
        assert seen == BEARER_EXPIRED
        assert status_with(http, leaping) == UNKNOWN_STREAM
        for ahead_s in (6 * MINUTE_S, 0, -10 * MINUTE_S):
            wall.step_to(ahead_s)
            assert status_with(http, leaping) == BEARER_EXPIRED


def bearer_for(home: Home, http: httpx.Client, seconds: int) -> str:
    """A bearer of the operator's key, which lasts so long by the clock of now."""
    target, body = "/api/v1/bearer", json.dumps({"seconds": seconds}).encode()
    proof = sign_request(
        read_key_file(home.root / "data" / "keys" / "operator.key"),
        to=PublicKey.parse(http.get("/info").json()["node"]),
        method="POST",
        target=target,
        body_digest=Digest(blake3(body).digest()),
        t_ms=now_ms(),
        nonce=Nonce(os.urandom(16)),
    )
    answer = http.post(target, content=body, headers={"edge-request": proof, "content-type": "application/json"})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["bearer"])


def status_with(http: httpx.Client, bearer: str) -> tuple[int, str]:
    """What a stream that nobody wrote to answers to this bearer: a status, and the refusal's name."""
    answer = http.get("/api/v1/streams/nobody/s", headers={"authorization": f"Bearer {bearer}"})
    return answer.status_code, answer.json()["type"].rpartition(":")[2]
