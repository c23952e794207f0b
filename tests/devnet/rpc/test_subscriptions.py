"""Who is told of what."""

import json

from edge_node.devnet.faults import Lies
from edge_node.devnet.rpc import subscriptions
from edge_node.devnet.rpc.subscriptions import FINAL_HEADS, JUSTIFICATIONS, NEW_HEADS, Board, Subscription
from tests.devnet.runtime.stage import make_stage


def never():
    """No client of these tests is let go."""
    raise AssertionError


def joined(board, topic, name="a"):
    got = []
    subscription = Subscription(name, topic, got.append, never)
    board.join(subscription)
    subscription.begin()
    return subscription, got


def test_what_comes_before_its_id_is_answered_waits():
    """In its order."""
    got = []
    subscription = Subscription("a", NEW_HEADS, got.append, never)
    subscription.push(b"1")
    subscription.push(b"2")
    assert got == []
    subscription.begin()
    subscription.push(b"3")
    assert [json.loads(note)["params"]["result"] for note in got] == [1, 2, 3]


def test_what_waits_has_a_bound(monkeypatch):
    """A client that does not even read the answer is let go."""
    monkeypatch.setattr(subscriptions, "EARLY_MAX", 2)
    dropped, got = [], []
    subscription = Subscription("a", NEW_HEADS, got.append, lambda: dropped.append(1))
    for result in (b"1", b"2"):
        subscription.push(result)
    assert not dropped
    subscription.push(b"3")
    assert dropped
    assert got == []


def test_a_header_is_encoded_once_for_all(monkeypatch):
    """However many listen; not at all when nobody does."""
    count = []
    encode = subscriptions.encode_result
    monkeypatch.setattr(subscriptions, "encode_result", lambda value: count.append(1) or encode(value))
    stage, board = make_stage(), Board(Lies())
    board.on_block(stage.write())
    assert not count
    heard = [joined(board, NEW_HEADS, str(place))[1] for place in range(5)]
    board.on_block(stage.write())
    assert len(count) == 1
    assert len({note.replace(b'"%d"' % place, b"") for place, (note,) in enumerate(heard)}) == 1


def test_who_left_is_forgotten():
    """Of every topic, storage too; leaving twice is nothing."""
    stage, board = make_stage(), Board(Lies())
    subscription, got = joined(board, NEW_HEADS)
    storage = Subscription("b", subscriptions.STORAGE, got.append, never)
    board.join_storage(storage, [b"key"], stage.chain.head, stage.chain.head.state)
    assert len(board) == 2
    for one in (subscription, storage, subscription):
        one.on_end()
    assert len(board) == 0
    board.on_block(stage.write())
    assert got == []


def test_final_blocks_and_their_justifications():
    """A head for every block, a justification for each that was made; nothing while the server is deaf."""
    stage, lies = make_stage(), Lies()
    board = Board(lies)
    heads, justifications = joined(board, FINAL_HEADS)[1], joined(board, JUSTIFICATIONS)[1]
    blocks = [stage.write() for _ in range(3)]
    finalities = stage.chain.finalize()
    board.on_final(blocks, finalities)
    assert (len(heads), len(justifications)) == (3, 1)
    lies.tell("silent")
    board.on_final(blocks, finalities)
    assert (len(heads), len(justifications)) == (3, 1)
