"""What waits for a block."""

import hashlib

import pytest

from edge_node.base.ids import Hash256
from edge_node.devnet.pool import BANNED_MAX, BANNED_S, AlreadyPooled, Banned, Pool, PoolFull, TooLowPriority, Waiting

ALICE, BOB = b"a" * 32, b"b" * 32


def waiting(signer, nonce, *, tip=0, dies_at=None, raw=b"raw", mark=""):
    name = hashlib.blake2b(f"{signer}{nonce}{tip}{mark}".encode(), digest_size=32).digest()
    return Waiting(Hash256(name), raw, signer, nonce, tip, dies_at)


def test_each_signers_come_in_the_order_of_their_nonces():
    """A gap holds back all behind it, and no other signer."""
    pool = Pool()
    for one in (waiting(ALICE, 6), waiting(BOB, 0), waiting(ALICE, 5), waiting(ALICE, 8)):
        pool.add(one)
    ready = pool.ready({ALICE: 5, BOB: 0}.__getitem__)
    assert [(one.signer, one.nonce) for one in ready] == [(ALICE, 5), (ALICE, 6), (BOB, 0)]
    assert pool.next_nonce(ALICE, 5) == 7


def test_who_pays_more_comes_first():
    """By the tip of what comes first of theirs."""
    pool = Pool()
    pool.add(waiting(ALICE, 0))
    pool.add(waiting(BOB, 0, tip=9))
    assert [one.signer for one in pool.ready(lambda _: 0)] == [BOB, ALICE]


def test_one_that_pays_more_takes_the_place():
    """One that pays as much does not."""
    pool = Pool()
    first, dearer = waiting(ALICE, 0), waiting(ALICE, 0, tip=1)
    assert pool.add(first) is None
    with pytest.raises(TooLowPriority):
        pool.add(waiting(ALICE, 0, mark="other"))
    assert pool.add(dearer) is first
    assert list(pool) == [dearer]


def test_the_same_one_is_not_taken_twice():
    """Nor is one that was banned, until its time is over."""
    pool, one = Pool(), waiting(ALICE, 0)
    pool.add(one)
    with pytest.raises(AlreadyPooled, match=str(one.hash)):
        pool.require_new(one.hash, 0.0)
    pool.remove(one.hash)
    pool.ban(one.hash, 10.0)
    with pytest.raises(Banned, match=str(one.hash)):
        pool.require_new(one.hash, 10.0 + BANNED_S - 1)
    pool.require_new(one.hash, 10.0 + BANNED_S)


def test_the_room_is_bounded():
    """In entries and in bytes; what goes gives its room back."""
    pool = Pool(entries_max=2, bytes_max=10)
    pool.add(waiting(ALICE, 0, raw=b"12345"))
    with pytest.raises(PoolFull):
        pool.add(waiting(ALICE, 1, raw=b"123456"))
    pool.add(waiting(ALICE, 1, raw=b"12345"))
    with pytest.raises(PoolFull):
        pool.add(waiting(BOB, 0, raw=b""))
    pool.remove(waiting(ALICE, 0).hash)
    pool.add(waiting(BOB, 0, raw=b"12345"))
    assert pool.remove(waiting(ALICE, 0).hash) is None


def banned(pool, number, now_s):
    """Whether one that `ban_many` banned is refused."""
    try:
        pool.require_new(Hash256(number.to_bytes(32)), now_s)
    except Banned:
        return True
    return False


def ban_many(pool, numbers, now_s):
    for number in numbers:
        pool.ban(Hash256(number.to_bytes(32)), now_s)


def test_bans_are_bounded():
    """As many as may be are all kept; with one more the oldest is forgotten."""
    pool = Pool()
    ban_many(pool, range(BANNED_MAX), 0.0)
    assert all(banned(pool, number, 1.0) for number in (0, 1, BANNED_MAX - 1))
    ban_many(pool, [BANNED_MAX], 1.0)
    assert [banned(pool, number, 2.0) for number in (0, 1, BANNED_MAX)] == [False, True, True]


def test_bans_that_are_over_make_room_first():
    """So that none which holds is forgotten for them."""
    pool = Pool()
    ban_many(pool, [0], BANNED_S)
    ban_many(pool, range(1, BANNED_MAX), 0.0)
    ban_many(pool, [BANNED_MAX], BANNED_S)
    assert [banned(pool, number, BANNED_S + 1) for number in (0, 1, BANNED_MAX)] == [True, False, True]


def test_what_is_too_old_is_named():
    """From the block on in which it is no longer valid."""
    pool, mortal = Pool(), waiting(ALICE, 0, dies_at=64)
    pool.add(mortal)
    pool.add(waiting(BOB, 0))
    assert pool.outlived(63) == []
    assert pool.outlived(64) == [mortal]
