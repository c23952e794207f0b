"""The one worker between node and picture: reads everything once, follows the frames, comes back after a loss."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any, TypeVar
from urllib.parse import quote

import msgspec

from edge_node.base.errors import EdgeNodeError
from tui.door import Door, OpenDoor, Planned
from tui.listing import Listing
from tui.models import (
    Bucket,
    BucketName,
    Device,
    Event,
    LogLine,
    Node,
    Piece,
    PieceDetail,
    Refusal,
    RefusalReason,
    Setting,
    Stream,
    Whole,
)
from tui.models_chain import Chain
from tui.state import SPOKEN, Link, NodeState, Phase, Topic

RETRY_S = (1.0, 2.0, 4.0, 8.0)  # and every 8 s from then on: an operator watches, and the node is local
PAGE_ROWS = 1_000
ROWS_MAX = 100_000  # of one list: more is for filters at the node, not for eyes
EVENTS_SHOWN = 200
LOG_TAIL = 1_000
PIECES_FEW, PIECES_AGAIN_S, PIECES_MANY_AGAIN_S = 5_000, 1.0, 30.0  # five pages a second at most, or a hundred in 30

Kind = TypeVar("Kind")


class VersionUnknown(EdgeNodeError):
    """The node speaks another version of the door."""

    slug = "version-unknown"
    remedy = "Use the edge-node-tui that came with this node."

    def __init__(self, spoken: str) -> None:
        self.spoken = spoken
        super().__init__(f"the node speaks {spoken or 'no version'}, this program {SPOKEN}")


class DoorClosed(EdgeNodeError):
    """The node ended the frames."""

    slug = "door-closed"

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class NotConnected(EdgeNodeError):
    """There is no link to send this over."""

    slug = "not-connected"
    remedy = "Wait until the link is back."

    def __init__(self) -> None:
        super().__init__("there is no link to the node")


class Worker:
    """Owns the door. `run` never ends by itself; whatever goes wrong becomes the link's reason."""

    def __init__(self, state: NodeState, open_door: OpenDoor, now_s: Callable[[], float]) -> None:
        self._state, self._open, self._now_s = state, open_door, now_s
        self._door: Door | None = None
        self._wanted: asyncio.Queue[Callable[[Door], Awaitable[None]]] = asyncio.Queue(maxsize=64)
        self._hurry = asyncio.Event()
        self._pieces_looked_at = False
        self._pieces_due: asyncio.TimerHandle | None = None

    @property
    def door(self) -> Door:
        """The open door; NotConnected while there is none."""
        if self._door is None:
            raise NotConnected
        return self._door

    async def run(self) -> None:
        """Connect, follow, and after a loss connect again."""
        attempts = 0
        while True:
            reason = await self._one_link()
            attempts = 0 if self._state.link.phase is Phase.LIVE else attempts + 1
            wait_s = RETRY_S[min(attempts, len(RETRY_S) - 1)]
            now_s = self._now_s()
            self._state.set_link(
                Link(Phase.LOST, now_s, str(reason), getattr(reason, "remedy", ""), now_s + wait_s, attempts)
            )
            self._hurry.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._hurry.wait(), wait_s)

    def hurry(self) -> None:
        """Try again now instead of when the time has come."""
        self._hurry.set()

    async def _one_link(self) -> Exception:
        """One link from its beginning to its end, which it returns."""
        try:
            door = await self._open()
        except (EdgeNodeError, OSError) as error:
            return error
        try:
            await self._follow(door)
        except (EdgeNodeError, OSError, msgspec.ValidationError) as error:
            return error
        except ExceptionGroup as group:
            known, unknown = group.split((EdgeNodeError, OSError, msgspec.ValidationError))
            if unknown is not None:
                raise
            return first_of(known or group)
        finally:
            self._door = None
            self._state.loading.clear()  # what was being read is read again when somebody looks
            with suppress(EdgeNodeError, OSError):
                await door.close()
        return DoorClosed("the node closed the door")

    async def _follow(self, door: Door) -> None:
        await self._read_node(door)
        self._door = door
        async with asyncio.TaskGroup() as tasks, door.frames() as frames:
            errands = tasks.create_task(self._run_errands(door))
            async for topic, data in frames:
                if topic in {"hello", "reset"}:
                    await self._read_all(door, again=topic == "reset")
                elif topic == "end":
                    reason = data.get("reason", "ending") if isinstance(data, dict) else "ending"
                    raise DoorClosed(f"the node said that it is {str(reason)[:80]}")
                else:
                    self._state.apply(topic, data, self._now_s())
                    self._after(topic, data)
            errands.cancel()
        raise DoorClosed("the node went silent")

    async def _run_errands(self, door: Door) -> None:
        """What screens ask for, one after the other. A refusal is the answer; anything else ends the link."""
        while True:
            errand = await self._wanted.get()
            await errand(door)

    def _after(self, topic: str, _data: Any) -> None:
        if topic == Topic.SETTINGS:
            self.want(self._read_settings)
        elif topic == Topic.PIECES and self._pieces_looked_at and self._pieces_due is None:
            # A frame tells how many there are, not which: the lists are read again, seldom when they are long.
            wait_s = PIECES_AGAIN_S if len(self._state.pieces) <= PIECES_FEW else PIECES_MANY_AGAIN_S
            self._pieces_due = asyncio.get_running_loop().call_later(wait_s, self._read_pieces_again)
        elif topic == Topic.STREAMS and self._state.events_of:
            stream = self._state.streams.row(self._state.events_of)
            if stream is not None and stream.next_offset > self._state.events_end:
                self.want_events(self._state.events_of)

    # What is read at the beginning

    async def _read_node(self, door: Door) -> None:
        node = msgspec.convert(await door.get("/v1/node"), Node, strict=False)
        if node.api != SPOKEN:
            raise VersionUnknown(node.api)
        self._state.set_node(node, self._now_s())

    async def _read_all(self, door: Door, *, again: bool) -> None:
        if again:
            await self._read_node(door)
        self._state.set_link(Link(Phase.LIVE, self._now_s()))
        await self._read_list(door, "/v1/streams", "streams", Stream, self._state.streams, Topic.STREAMS)
        await self._read_list(door, "/v1/devices", "devices", Device, self._state.devices, Topic.DEVICES)
        await self._read_logs(door)
        await self._read_refusals(door)
        await self._read_settings(door)
        await self._tolerant(self._read_chain, door)
        if self._pieces_looked_at:
            self.want_pieces()

    async def _read_list(
        self, door: Door, path: str, name: str, kind: type[Kind], listing: Listing[Kind], topic: Topic
    ) -> None:
        """A whole list, page by page, shown as it grows; what is gone since goes when the last page is there."""
        state, after, rows = self._state, "", list[Kind]()
        while True:
            query: dict[str, str | int] = {"limit": PAGE_ROWS}
            page = await door.get(path, {**query, "after": after} if after else query)
            new = rows_of(page, name, kind)
            rows += new
            listing.put(new)
            before, after = after, str(page.get("next") or "")
            if after in {"", before} or len(rows) >= ROWS_MAX or not new:
                break
            state.loading[topic] = len(rows)
            state.tell(topic)
        state.loading.pop(topic, None)
        if len(listing) > len(rows):
            listing.replace(rows)
        state.tell(topic)

    async def _read_logs(self, door: Door) -> None:
        page = await door.get("/v1/logs", {"limit": LOG_TAIL})
        self._state.logs.put(rows_of(page, "lines", LogLine))
        self._state.tell(Topic.LOGS)

    async def _read_refusals(self, door: Door) -> None:
        page = await door.get("/v1/refusals", {"limit": 500})
        self._state.refusals.put(rows_of(page, "refusals", Refusal))
        self._state.set_reasons(rows_of(page, "by_slug", RefusalReason), number_of(page, "total"))

    async def _read_settings(self, door: Door) -> None:
        self._state.settings.replace(rows_of(await door.get("/v1/settings"), "settings", Setting))
        self._state.tell(Topic.SETTINGS)

    async def _read_chain(self, door: Door) -> None:
        """An older node does not know it: then the screen says that nothing was told."""
        self._state.set_chain(msgspec.convert(await door.get("/v1/chain"), Chain, strict=False))

    # What screens ask for

    def want(self, errand: Callable[[Door], Awaitable[None]]) -> None:
        """Have this done over the link; forgotten when too much waits, for it will be asked again."""
        with suppress(asyncio.QueueFull):
            self._wanted.put_nowait(lambda door: self._tolerant(errand, door))

    async def _tolerant(self, errand: Callable[[Door], Awaitable[None]], door: Door) -> None:
        from edge_node.client import NodeRefusal

        with suppress(NodeRefusal):  # the stream or piece went in the meantime: what is shown says so by its absence
            await errand(door)

    async def read_pieces(self, door: Door) -> None:
        """All pieces, or the first hundred thousand of them."""
        await self._read_list(door, "/v1/pieces", "pieces", Piece, self._state.pieces, Topic.PIECES)

    def want_pieces(self) -> None:
        """Read the pieces, if they are not being read."""
        self._pieces_looked_at = True
        if Topic.PIECES not in self._state.loading:
            self._state.loading[Topic.PIECES] = len(self._state.pieces)
            self.want(self.read_buckets)
            self.want(self.read_pieces)

    def _read_pieces_again(self) -> None:
        self._pieces_due = None
        if self._door is not None:
            self.want_pieces()

    async def read_buckets(self, door: Door) -> None:
        """All buckets the node knows."""
        await self._read_list(door, "/v1/buckets", "buckets", Bucket, self._state.buckets, Topic.BUCKETS)

    def want_names(self, bucket: int) -> None:
        """Read the names of a bucket, as many as one page has."""

        async def read(door: Door) -> None:
            page = await door.get("/v1/names", {"bucket": bucket, "limit": PAGE_ROWS})
            self._state.set_names(bucket, rows_of(page, "names", BucketName))

        self.want(read)

    def want_events(self, stream: str) -> None:
        """Read the newest events of a stream."""

        async def read(door: Door) -> None:
            page = await door.get(f"/v1/streams/{quote(stream, safe='')}/events", {"last": EVENTS_SHOWN})
            self._state.set_events(stream, rows_of(page, "events", Event), number_of(page, "end"))

        self.want(read)

    def want_piece(self, cid: str) -> None:
        """Read what is known of one piece."""

        async def read(door: Door) -> None:
            detail = await door.get(f"/v1/pieces/{quote(cid, safe='')}")
            msgspec.convert(detail, PieceDetail)
            self._state.set_detail(cid, detail)

        self.want(read)

    async def plan(self, command: str, arguments: Mapping[str, Any]) -> Planned:
        """What a command would do, in the node's words."""
        return await self.door.plan(command, arguments)

    async def execute(self, command: str, token: str, *, answer_s: float | None = None) -> Mapping[str, Any]:
        """Have a plan done; `answer_s`: how long that may take. A device it answers with is in the picture at once."""
        result = await self.door.execute(command, token, answer_s)
        if isinstance(device := result.get("device"), dict):
            self._state.devices.put([msgspec.convert(device, Device, strict=False)])
            self._state.tell(Topic.DEVICES)
        return result


def rows_of(page: Any, name: str, kind: type[Kind]) -> list[Kind]:
    """The rows of a page; ValidationError if they are none."""
    rows = page.get(name) if isinstance(page, dict) else None
    return [msgspec.convert(row, kind, strict=False) for row in msgspec.convert(rows, list[Any])]


def number_of(page: Any, name: str) -> int:
    """A number of a page, 0 without one; ValidationError if it is none."""
    return msgspec.convert(page.get(name) or 0, Whole, strict=False)


def first_of(group: BaseExceptionGroup[Exception]) -> Exception:
    """The first error in a group of groups."""
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    assert isinstance(error, Exception)
    return error
