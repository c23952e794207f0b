"""A queue is alive while it is empty or moves."""

from edge_node.supervise.progress import Progress


def test_only_a_queue_that_stands_still_with_work_is_dead() -> None:
    """Empty is alive, moving is alive, standing still with something waiting is not."""
    queue = Progress()
    assert queue.alive(waiting=5, done=0)
    assert not queue.alive(waiting=5, done=0)
    assert queue.alive(waiting=7, done=1)
    assert queue.alive(waiting=0, done=1)
    assert not queue.alive(waiting=1, done=1)
