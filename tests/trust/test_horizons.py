"""Horizons: what no restart may forget, and who need not wait for them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_node.base.ids import Nonce, PublicKey
from edge_node.settings.errors import UnfitSetting
from edge_node.settings.resolve import resolve
from edge_node.settings.validate import validate
from edge_node.trust.horizons import RESTART_MS, SLACK_MS, STEP_MS, WINDOW_MAX_MS, Horizons
from edge_node.trust.nonce_window import NonceWindow

WINDOW, NOW = 300_000, 1_800_000_000_000
ALICE, BOB = PublicKey(b"\x01" * 32), PublicKey(b"\x02" * 32)


def test_an_ordinary_request_needs_no_horizon() -> None:
    """Behind the clock, on it, and ahead by less than a start takes."""
    horizons = Horizons(WINDOW, NOW, {})
    assert horizons.wanted(ALICE, NOW - 5_000, NOW) is None
    assert horizons.wanted(ALICE, NOW + RESTART_MS - 1, NOW) is None
    assert horizons.wanted(ALICE, NOW + RESTART_MS, NOW) == NOW + RESTART_MS + STEP_MS


def test_who_is_always_ahead_costs_one_horizon_per_step() -> None:
    """What is durable serves until a request goes beyond it, for that key alone."""
    horizons = Horizons(WINDOW, NOW, {})
    horizons.hold(ALICE, NOW + STEP_MS)
    assert horizons.wanted(ALICE, NOW + STEP_MS, NOW) is None
    assert horizons.wanted(ALICE, NOW + STEP_MS + 1, NOW) == NOW + 2 * STEP_MS + 1
    assert horizons.wanted(BOB, NOW + STEP_MS, NOW) is not None
    horizons.hold(ALICE, NOW)
    assert horizons.wanted(ALICE, NOW + STEP_MS, NOW) is None


def test_a_stored_horizon_covers_nothing_of_this_life() -> None:
    """It bars what came before; what is accepted now gets a horizon of its own."""
    assert Horizons(WINDOW, NOW, {ALICE: NOW + 50_000}).wanted(ALICE, NOW + 20_000, NOW) == NOW + 20_000 + STEP_MS


def test_what_was_signed_before_the_start_waits_until_it_has_expired() -> None:
    """The millisecond of the start counts as after it; a window later nobody is asked."""
    horizons = Horizons(WINDOW, NOW, {})
    assert (horizons.wait_ms(ALICE, NOW, 0), horizons.wait_ms(ALICE, NOW - 1, 0)) == (0, 1)
    assert horizons.wait_ms(ALICE, NOW - 2_000, WINDOW + SLACK_MS - 1) == 1
    assert horizons.wait_ms(ALICE, NOW - 2_000, WINDOW + SLACK_MS) == 0


def test_a_clock_that_is_set_right_moves_the_start_with_it() -> None:
    """By the right time the node started later than it thought; a window later nobody is asked either way."""
    horizons = Horizons(WINDOW, NOW, {})
    assert horizons.wait_ms(ALICE, NOW + 49_999, 5_000, 50_000) == 1
    assert horizons.wait_ms(ALICE, NOW + 50_000, 5_000, 50_000) == 0
    assert horizons.wait_ms(ALICE, NOW + 40_000, WINDOW + SLACK_MS, 50_000) == 0


def test_a_horizon_bars_its_key_up_to_itself() -> None:
    """Others are free, and so is the key right after it."""
    horizons = Horizons(WINDOW, NOW, {ALICE: NOW + 40_000})
    assert horizons.wait_ms(ALICE, NOW + 10_000, 0) == 30_001
    assert horizons.wait_ms(ALICE, NOW + 40_001, 0) == 0
    assert horizons.wait_ms(BOB, NOW + 10_000, 0) == 0


def test_a_clock_that_was_ahead_for_a_moment_locks_nobody_out_for_long() -> None:
    """A horizon of next year ends when no request of the lives before can still be fresh."""
    horizons = Horizons(WINDOW, NOW, {ALICE: NOW + 31_536_000_000})
    last = WINDOW_MAX_MS + WINDOW + SLACK_MS
    assert horizons.wait_ms(ALICE, NOW, 0) == last
    assert horizons.wait_ms(ALICE, NOW + last, last - 1) == 1
    assert horizons.wait_ms(ALICE, NOW + last, last) == 0


class Node:
    """The model: lives of a node that all have the same log, each with nonces in memory, asked as a door asks."""

    def __init__(self) -> None:
        self.now_ms, self.stored = NOW, dict[PublicKey, int]()
        self.start(WINDOW)

    def start(self, window_ms: int) -> None:
        self.window_ms = window_ms
        self.locked_ms, began_ms = self.now_ms, self.now_ms + RESTART_MS
        self.nonces, self.horizons = NonceWindow(window_ms), Horizons(window_ms, began_ms, self.stored)

    def ask(self, key: PublicKey, nonce: int, t_ms: int, *, disk_works: bool = True) -> bool:
        """Whether the request is acted on."""
        if abs(self.now_ms - t_ms) > self.window_ms:
            return False
        if self.horizons.wait_ms(key, t_ms, self.now_ms - self.locked_ms):
            return False
        if not self.nonces.admit(key, Nonce(nonce.to_bytes(16, "big")), t_ms, self.now_ms):
            return False
        wanted = self.horizons.wanted(key, t_ms, self.now_ms)
        if wanted is not None:
            if not disk_works:
                return False
            self.stored[key] = wanted
            self.horizons.hold(key, wanted)
        return True


KEYS = st.sampled_from([ALICE, BOB])
OFFS = st.sampled_from([-WINDOW, -1, 0, RESTART_MS - 1, RESTART_MS, 2_000, STEP_MS, STEP_MS + 2_001, WINDOW])
PAUSES = st.sampled_from([0, 1, RESTART_MS, SLACK_MS, STEP_MS, WINDOW, 2 * WINDOW, WINDOW_MAX_MS, 2 * WINDOW_MAX_MS])
ASK = st.tuples(st.just("ask"), KEYS, OFFS, st.booleans())
WINDOWS = st.sampled_from([WINDOW, WINDOW_MAX_MS])
START = st.tuples(st.just("start"), WINDOWS)
PAUSE = st.tuples(st.just("pause"), PAUSES)


@settings(max_examples=300)
@given(st.lists(st.one_of(ASK, ASK, START, PAUSE), max_size=25))
def test_no_request_is_ever_accepted_twice(steps: list[tuple]) -> None:
    """Over any walk of requests, pauses, starts at once, windows reset and disks that refuse; each is replayed."""
    node, accepted = Node(), set[tuple[PublicKey, int, int]]()
    for nonce, (what, *more) in enumerate(steps):
        if what == "pause":
            node.now_ms += more[0]
        elif what == "start":
            node.start(*more)
        else:
            key, off_ms, disk_works = more
            request = key, nonce, node.now_ms + off_ms
            if node.ask(*request, disk_works=disk_works):
                accepted.add(request)
        for request in accepted:
            assert not node.ask(*request)


@given(st.lists(st.one_of(ASK, START), max_size=10), OFFS)
def test_a_caller_who_waits_as_told_is_served(steps: list[tuple], off_ms: int) -> None:
    """After any lives, a fresh request passes at once or after the wait that the refusal names."""
    node = Node()
    for nonce, (what, *more) in enumerate(steps):
        if what == "start":
            node.start(*more)
        else:
            node.ask(more[0], nonce, node.now_ms + more[1])
    off_ms = min(off_ms, node.window_ms)
    wait_ms = node.horizons.wait_ms(ALICE, node.now_ms + off_ms, node.now_ms - node.locked_ms)
    node.now_ms += wait_ms
    assert node.ask(ALICE, 1_000, node.now_ms + off_ms)


def test_the_longest_window_is_the_one_that_can_be_set() -> None:
    """One second more is refused by the settings: bars are long enough for every life before."""
    longest_s = WINDOW_MAX_MS // 1_000
    assert resolve(b"[trust]\nrequest_window_s = %d" % longest_s, "e.toml", {}).settings.trust.request_window_s
    with pytest.raises(UnfitSetting):
        validate(resolve(b"[trust]\nrequest_window_s = %d" % (longest_s + 1), "e.toml", {}))
