"""Ingest as a shell: order, twins, setbacks and what a waiter is told, over a journal that can be held and broken."""

import errno
import sqlite3
from functools import partial
from pathlib import Path

import msgspec
import pytest
import trio

from edge_node.base.clock import ClockQuality
from edge_node.base.errors import Refusal
from edge_node.base.ids import StreamName
from edge_node.journal import NotWritable
from edge_node.settings import IngestSettings, StoreSettings
from edge_node.store.errors import (
    BadSignature,
    QuotaExceeded,
    RateExceeded,
    SequenceConflict,
    SequenceTooOld,
    Stopping,
    StoreUnreadable,
    TimeAhead,
    TimeTooLate,
    WrongAudience,
)
from edge_node.store.streams import admission
from edge_node.store.streams import ingest as module
from edge_node.store.streams.submission import Receipt
from edge_node.trust.access_errors import AccessDenied, DeviceSuspended, UnknownKey
from edge_node.trust.device import DeviceAction, Enrolment, Role, next_change
from edge_node.trust.devices import DeviceTable
from edge_node.wire.cid import raw_piece_cid
from tests.gateway.gate import GatedFiles
from tests.journal.faulty import FaultyFiles
from tests.store.rig import NOW_MS, Store, dump, key_of, opened, sign, vault_of

BODY = b'{"celsius":21}'
MINUTE_MS = 60_000


async def submit(store: Store, seq: int, body: bytes = BODY, **changed) -> Receipt:
    header = sign(body, seq, **changed)
    store.ingest.screen(header, "test")
    return await store.ingest.submit(header, body, "test")


async def refusal_of(store: Store, seq: int, body: bytes = BODY, **changed) -> Refusal:
    with pytest.raises(Refusal) as refusal:
        await submit(store, seq, body, **changed)
    return refusal.value


async def test_many_at_once_lie_without_a_gap(tmp_path: Path) -> None:
    """A crowd of posts to two streams: every receipt is unique, offsets have no holes, all is there after a restart."""
    receipts: list[Receipt] = []
    async with opened(tmp_path / "data") as store:

        async def one(seq: int) -> None:
            receipts.append(await submit(store, seq, b"%d" % seq, stream=StreamName(f"site/{seq % 2}")))

        async with trio.open_nursery() as nursery:
            for seq in range(300):
                nursery.start_soon(one, seq)
    for stream in ("site/0", "site/1"):
        assert sorted(r.first_offset for r in receipts if r.stream == stream) == list(range(150))
    async with opened(tmp_path / "data") as store:
        for receipt in receipts[::50]:
            page = await store.topics.read_page(
                store.may("ann", module.Verb.READ), vault_of("ann"), StreamName(receipt.stream),
                receipt.first_offset, 1, proof=False,
            )  # fmt: skip
            assert raw_piece_cid(msgspec.json.encode(msgspec.json.decode(page)["events"][0]["event"])) == receipt.cid


async def test_the_audit_trail_has_one_row_per_verdict(tmp_path: Path) -> None:
    """Screening alone writes none; the decision on a verified body writes one."""
    async with opened(tmp_path / "data") as store:
        await submit(store, 1)
        assert [(row.verb, row.reason) for row in store.audit.rows] == [("append", "")]


async def test_a_twin_waits_for_the_first(tmp_path: Path) -> None:
    """While the first is not durable its repeat is not answered; then both are, and one is stored."""
    files = GatedFiles()
    async with opened(tmp_path / "data", files=files) as store:
        receipts: list[Receipt] = []

        async def one() -> None:
            receipts.append(await submit(store, 1))

        async with trio.open_nursery() as nursery:
            with files.held() as came:
                for _ in range(4):
                    nursery.start_soon(one)
                await trio.to_thread.run_sync(came.wait)
                await trio.sleep(0.05)
                assert receipts == []
        assert sorted(receipt.duplicate for receipt in receipts) == [False, True, True, True]
        assert {receipt.first_offset for receipt in receipts} == {0}


async def test_a_conflicting_twin_is_refused_at_once(tmp_path: Path) -> None:
    """Its sender need not wait for the disk to hear that the number is taken."""
    files = GatedFiles()
    async with opened(tmp_path / "data", files=files) as store, trio.open_nursery() as nursery:
        with files.held() as came:
            nursery.start_soon(submit, store, 1)
            await trio.to_thread.run_sync(came.wait)
            with trio.fail_after(10):
                refusal = await refusal_of(store, 1, b"22")
    assert isinstance(refusal, SequenceConflict)
    assert len(dump(tmp_path / "data")["evidence"]) == 1


async def test_a_refused_write_takes_nothing(tmp_path: Path) -> None:
    """The disk breaks under a crowd and its twins: all are refused; once it is well, numbers and offsets are free."""
    files, refusals = FaultyFiles(), []
    limits = StoreSettings(owner_bytes_max=10_000)
    async with opened(tmp_path / "data", files=files, store=limits) as store:
        await submit(store, 0)
        files.refuse("fdatasync", errno.EIO)

        async def one(seq: int) -> None:
            refusals.append(await refusal_of(store, seq))

        async with trio.open_nursery() as nursery:
            for seq in [1, 2, 3, 1, 2, 3]:
                nursery.start_soon(one, seq)
        assert [type(refusal) for refusal in refusals] == [NotWritable] * 6
        assert store.quota.owners[vault_of("ann")] == len(BODY)
        files.heal()
        await store.journal.reopen()
        assert [(await submit(store, seq)).first_offset for seq in (3, 1, 2)] == [1, 2, 3]
        assert (await submit(store, 1)).duplicate is True


async def test_evidence_is_bounded_per_key(tmp_path: Path) -> None:
    """A device that counts backwards for ever does not fill the disk with proofs of it."""
    async with opened(tmp_path / "data") as store:
        for seq in range(module.EVIDENCE_PER_KEY + 3):
            await submit(store, seq)
            assert isinstance(await refusal_of(store, seq, b"22"), SequenceConflict)
    assert len(dump(tmp_path / "data")["evidence"]) == module.EVIDENCE_PER_KEY


async def test_a_repeat_of_another_content_type_is_a_conflict(tmp_path: Path) -> None:
    """The content type is signed, so the same bytes under another one are another message."""
    async with opened(tmp_path / "data") as store:
        await submit(store, 1)
        assert isinstance(await refusal_of(store, 1, content_type="text/plain"), SequenceConflict)
        assert (await submit(store, 1)).duplicate is True


async def test_a_repeat_of_a_rotten_body_is_still_a_repeat(tmp_path: Path) -> None:
    """The index knows its CID; the device must not be told that its number is taken by something else."""
    async with opened(tmp_path / "data") as store:
        await submit(store, 1)
        path = tmp_path / "data" / "seg" / "ev" / "00000001.seg"
        raw = bytearray(path.read_bytes())
        raw[raw.index(BODY)] ^= 1
        path.write_bytes(raw)
        assert (await submit(store, 1)).duplicate is True


def enrol_more(table: DeviceTable) -> None:
    """A strict device on one stream, and a suspended one."""
    for name, limits in (("strict", {"late_max_s": 0, "bytes_per_day_max": 20}), ("gone", {})):
        enrolment = Enrolment(
            key=key_of(name).public, name=name, roles=frozenset({Role.DEVICE}), vault=vault_of("ann"), t_ms=NOW_MS,
            streams=(StreamName("site/a"),), **limits,
        )  # fmt: skip
        device = table.apply(enrolment)
    table.apply(next_change(device, DeviceAction.SUSPEND, NOW_MS))


async def test_screening_refuses_before_the_body(tmp_path: Path) -> None:
    """Unknown, suspended, wrong vault, wrong stream: the header is enough."""
    ann = vault_of("ann")
    async with opened(tmp_path / "data", enrol=enrol_more) as store:
        for who, changed, reason in [
            ("stranger", {}, UnknownKey),
            ("gone", {"audience": ann}, DeviceSuspended),
            ("strict", {}, WrongAudience),
            ("strict", {"audience": ann, "stream": StreamName("site/b")}, AccessDenied),
        ]:
            with pytest.raises(reason):
                store.ingest.screen(sign(BODY, 1, who, **changed), "test")
        assert [row.proved for row in store.audit.rows] == [False] * 4
        assert dump(tmp_path / "data")["bodies"] == []


async def test_a_device_s_own_limits_stand_before_the_node_s(tmp_path: Path) -> None:
    """Its patience for late events and its bytes a day."""
    own = {"who": "strict", "audience": vault_of("ann")}
    async with opened(tmp_path / "data", enrol=enrol_more) as store:
        late = NOW_MS - 11 * MINUTE_MS
        assert isinstance(await refusal_of(store, 1, t_ms=late, **own), TimeTooLate)
        assert (await submit(store, 1, t_ms=late)).first_offset == 0
        store.quota.own_day_max = lambda key: 20 if key == key_of("strict").public else None
        await submit(store, 2, **own)
        assert isinstance(await refusal_of(store, 3, **own), QuotaExceeded)


async def test_time_is_judged_before_anything_is_queued(tmp_path: Path) -> None:
    """An event from the future costs no verification."""
    async with opened(tmp_path / "data") as store:
        assert isinstance(await refusal_of(store, 1, t_ms=NOW_MS + 11 * MINUTE_MS), TimeAhead)
        assert store.audit.rows == []


async def test_a_bad_signature_is_nobody_s_verdict(tmp_path: Path) -> None:
    """What is not proved leaves no row under the key's name."""
    async with opened(tmp_path / "data") as store:
        header = msgspec.structs.replace(sign(BODY, 1), seq=2)
        with pytest.raises(BadSignature):
            await store.ingest.submit(header, BODY, "test")
        assert store.audit.rows == []


async def test_rates_are_per_key(tmp_path: Path) -> None:
    """One key's burst leaves the other's alone."""
    async with opened(tmp_path / "data", ingest=IngestSettings(device_bodies_per_s=2)) as store:
        await submit(store, 1)
        await submit(store, 2)
        assert isinstance(await refusal_of(store, 3), RateExceeded)
        await submit(store, 1, who="bob")


async def test_a_number_whose_body_retention_took(tmp_path: Path) -> None:
    """The window remembers longer than the bodies: such a repeat is too old, not new."""
    async with opened(tmp_path / "data") as store:
        await submit(store, 1)
        stage = store.journal._engine.stage
        stage.databases["index"].connection.execute("DELETE FROM bodies")
        assert isinstance(await refusal_of(store, 1), SequenceTooOld)


async def test_waiters_are_told_when_the_node_stops(tmp_path: Path) -> None:
    """Nobody hangs on a node that ends before it could say whether the body was stored."""
    files, refusals = GatedFiles(), []
    async with opened(tmp_path / "data", files=files) as store, trio.open_nursery() as outer:
        log = store.journal

        async def one() -> None:
            refusals.append(await refusal_of_direct())

        async def refusal_of_direct() -> Refusal:
            with pytest.raises(Refusal) as refusal:
                await second.submit(sign(BODY, 9), BODY, "test")
            return refusal.value

        second = module.Ingest(
            log, store.access, DeviceTable(), store.quota, store.ingest._clock, IngestSettings(),
            store.ingest._clock_settings,
        )  # fmt: skip
        with files.held() as came:
            async with trio.open_nursery() as service:
                await service.start(second.run)
                outer.start_soon(one)
                await trio.to_thread.run_sync(came.wait)
                service.cancel_scope.cancel()
            with trio.fail_after(10):
                while not refusals:
                    await trio.sleep(0.01)
    assert isinstance(refusals[0], Stopping)


async def test_any_time_a_header_can_say_is_stored(tmp_path: Path) -> None:
    """A clock that was never set may show any u64; its post neither fails nor takes a neighbour's round with it."""
    async with opened(tmp_path / "data") as store:
        wild = {"t_ms": 2**64 - 1, "quality": ClockQuality.UNSYNCED}
        receipts: list[Receipt] = []

        async def one(who: str, **changed) -> None:
            receipts.append(await submit(store, 1, who=who, **changed))

        async with trio.open_nursery() as nursery:
            nursery.start_soon(partial(one, "ann", **wild))
            nursery.start_soon(one, "bob")
        assert [receipt.duplicate for receipt in receipts] == [False, False]
        assert (await submit(store, 1, **wild)).duplicate
        assert (await store.page())["events"][0]["t"] == str(2**64 - 1)


@pytest.mark.parametrize("code", [errno.EMFILE, errno.EACCES])
async def test_a_log_that_cannot_be_opened_ends_one_answer_and_not_the_node(tmp_path: Path, code: int) -> None:
    """Out of descriptors, nobody knows whether a repeat is one: it is asked to come again, and then it is known."""
    async with opened(tmp_path / "data") as store:
        await submit(store, 1)
    files = FaultyFiles()
    async with opened(tmp_path / "data", files=files) as store:
        files.refuse("open_read", code, only=".seg")
        assert isinstance(await refusal_of(store, 1), StoreUnreadable)
        files.heal()
        assert (await submit(store, 1)).duplicate


async def test_an_index_that_cannot_be_read_ends_one_answer_and_not_the_node(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next post, once it can be read again, gets the first offset."""
    async with opened(tmp_path / "data") as store:
        with monkeypatch.context() as patch:
            patch.setattr(module, "load_state", _no_database)
            assert isinstance(await refusal_of(store, 1), StoreUnreadable)
        assert (await submit(store, 1)).first_offset == 0


def _no_database(*_: object) -> None:
    raise sqlite3.OperationalError("unable to open database file")


async def test_refused_posts_leave_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is out of quota and names a new stream each time does not make the node remember them all."""
    monkeypatch.setattr(admission, "TRACKED_MAX", 8)
    async with opened(tmp_path / "data", store=StoreSettings(owner_bytes_max=1)) as store:
        for number in range(40):
            assert isinstance(await refusal_of(store, 1, stream=StreamName(f"s{number}")), QuotaExceeded)
        assert len(store.ingest._admission._windows) <= 9
