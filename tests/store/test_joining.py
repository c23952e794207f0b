"""store.joining: lists of parts are named in turns, and an owner's files are joined one after the other."""

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from edge_node.base.ids import VaultId
from edge_node.store.bucket_errors import EmptyMultipart, MalformedPartHash, TooManyParts, TotalSizeZero
from edge_node.store.joining import NAMED, PARTS_MAX, Joining, require_list
from edge_node.wire.cid import raw_piece_cid

ANN, BOB = VaultId(b"a" * 32), VaultId(b"b" * 32)
DIGEST = bytes(32)


@pytest.mark.parametrize(
    ("hashes", "total", "refusal"),
    [
        ([], 1, EmptyMultipart),
        ([DIGEST] * (PARTS_MAX + 1), 1, TooManyParts),
        ([DIGEST], 0, TotalSizeZero),
        ([DIGEST, b"short"], 1, MalformedPartHash),
    ],
)
def test_what_is_no_list_of_parts(hashes: list[bytes], total: int, refusal: type[Exception]) -> None:
    """Refused by itself, before anybody's turn."""
    with pytest.raises(refusal):
        require_list(hashes, total)
    require_list([DIGEST] * PARTS_MAX, 1)


async def test_parts_are_named_in_order() -> None:
    """As raw pieces, more of them than one go."""
    hashes = [number.to_bytes(32, "big") for number in range(NAMED + 1)]
    cids = await Joining().name(hashes)
    assert [cid[-32:] for cid in cids] == hashes
    assert cids[0][:4] == raw_piece_cid(b"")[:4]


async def test_an_owner_waits_for_itself_alone() -> None:
    """The second file of one owner waits for the first; another owner's does not."""
    joining, begun, ends = Joining(), [], trio.Event()

    async def join(name: str, owner: VaultId) -> None:
        async with joining.turn_of(owner):
            begun.append(name)
            await ends.wait()

    with trio.fail_after(5):
        async with trio.open_nursery() as nursery:
            for name, owner in (("ann 1", ANN), ("ann 2", ANN), ("bob", BOB)):
                nursery.start_soon(join, name, owner)
                await wait_all_tasks_blocked()
            assert begun == ["ann 1", "bob"]
            ends.set()
    assert begun == ["ann 1", "bob", "ann 2"]
    assert not joining._lines


async def test_who_gives_up_waiting_leaves_the_line() -> None:
    """And nobody behind it waits for nothing."""
    joining = Joining()

    async def wait() -> None:
        async with joining.turn_of(ANN):
            raise AssertionError

    async with joining.turn_of(ANN), trio.open_nursery() as nursery:
        nursery.start_soon(wait)
        await wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
    assert not joining._lines
    with trio.fail_after(5):
        async with joining.turn_of(ANN):
            pass
