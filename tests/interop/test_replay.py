"""A signed request counts once, whatever happens to the node in between: stopped in order, or killed."""

from collections.abc import Sequence
from pathlib import Path

import grpc
import pytest

from edge_node.wire.cid import raw_piece_cid
from tests.interop.accounts import READ, STORE, Account, now_ms
from tests.interop.contents import content
from tests.interop.doors import DOORS, SERVED, Answer, Asked, put_node, reading
from tests.interop.grpc_client import Client, put_messages
from tests.interop.place import BOBS, EDITHS, Home, Place, home_of

EDITH, BOB = Account.of(1), Account.of(3)
ENDS = ("stopped", "killed")
REPLAYED = "UNAUTHENTICATED", "this signed request was used before"
STEP_S = 30  # docs/specs/signed-request.md: how far a horizon is set beyond the request that raises it


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A node with as many lives as a test wants."""
    return home_of(tmp_path / "node")


def end(place: Place, how: str) -> None:
    """Kill it now; whoever is not killed is stopped with its block."""
    if how == "killed":
        place.kill()


def is_too_old(answer: Answer) -> bool:
    """Whether the node says that it cannot know: not a replay for sure, and to be signed anew."""
    return answer.status == "UNAVAILABLE" and "before this node started; sign it anew" in answer.why


@pytest.mark.parametrize("how", ENDS)
def test_a_request_that_was_used_is_refused_by_the_next_life(home: Home, how: str) -> None:
    """At every door, whichever it was used at; in the same life as replayed, in the next as signed before the start.

    What was signed before and never used is refused as well, since nobody remembers which was: the status tells the
    SDK to try again, and what it signs anew is served at once and counts once.
    """
    with home.living() as place:
        cid = put_node(place, EDITH, EDITHS, b"read once")
        used = {door: EDITH.request(READ, EDITHS, cid) for door in DOORS}
        unused = EDITH.request(READ, EDITHS, cid)
        for door, request in used.items():
            assert reading(place, EDITH, EDITHS, cid, request, door) == SERVED, door
        assert_refused(place, cid, list(used.values()))
        end(place, how)
    with home.living() as place:
        for door in DOORS:
            for request in (*used.values(), unused):
                answer = reading(place, EDITH, EDITHS, cid, request, door)
                assert is_too_old(answer), (door, answer)
        fresh = {door: EDITH.request(READ, EDITHS, cid) for door in DOORS}
        for door, request in fresh.items():
            assert reading(place, EDITH, EDITHS, cid, request, door) == SERVED, door
        assert_refused(place, cid, list(fresh.values()))


def assert_refused(place: Place, cid: bytes, requests: Sequence[str]) -> None:
    """Every one at every door, as used before."""
    for door in DOORS:
        for request in requests:
            assert reading(place, EDITH, EDITHS, cid, request, door) == REPLAYED, door


@pytest.mark.parametrize("how", ENDS)
def test_an_overheard_store_stores_nothing_after_a_restart(home: Home, how: str) -> None:
    """Its request names no CID, so it could be sent with other content; the node keeps none of that."""
    raw, other = content(100_000, 60), content(100_000, 61)
    with home.living() as place, Client(place.target, EDITH) as client:
        metadata = EDITH.metadata(STORE, EDITHS)
        cid = client.stubs.put_raw(put_messages(EDITHS, raw), metadata=metadata).cid
        assert cid == bytes(raw_piece_cid(raw))
        with pytest.raises(grpc.RpcError) as caught:
            client.stubs.put_raw(put_messages(EDITHS, other), metadata=metadata)
        assert (caught.value.code().name, caught.value.details()) == REPLAYED
        end(place, how)
    with home.living() as place, Client(place.target, EDITH) as client:
        with pytest.raises(grpc.RpcError) as caught:
            client.stubs.put_raw(put_messages(EDITHS, other), metadata=metadata)
        assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
        with pytest.raises(grpc.RpcError) as caught:
            client.get(EDITHS, bytes(raw_piece_cid(other)))
        assert caught.value.code() is grpc.StatusCode.NOT_FOUND
        assert client.get(EDITHS, cid) == raw
        assert client.put(EDITHS, other) == bytes(raw_piece_cid(other))


@pytest.mark.parametrize("how", ENDS)
def test_what_was_signed_ahead_of_the_node_s_clock_counts_once_too(home: Home, how: str) -> None:
    """A request of the next minutes would be fresh after a restart: none is answered before its refusal is durable.

    The price is stated here: until the clock has passed the latest such request and 30 s, the owner's callers are told
    to wait, unless their token names the bucket or their request is later still. Other owners wait for nothing.
    """
    aheads_s = (0.0, 0.09, 0.15, 3.0, 60.0, 200.0)
    with home.living() as place:
        cids = {owner: put_node(place, owner, bucket, b"early") for owner, bucket in ((EDITH, EDITHS), (BOB, BOBS))}
        began_ms = now_ms()
        early = [EDITH.request(READ, EDITHS, cids[EDITH], t_ms=began_ms + int(s * 1_000)) for s in aheads_s]
        exact = [BOB.request(READ, BOBS, cids[BOB], t_ms=began_ms + int(s * 1_000)) for s in aheads_s if s < 0]
        for owner, bucket, requests in ((EDITH, EDITHS, early), (BOB, BOBS, exact)):
            for request in requests:
                assert reading(place, owner, bucket, cids[owner], request) == SERVED
        end(place, how)
    horizon_ms = began_ms + 200_000 + STEP_S * 1_000
    with home.living() as place:
        for owner, bucket, requests in ((EDITH, EDITHS, early), (BOB, BOBS, exact)):
            for request in requests:
                assert is_too_old(reading(place, owner, bucket, cids[owner], request))
        assert reading(place, BOB, BOBS, cids[BOB], BOB.request(READ, BOBS, cids[BOB])) == SERVED
        cid = cids[EDITH]
        assert is_too_old(reading(place, EDITH, EDITHS, cid, EDITH.request(READ, EDITHS, cid)))
        assert is_too_old(reading(place, EDITH, EDITHS, cid, EDITH.request(READ, EDITHS, cid, t_ms=horizon_ms)))
        later = EDITH.request(READ, EDITHS, cid, t_ms=horizon_ms + 1)
        assert reading(place, EDITH, EDITHS, cid, later) == SERVED
        assert reading(place, EDITH, EDITHS, cid, later) == REPLAYED
        bound = EDITH.token(bucket=EDITHS)
        assert DOORS["grpc"](place, Asked(EDITHS, cid, bound, EDITH.request(READ, EDITHS, cid))) == SERVED
