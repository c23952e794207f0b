"""Admission against a model that places bodies one by one."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.base.ids import PublicKey, StreamName, VaultId
from edge_node.store.errors import SequenceJump, SequenceTooOld
from edge_node.store.streams import admission
from edge_node.store.streams.admission import Admission, Verdict
from edge_node.store.streams.replay import ReplayWindow

VAULT, STREAM = VaultId(bytes(32)), StreamName("site/a")


@dataclass(slots=True, eq=False)
class Body:
    seq: int
    count: int = 1
    key: int = 1
    first_offset: int = -1

    @property
    def window_key(self) -> admission.WindowKey:
        return PublicKey(bytes([self.key] * 32)), VAULT, STREAM

    @property
    def head_key(self) -> admission.HeadKey:
        return VAULT, STREAM


def opened(*bodies: Body, head: int = 0, window: ReplayWindow | None = None) -> Admission:
    fresh = Admission()
    heads, windows = fresh.missing(bodies)
    fresh.fill(dict.fromkeys(heads, head), {key: window or ReplayWindow() for key in windows}, fresh.generation)
    return fresh


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(1, 5), st.integers(1, 3)), max_size=40))
def test_offsets_have_no_gaps_and_numbers_count_once(plan: list[tuple[int, int, int]]) -> None:
    """Offsets follow each other whatever the order of numbers; a number in flight is a twin, later it is seen."""
    bodies = [Body(seq, count, key) for seq, count, key in plan]
    room, end, flying, landed = opened(*bodies), 0, set(), set()
    for at, body in enumerate(bodies):
        verdict = room.judge(body)
        name = (body.key, body.seq)
        assert verdict is (Verdict.TWIN if name in flying else Verdict.SEEN if name in landed else Verdict.NEW)
        if verdict is Verdict.NEW:
            room.admit(body)
            room.hand_over()
            assert body.first_offset == end
            end += body.count
            flying.add(name)
            if at % 2:
                room.settle(body)
                flying.discard(name)
                landed.add(name)


@given(st.lists(st.integers(0, 2_000), min_size=1, max_size=20, unique=True))
def test_withdrawing_leaves_no_trace(seqs: list[int]) -> None:
    """What was admitted but not queued can be taken back to the last bit."""
    bodies = [Body(seq) for seq in seqs]
    room = opened(*bodies, head=7)
    new = [b for b in bodies if _judges_new(room, b)]
    for body in new:
        if _judges_new(room, body):
            room.admit(body)
    room.withdraw()
    for body in bodies:
        assert _judges_new(room, body)
    room.admit(bodies[0])
    assert bodies[0].first_offset == 7


def _judges_new(room: Admission, body: Body) -> bool:
    try:
        return room.judge(body) is Verdict.NEW
    except SequenceTooOld:
        return False


def test_refused_numbers_raise_with_their_data() -> None:
    """Below the window and beyond one boot are refusals that carry the numbers."""
    old, far = Body(1), Body(10_000 + 2**32)
    room = opened(old, far, window=ReplayWindow(5_000, 1))
    with pytest.raises(SequenceTooOld) as too_old:
        room.judge(old)
    assert (too_old.value.seq, too_old.value.highest) == (1, 5_000)
    with pytest.raises(SequenceJump):
        room.judge(far)


def test_a_setback_makes_older_loads_void() -> None:
    """State read before a setback is not believed after it."""
    body, room = Body(1), Admission()
    generation = room.generation
    room.set_back()
    room.fill({body.head_key: 0}, {body.window_key: ReplayWindow()}, generation)
    assert room.missing([body]) == ({body.head_key}, {body.window_key})


def test_a_twin_is_the_body_in_flight() -> None:
    """A repeat is joined to the body on its way."""
    first, repeat = Body(3), Body(3)
    room = opened(first)
    room.admit(first)
    assert room.judge(repeat) is Verdict.TWIN
    assert room.twin_of(repeat) is first


def test_trim_keeps_what_is_in_flight(monkeypatch: pytest.MonkeyPatch) -> None:
    """When too many windows are tracked the quiet ones go and the busy ones stay."""
    monkeypatch.setattr(admission, "TRACKED_MAX", 4)
    bodies = [Body(1, key=key) for key in range(1, 9)]
    room = opened(*bodies)
    room.admit(bodies[0])
    room.trim()
    assert bodies[0].window_key not in room.missing(bodies)[1]
    assert len(room.missing(bodies)[1]) >= 4


def test_what_was_loaded_before_a_trim_is_not_believed_after_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """An older head would give out offsets twice: whoever loaded across a trim loads again."""
    monkeypatch.setattr(admission, "TRACKED_MAX", 1)
    bodies = [Body(1, count=3, key=key) for key in range(1, 4)]
    room, generation = opened(*bodies), 0
    room.admit(bodies[0])
    room.hand_over()
    room.settle(bodies[0])
    room.trim()
    late = Body(2)
    room.fill({late.head_key: 0}, {late.window_key: ReplayWindow()}, generation)
    assert room.missing([late]) == ({late.head_key}, {late.window_key})
