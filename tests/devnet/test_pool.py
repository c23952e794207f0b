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
    with pytest.raises(AlreadyPooled):
        pool.require_new(one.hash, 0.0)
    pool.remove(one.hash)
    pool.ban(one.hash, 10.0)
    with pytest.raises(Banned):
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


def test_bans_are_bounded():
    """The oldest ones are forgotten."""
    pool = Pool()
    for number in range(BANNED_MAX + 5):
        pool.ban(Hash256(number.to_bytes(32)), 0.0)
    pool.require_new(Hash256(bytes(32)), 1.0)
    with pytest.raises(Banned):
        pool.require_new(Hash256((BANNED_MAX + 4).to_bytes(32)), 1.0)


def test_what_is_too_old_is_named():
    """From the block on in which it is no longer valid."""
    pool, mortal = Pool(), waiting(ALICE, 0, dies_at=64)
    pool.add(mortal)
    pool.add(waiting(BOB, 0))
    assert pool.outlived(63) == []
    assert pool.outlived(64) == [mortal]
