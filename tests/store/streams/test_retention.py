"""What a retention policy lets go: never what it keeps, whole bodies, oldest first, and the same in any portions."""

from hypothesis import given
from hypothesis import strategies as st

from edge_node.settings import FOR_EVER, RetentionPolicy
from edge_node.store.streams.retention import Removal, StoredBody, StreamFacts, may_remove, plan_removal

NOW = 1_790_000_000_000
S = 1_000


@st.composite
def streams(draw: st.DrawFn) -> list[StoredBody]:
    """Bodies in the order of a log, some taken in under a clock that was not set."""
    bodies, offset, t_ms = [], draw(st.integers(0, 50)), NOW - 40 * S
    for _ in range(draw(st.integers(0, 12))):
        count, size = draw(st.integers(1, 5)), draw(st.integers(0, 20))
        trusted = draw(st.booleans())
        t_ms += draw(st.integers(0, 8)) * S
        came = t_ms if trusted else draw(st.sampled_from([0, NOW - 5 * S, NOW * 2]))
        bodies.append(StoredBody(offset, count, size, came, trusted))
        offset += count
    return bodies


POLICIES = st.builds(
    RetentionPolicy,
    age_s=st.none() | st.integers(0, 40),
    bytes_max=st.none() | st.integers(0, 120),
    events_min=st.integers(0, 20),
)
CLOCKS = st.sampled_from([NOW, NOW - 20 * S, None])


def facts_of(bodies: list[StoredBody]) -> StreamFacts:
    end = bodies[-1].first_offset + bodies[-1].count if bodies else 0
    return StreamFacts(sum(body.bytes for body in bodies), end)


def may_go(policy: RetentionPolicy, bodies: list[StoredBody], at: int, now_ms: int | None) -> bool:
    """The model: one body judged by itself against all that stands behind it."""
    body, rest = bodies[at], bodies[at:]
    newer = sum(one.count for one in bodies[at + 1 :])
    came = next((one.received_ms for one in rest if one.trusted), None)
    old = policy.age_s is not None and now_ms is not None and came is not None and now_ms - came > policy.age_s * S
    much = policy.bytes_max is not None and sum(one.bytes for one in rest) > policy.bytes_max
    return newer >= policy.events_min and (old or much) and body is rest[0]


@given(bodies=streams(), policy=POLICIES, now_ms=CLOCKS)
def test_what_goes_is_what_the_model_lets_go(bodies, policy, now_ms):
    """The longest beginning of which each body may go: so nothing that the policy keeps, and nothing by halves."""
    gone = 0
    while gone < len(bodies) and may_go(policy, bodies, gone, now_ms):
        gone += 1
    plan = plan_removal(policy, facts_of(bodies), bodies, now_ms)
    if not gone:
        assert plan is None
        return
    assert plan is not None
    edges = {body.first_offset for body in bodies} | {facts_of(bodies).end}
    assert plan.first in edges
    assert (plan.start, plan.bodies) == (bodies[0].first_offset, gone)
    assert plan.events == sum(body.count for body in bodies[:gone])
    assert plan.bytes == sum(body.bytes for body in bodies[:gone])
    assert plan.oldest_ms == min(body.received_ms for body in bodies[:gone])
    assert plan.newest_ms == max(body.received_ms for body in bodies[:gone])


@given(bodies=streams(), policy=POLICIES, now_ms=CLOCKS, portion=st.integers(1, 5))
def test_portions_remove_what_one_look_would(bodies, policy, now_ms, portion):
    """Removed a few bodies at a time, the same goes as at once, and the first offset only rises."""
    whole = plan_removal(policy, facts_of(bodies), bodies, now_ms)
    left, joined = list(bodies), None
    while left:
        heir = next((body.received_ms for body in left[portion:] if body.trusted), None)
        part = plan_removal(policy, facts_of(left), left[:portion], now_ms, heir)
        if part is None:
            break
        assert joined is None or part.start == joined.first
        joined = part if joined is None else joined.join(part)
        left = left[part.bodies :]
    assert joined == whole


@given(bodies=streams(), policy=POLICIES, now_ms=CLOCKS)
def test_a_second_look_finds_nothing(bodies, policy, now_ms):
    """What stayed is what the policy keeps: a plan is complete."""
    plan = plan_removal(policy, facts_of(bodies), bodies, now_ms)
    left = bodies[plan.bodies :] if plan else bodies
    assert plan_removal(policy, facts_of(left), left, now_ms) is None


@given(bodies=streams(), policy=POLICIES, now_ms=CLOCKS)
def test_a_stream_that_is_not_looked_at_would_lose_nothing(bodies, policy, now_ms):
    """The cheap question never hides a stream that has something to remove."""
    if bodies and plan_removal(policy, facts_of(bodies), bodies, now_ms):
        assert may_remove(policy, facts_of(bodies), bodies[0], now_ms)


@given(bodies=streams(), now_ms=CLOCKS)
def test_for_ever_is_for_ever(bodies, now_ms):
    """The default removes nothing, and an empty stream has nothing to remove."""
    assert plan_removal(FOR_EVER, facts_of(bodies), bodies, now_ms) is None
    assert plan_removal(RetentionPolicy(age_s=0, bytes_max=0), StreamFacts(0, 0), [], now_ms) is None


def body(offset: int, came_ms: int, *, trusted: bool = True, count: int = 1) -> StoredBody:
    return StoredBody(offset, count, 10, came_ms, trusted)


def test_at_its_age_a_body_stays_and_a_millisecond_later_it_goes():
    """The limit itself is kept."""
    policy, stream = RetentionPolicy(age_s=10), StreamFacts(10, 1)
    assert plan_removal(policy, stream, [body(0, NOW - 10 * S)], NOW) is None
    assert plan_removal(policy, stream, [body(0, NOW - 10 * S - 1)], NOW) is not None


def test_without_a_trusted_clock_age_removes_nothing_and_size_does():
    """Nobody knows how old anything is; how large it is, everybody knows."""
    bodies = [body(0, 0), body(1, 0)]
    assert plan_removal(RetentionPolicy(age_s=1), StreamFacts(20, 2), bodies, None) is None
    assert plan_removal(RetentionPolicy(age_s=1, bytes_max=10), StreamFacts(20, 2), bodies, None) == Removal(
        0, 1, 1, 10, 0, 0
    )


def test_events_taken_in_at_1970_are_not_fifty_years_old():
    """A body of a clock that was not set is as old as the next one of a clock that was; without one it stays."""
    policy, stream = RetentionPolicy(age_s=10), StreamFacts(20, 2)
    fresh = [body(0, 5, trusted=False), body(1, NOW - 9 * S)]
    assert plan_removal(policy, stream, fresh, NOW) is None
    assert plan_removal(policy, stream, fresh[:1], NOW) is None
    old = [body(0, NOW * 2, trusted=False), body(1, NOW - 11 * S)]
    plan = plan_removal(policy, stream, old, NOW)
    assert plan is not None
    assert plan.first == 2
