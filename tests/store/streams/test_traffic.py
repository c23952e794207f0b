"""Figures per stream and device: rates over five seconds, last seen, refusals, what changed."""

import pytest

from edge_node.base.ids import PublicKey, StreamName, VaultId
from edge_node.store.streams.traffic import REFUSED_MAX, WINDOW_TURNS, Flows, Rates, Seen, Traffic

VAULT, KEY, STREAM = VaultId(b"v" * 32), PublicKey(b"k" * 32), StreamName("site/a")


def noted(traffic: Traffic, times: int = 1, *, at_ms: int = 5) -> None:
    for seq in range(times):
        traffic.note(VAULT, STREAM, KEY, seq, events=10, size=200, at_ms=at_ms)


def test_rates_are_means_over_the_window() -> None:
    """Five seconds with ten bodies each are ten bodies a second, for stream, device and node alike."""
    traffic = Traffic()
    for _ in range(WINDOW_TURNS):
        noted(traffic, 10)
        traffic.turn(1.0)
    wanted = Rates(bodies=10, events=100, bytes=2_000)
    assert traffic.stream_rates(VAULT, STREAM) == traffic.device_rates(KEY) == traffic.rates() == wanted
    assert (traffic.bodies, traffic.events, traffic.bytes) == (50, 500, 10_000)


def test_a_second_that_took_longer_counts_as_long() -> None:
    """A loop that woke late does not show more than came."""
    flows = Flows()
    flows.add("a", 4, 8)
    flows.turn(2.0)
    assert flows.rates("a") == Rates(bodies=0.5, events=2, bytes=4)


def test_a_stream_that_falls_silent_goes_to_zero_and_says_so() -> None:
    """Its rate sinks with the window, and it is among the changed until it is zero."""
    traffic = Traffic()
    traffic.watched = True
    noted(traffic, 5)
    for _ in range(WINDOW_TURNS):
        traffic.turn(1.0)
    assert traffic.stream_rates(VAULT, STREAM).bodies == 1
    traffic.changed_streams.clear()
    traffic.changed_devices.clear()
    traffic.turn(1.0)
    assert traffic.stream_rates(VAULT, STREAM) == Rates()
    assert (traffic.changed_streams, traffic.changed_devices) == ({(VAULT, STREAM)}, {KEY})


def test_nothing_is_collected_for_nobody() -> None:
    """While nobody watches, no list of changes grows."""
    traffic = Traffic()
    noted(traffic)
    traffic.turn(1.0)
    assert not traffic.changed_streams
    assert not traffic.changed_devices


def test_the_newest_body_is_what_was_seen() -> None:
    """What the index remembers stands only where nothing newer came."""
    traffic = Traffic()
    other = PublicKey(b"o" * 32)
    noted(traffic, at_ms=100)
    traffic.remember([(KEY, Seen(7, STREAM, 1)), (other, Seen(9, STREAM, 3))])
    assert traffic.seen(KEY) == Seen(100, STREAM, 0)
    assert traffic.seen(other) == Seen(9, STREAM, 3)
    assert traffic.seen_since(50) == 1


def test_refusals_count_per_stream_and_key() -> None:
    """The last one is kept with its reason."""
    traffic = Traffic()
    assert traffic.refused(KEY) is None
    for at_ms in (1, 2):
        traffic.note_refusal(VAULT, STREAM, KEY, "bad-signature", "why", at_ms)
    for name in (KEY, (VAULT, STREAM)):
        refused = traffic.refused(name)
        assert refused is not None
        assert (refused.count, refused.slug, refused.at_ms, refused.detail) == (2, "bad-signature", 2, "why")


@pytest.mark.parametrize("extra", [1, 500])
def test_invented_names_fill_no_memory(extra: int) -> None:
    """A flood of claims under new names stops being counted; known names go on."""
    traffic = Traffic()
    traffic.note_refusal(VAULT, STREAM, KEY, "a", "", 1)
    for number in range(REFUSED_MAX + extra):
        traffic.note_refusal(VAULT, StreamName(f"s{number}"), KEY, "a", "", 1)
    traffic.note_refusal(VAULT, STREAM, KEY, "b", "", 2)
    assert traffic.refused((VAULT, StreamName(f"s{REFUSED_MAX + extra - 1}"))) is None
    last = traffic.refused((VAULT, STREAM))
    assert last is not None
    assert (last.count, last.slug) == (2, "b")
