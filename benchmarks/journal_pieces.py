"""Pieces through `store.pieces` in one process, durable on return, against what the disk itself allows.

Puts do what the door does: content in chunks as a socket gives them, its CID named in advance and checked. Their
baseline appends the same sizes to one file with an fdatasync each, and neither hashes nor indexes. Gets come from the
page cache, verified against their digests; their baseline is a bare pread of the same sizes.
"""

import os
import shutil
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import trio
from blake3 import blake3

from benchmarks.frame import Case, Measure, Options, disk, emit, interleave, machine, read_options, scratch
from edge_node.base.clock import SystemClock
from edge_node.base.ids import Cid, Digest, PublicKey, VaultId
from edge_node.base.limits import KIB, MIB
from edge_node.journal import Journal, open_journal
from edge_node.kinds import NODE_KINDS
from edge_node.paths import Paths
from edge_node.settings import JournalSettings, StoreSettings
from edge_node.store.pieces import Pieces
from edge_node.store.quota import QuotaLedger
from edge_node.trust.access import Access, Verb, piece_resource
from edge_node.trust.access_control import AccessControl
from edge_node.trust.audit import AuditRow
from edge_node.trust.device import Enrolment, Role
from edge_node.trust.devices import DeviceTable
from edge_node.wire.cid import CidKind, make_cid

CHUNK_BYTES = 256 * KIB  # what serving reads of a body at a time
OWNER = PublicKey(bytes(range(32)))


@dataclass(frozen=True, slots=True)
class Puts:
    """Puts of one size: `count` a run, `in_flight` at a time, `raw` appends in a run of the baseline."""

    case: str
    size: int
    count: int
    in_flight: int
    raw: int


class _Unheard:
    def record(self, row: AuditRow) -> None:
        """The verdicts of a benchmark are nobody's history."""


@dataclass(frozen=True, slots=True)
class Content:
    """A piece as it would come from a socket, and its CID."""

    chunks: Sequence[bytes]
    cid: Cid


def make_contents(size: int, count: int) -> list[Content]:
    """Contents that differ in their first bytes only, so that they share memory but no CID."""
    rest = os.urandom(size - 16)
    contents: list[Content] = []
    for _ in range(count):
        stamp = os.urandom(16)
        first, hasher = stamp + rest[: CHUNK_BYTES - 16], blake3(stamp)
        tail = contents[0].chunks[1:] if contents else _cut(rest[CHUNK_BYTES - 16 :])
        cid = make_cid(CidKind.RAW_PIECE, Digest(hasher.update(rest).digest()))
        contents.append(Content([first, *tail], cid))
    return contents


def _cut(content: bytes) -> list[bytes]:
    return [content[at : at + CHUNK_BYTES] for at in range(0, len(content), CHUNK_BYTES)]


async def _arriving(chunks: Sequence[bytes]) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


@dataclass(frozen=True, slots=True)
class Shelf:
    """An open piece store and the right to use it."""

    pieces: Pieces
    may_put: Access
    may_get: Access
    vault: VaultId

    async def put(self, content: Content) -> None:
        """Store one piece that is new."""
        put = await self.pieces.put(self.may_put, self.vault, _arriving(content.chunks), expect=content.cid)
        assert not put.duplicate

    async def get(self, content: Content) -> int:
        """Read one piece; how many bytes came."""
        piece = await self.pieces.open(self.may_get, self.vault, content.cid)
        return sum([len(part) async for part in self.pieces.read(piece)])


@asynccontextmanager
async def open_shelf(directory: Path) -> AsyncIterator[Shelf]:
    """A piece store on a journal of its own with the node's record kinds."""
    clock = SystemClock()
    journal: Journal = await trio.to_thread.run_sync(
        partial(open_journal, Paths(directory), JournalSettings(), NODE_KINDS, random=os.urandom, clock=clock)
    )
    vault, devices = VaultId(OWNER), DeviceTable()
    devices.apply(Enrolment(key=OWNER, name="bench", roles=frozenset({Role.WRITER}), vault=vault, t_ms=clock.now_ms()))
    control, whole = AccessControl(devices, OWNER, _Unheard()), piece_resource(vault)
    put, get = (control.decide(OWNER, whole, verb, clock.now_ms()) for verb in (Verb.PUT, Verb.GET))
    settings = StoreSettings()
    pieces = Pieces(journal, QuotaLedger(settings), clock, settings)
    async with trio.open_nursery() as nursery:
        await nursery.start(journal.run)
        yield Shelf(pieces, put, get, vault)
        nursery.cancel_scope.cancel()
    await journal.flush_and_close()


async def each(do: Callable[[Content], Awaitable[object]], contents: Sequence[Content], in_flight: int) -> None:
    """Do it for all contents, `in_flight` at a time."""
    waiting = iter(contents)

    async def work() -> None:
        for content in waiting:
            await do(content)

    async with trio.open_nursery() as nursery:
        for _ in range(in_flight):
            nursery.start_soon(work)


class Watch:
    """Wall and CPU seconds of a block, both threads and kernel."""

    wall_s = cpu_s = 0.0

    @contextmanager
    def running(self) -> Iterator[None]:
        wall, cpu = time.perf_counter(), time.process_time()
        yield
        self.wall_s, self.cpu_s = time.perf_counter() - wall, time.process_time() - cpu


@contextmanager
def fresh(directory: Path) -> Iterator[Path]:
    """An empty directory that is gone afterwards, so that no run fills the disk of the next."""
    place = directory / "run"
    try:
        yield place
    finally:
        shutil.rmtree(place)


def run_puts(directory: Path, puts: Puts, unit: int) -> Measure:
    """Put new pieces through the store; work in pieces, or in `unit` bytes."""
    contents, watch = make_contents(puts.size, puts.count), Watch()

    async def work(place: Path) -> None:
        async with open_shelf(place) as shelf:
            with watch.running():
                await each(shelf.put, contents, puts.in_flight)

    with fresh(directory) as place:
        trio.run(work, place)
    return Measure(puts.count * (puts.size / unit if unit else 1), watch.wall_s, watch.cpu_s)


def run_appends(directory: Path, puts: Puts, unit: int) -> Measure:
    """Append the same sizes to a file, each made durable before the next."""
    contents, watch = [os.urandom(puts.size) for _ in range(8)], Watch()
    with fresh(directory) as place:
        place.mkdir()
        with (place / "raw").open("wb", buffering=0) as file, watch.running():
            for number in range(puts.raw):
                file.write(contents[number % 8])
                os.fdatasync(file.fileno())
    return Measure(puts.raw * (puts.size / unit if unit else 1), watch.wall_s, watch.cpu_s)


def run_gets(directory: Path, size: int, count: int, rounds: int) -> Measure:
    """Read `count` pieces `rounds` times over, after one round that warms the page cache; work in MB."""
    contents, watch = make_contents(size, count), Watch()

    async def work(place: Path) -> None:
        async with open_shelf(place) as shelf:
            await each(shelf.put, contents, 2)
            await each(shelf.get, contents, 1)
            with watch.running():
                await each(shelf.get, contents * rounds, 1)

    with fresh(directory) as place:
        trio.run(work, place)
    return Measure(size * count * rounds / 1e6, watch.wall_s, watch.cpu_s)


def run_preads(directory: Path, size: int, count: int, rounds: int) -> Measure:
    """Read the same sizes from one file in the page cache."""
    watch = Watch()
    with fresh(directory) as place:
        place.mkdir()
        (place / "raw").write_bytes(os.urandom(size) * count)
        with (place / "raw").open("rb", buffering=0) as file, watch.running():
            for number in range(count * rounds):
                assert len(os.pread(file.fileno(), size, number % count * size)) == size
    return Measure(size * count * rounds / 1e6, watch.wall_s, watch.cpu_s)


def measure(options: Options) -> list[Case]:
    scale = 1 if options.quick else 4
    small = Puts("1 KiB puts, 16 in flight", KIB, 2_500 * scale, 16, 500 * scale)
    middle = Puts("64 KiB puts, 16 in flight", 64 * KIB, 500 * scale, 16, 200 * scale)
    large = Puts("4 MiB puts, one after the other", 4 * MIB, 24 * scale, 1, 24 * scale)
    double = Puts("4 MiB puts, 2 in flight", 4 * MIB, 24 * scale, 2, 24 * scale)
    mb, reads = 1_000_000, (MIB, 64, 4 * scale)
    with scratch(on_disk=True) as directory:
        contenders = {
            "get": partial(run_gets, directory, *reads),
            "pread": partial(run_preads, directory, *reads),
        }
        for puts, unit in ((large, mb), (double, mb), (middle, mb), (small, 0)):
            contenders[puts.case] = partial(run_puts, directory, puts, unit)
            contenders[f"raw {puts.case}"] = partial(run_appends, directory, puts, unit)
        measured = interleave(contenders, options.runs)
    conditions = f"{machine()}; {disk()}"
    against = partial(Case.against, name="journal_pieces", on_the_wall=True)

    def puts_case(puts: Puts, unit: str, promise: str | None, ratio: float | None, rate: float | None) -> Case:
        return against(
            case=puts.case,
            unit=unit,
            ours=measured[puts.case],
            baseline="append and fdatasync of the same size, one after the other",
            theirs=measured[f"raw {puts.case}"],
            conditions=f"{conditions}; {puts.count} new pieces a run, CID given and checked",
            promise=promise,
            ratio_min=ratio,
            rate_min=rate,
        )

    return [
        puts_case(large, "MB", "at least 70 % of append and fdatasync", 0.7, None),
        puts_case(double, "MB", None, None, None),
        puts_case(middle, "MB", None, None, None),
        puts_case(small, "puts", "at least 5,000 a second", None, 5_000),
        against(
            case="1 MiB gets, verified, page cache warm",
            unit="MB",
            ours=measured["get"],
            baseline="pread of the same size from the page cache, not verified",
            theirs=measured["pread"],
            conditions=f"{conditions}; {reads[1]} pieces read {reads[2]} times over, one after the other",
            promise="at least 500 MB/s",
            rate_min=500,
        ),
    ]


def main() -> None:
    options = read_options()
    emit(measure(options), options)


if __name__ == "__main__":
    main()
