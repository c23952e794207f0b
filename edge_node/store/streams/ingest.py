"""Ingest: from a signed body to an acknowledgement that is true, in batches, with bounded queues."""

import contextlib
import sqlite3
from collections import deque
from collections.abc import Sequence

import trio

from edge_node.base.clock import Clock
from edge_node.base.errors import EdgeNodeError, Refusal
from edge_node.base.ids import Cid, PublicKey, shorten
from edge_node.base.limits import MIB, KeyRates
from edge_node.base.log import get_log
from edge_node.base.offload import CPU, FILE, offload
from edge_node.journal import DigestMismatch, Draft, Journal, JournalError, Lane, RecordAbsent, Ticket
from edge_node.settings import ClockSettings, IngestSettings
from edge_node.store.errors import (
    BadSignature,
    BodyFault,
    QueueFull,
    RateExceeded,
    SequenceConflict,
    SequenceTooOld,
    Stopping,
    StoreUnreadable,
    WrongAudience,
)
from edge_node.store.quota import QuotaLedger
from edge_node.store.streams.admission import Admission, Verdict
from edge_node.store.streams.prepare import Prepared, prepare_bodies
from edge_node.store.streams.records import (
    EVIDENCE_KIND,
    VERSION,
    EvidenceRecord,
    decode_events,
    encode_record,
)
from edge_node.store.streams.rows import BodyRow, find_by_seq, load_state
from edge_node.store.streams.submission import Receipt, Submission, draft_of, receipt_of, record_of
from edge_node.store.streams.tail import Tail
from edge_node.store.streams.timing import judge_time
from edge_node.store.streams.traffic import Traffic
from edge_node.trust.access import AccessDenied, Verb, stream_resource
from edge_node.trust.access_control import AccessControl
from edge_node.trust.devices import DeviceTable
from edge_node.trust.signed_event import EventHeader, event_message

log = get_log("store")

BATCH_BODIES = 64  # 64 signatures are 4 ms of one core: a hop well under 50 ms
BATCH_BYTES = 4 * MIB
COMPANY = 8  # bodies under way from which on a batch waits for more: whoever was answered last is about to send again
GATHER_S = 0.001  # fewer hops between threads and larger rounds: a fifth less CPU per body, and sooner answers besides
RATES_MAX = 4_096  # rate limits remembered; the quietest are forgotten first
_UNREADABLE = (OSError, sqlite3.Error, JournalError)
EVIDENCE_PER_KEY = 16  # pieces of evidence kept per key and process life: enough to convict


class Ingest:
    """Takes signed bodies, answers each once it is durable; `run` must be running."""

    def __init__(
        self,
        journal: Journal,
        access: AccessControl,
        devices: DeviceTable,
        quota: QuotaLedger,
        clock: Clock,
        settings: IngestSettings,
        clock_settings: ClockSettings,
    ) -> None:
        self._journal, self._access, self._devices, self._quota = journal, access, devices, quota
        self._clock = clock
        self._settings, self._clock_settings = settings, clock_settings
        self._admission = Admission()
        self._waiting: deque[Submission] = deque()
        self._waiting_bytes = 0
        self._under_way: set[Submission] = set()
        self.answered = 0  # bodies answered or refused since the start
        self.traffic = Traffic()
        self.tail = Tail(0)  # what subscribers listen to; the composition root puts theirs here
        self._idle = trio.lowlevel.ParkingLot()
        self._flights: deque[tuple[Ticket, list[Submission]]] = deque()
        self._landing = trio.lowlevel.ParkingLot()
        self._rates = KeyRates(RATES_MAX)
        self._evidence: dict[PublicKey, int] = {}
        journal.on_setback(self._set_back)

    def apply(self, settings: IngestSettings, clock_settings: ClockSettings) -> None:
        """Take over another snapshot: for bodies that come from now on."""
        self._settings, self._clock_settings = settings, clock_settings

    @property
    def waiting(self) -> int:
        """Bodies under way: taken in and not answered."""
        return len(self._under_way)

    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Run the preparers and the settler until cancelled."""
        try:
            async with trio.open_nursery() as nursery:
                for _ in range(int(CPU.total_tokens)):
                    nursery.start_soon(self._prepare_forever)
                nursery.start_soon(self._settle_forever)
                task_status.started()
        finally:
            self._refuse_all()

    def _refuse_all(self) -> None:
        # Nobody is left to answer: a waiter must not hang until its client gives up.
        for submission in self._under_way:
            submission.refuse(Stopping())

    def screen(self, header: EventHeader, source: str) -> None:
        """Refuse, before its body is read, what could not be stored whatever the body is."""
        try:
            self._screen(header, source)
        except Refusal as refusal:
            self._note_refusal(header, refusal)
            raise

    def _screen(self, header: EventHeader, source: str) -> None:
        resource = stream_resource(header.audience, header.stream)
        try:
            self._access.screen(header.key, resource, Verb.APPEND, self._clock.now_ms(), source)
        except AccessDenied as denied:
            device = self._devices.get(header.key)
            if device is not None and device.vault != header.audience:
                raise WrongAudience(header.audience) from denied
            raise

    def _note_refusal(self, header: EventHeader, refusal: EdgeNodeError) -> None:
        place = header.audience, header.stream
        self.traffic.note_refusal(*place, header.key, refusal.slug, str(refusal), self._clock.now_ms())

    async def submit(self, header: EventHeader, body: bytes, source: str) -> Receipt:
        """Store one signed body; returns after it is on the disk.

        `source` says where it came from (door and address). Raises the refusals of docs/specs/http.md.
        A cancelled caller does not stop a body that is already under way.
        """
        try:
            submission = self._enqueue(header, body, source)
        except Refusal as refusal:
            self._note_refusal(header, refusal)
            raise
        self._under_way.add(submission)
        try:
            await submission.done.wait()
        finally:
            self._under_way.discard(submission)
            self.answered += 1
        if submission.error is not None:
            self._note_refusal(header, submission.error)
            raise submission.error
        assert submission.receipt is not None
        return submission.receipt

    def _enqueue(self, header: EventHeader, body: bytes, source: str) -> Submission:
        now_ms, quality = self._clock.now_ms(), self._clock.quality()
        late = judge_time(
            header.t_ms, header.quality, now_ms, quality, self._clock_settings, self._late_max_s(header.key)
        )
        rate = self._settings.device_bodies_per_s
        # Only looked at: the key pays once its signature holds, or strangers could spend its rate in its name.
        if rate > 0 and not self._rates.has(header.key, rate, self._clock.monotonic_s()):
            raise RateExceeded(rate)
        if (
            len(self._waiting) >= self._settings.queue_bodies_max
            or self._waiting_bytes + len(body) > self._settings.queue_bytes_max
        ):
            raise QueueFull(len(self._waiting))
        submission = Submission(
            header,
            body,
            source,
            now_ms,
            int(quality),
            late,
            (header.key, header.audience, header.stream),
            (header.audience, header.stream),
            header.seq,
        )
        self._waiting.append(submission)
        self._waiting_bytes += len(body)
        self._idle.unpark()
        return submission

    def _late_max_s(self, key: PublicKey) -> int:
        device = self._devices.get(key)
        own = device.late_max_s if device is not None else None
        return self._settings.late_max_s if own is None else own

    async def _prepare_forever(self) -> None:
        while True:
            while not self._waiting:
                await self._idle.park()
            if len(self._waiting) < BATCH_BODIES and len(self._under_way) >= COMPANY:
                await trio.sleep(GATHER_S)
            batch = self._take_batch()
            if not batch:
                continue  # the other preparer was faster
            results = await offload(
                prepare_bodies, [(s.header, s.body) for s in batch], self._settings.events_per_body_max
            )
            await self._admit(self._keep_prepared(batch, results))

    def _take_batch(self) -> list[Submission]:
        batch: list[Submission] = []
        size = 0
        while self._waiting and len(batch) < BATCH_BODIES and size < BATCH_BYTES:
            batch.append(self._waiting.popleft())
            size += len(batch[-1].body)
        self._waiting_bytes -= size
        return batch

    def _keep_prepared(self, batch: Sequence[Submission], results: Sequence[Prepared | Refusal]) -> list[Submission]:
        kept = []
        for submission, result in zip(batch, results, strict=True):
            if isinstance(result, BodyFault):
                log.error("body.faulted", key=shorten(submission.header.key), exc_info=result.cause)
            paid = isinstance(result, BadSignature) or self._pay(submission.header.key)
            if isinstance(result, Refusal):
                submission.refuse(result)
            elif not paid:
                submission.refuse(RateExceeded(self._settings.device_bodies_per_s))
            else:
                submission.prepared, submission.count = result, result.count
                kept.append(submission)
        return kept

    def _pay(self, key: PublicKey) -> bool:
        rate = self._settings.device_bodies_per_s
        return rate <= 0 or self._rates.take(key, rate, self._clock.monotonic_s())

    async def _admit(self, batch: list[Submission]) -> None:
        try:
            await self._load(batch)
        except _UNREADABLE as error:
            self._refuse_unread(batch, error)
            return
        # From here to `submit` there is no checkpoint: offsets are given out in the order of the log.
        seen: list[Submission] = []
        admitted: list[Submission] = []
        for submission in batch:
            try:
                self._admit_one(submission, admitted, seen)
            except Refusal as refusal:
                submission.refuse(refusal)
        if admitted:
            self._queue(admitted)
        for submission in seen:
            try:
                await self._answer_repeat(submission)
            except _UNREADABLE as error:
                self._refuse_unread([submission], error)

    def _refuse_unread(self, submissions: Sequence[Submission], error: Exception) -> None:
        # A bad sector or a want of descriptors: those who asked are told, and the next are tried again.
        log.error("index.not_read", bodies=len(submissions), reason=f"{type(error).__name__}: {error}")
        for submission in submissions:
            submission.refuse(StoreUnreadable())

    async def _load(self, batch: Sequence[Submission]) -> None:
        self._admission.trim()  # what is refused after this is tracked too, and never comes to the settler
        while True:
            heads, windows = self._admission.missing(batch)
            if not heads and not windows:
                return
            generation = self._admission.generation
            loaded = await self._journal.query(load_state, heads, windows)
            self._admission.fill(
                {key: loaded.head(key) for key in heads},
                {key: loaded.window(key) for key in windows},
                generation,
            )

    def _admit_one(self, submission: Submission, admitted: list[Submission], seen: list[Submission]) -> None:
        header = submission.header
        resource = stream_resource(header.audience, header.stream)
        self._access.decide(header.key, resource, Verb.APPEND, submission.received_ms, submission.source)
        match self._admission.judge(submission):
            case Verdict.NEW:
                self._reserve(submission)
                self._admission.admit(submission)
                admitted.append(submission)
            case Verdict.SEEN:
                seen.append(submission)
            case Verdict.TWIN:
                self._join_twin(submission)

    def _join_twin(self, submission: Submission) -> None:
        twin = self._admission.twin_of(submission)
        assert isinstance(twin, Submission)
        assert twin.prepared is not None
        if submission.same_bytes(twin.prepared.cid, twin.header.t_ms, twin.header.content_type):
            twin.twins.append(submission)
        else:
            self._keep_evidence(submission, twin.prepared.cid)
            raise SequenceConflict(submission.seq, twin.prepared.cid)

    def _queue(self, admitted: list[Submission]) -> None:
        try:
            ticket = self._journal.submit([draft_of(s) for s in admitted], Lane.EVENTS)
        except Refusal as refusal:
            self._admission.withdraw()
            for submission in admitted:
                self._release(submission)
                submission.refuse(refusal)
            return
        self._admission.hand_over()
        self._flights.append((ticket, admitted))
        self._landing.unpark()

    def _reserve(self, submission: Submission) -> None:
        header = submission.header
        self._quota.reserve(header.audience, header.key, len(submission.body), submission.received_ms)

    def _release(self, submission: Submission) -> None:
        self._quota.release(submission.header.audience, submission.header.key, len(submission.body))

    async def _settle_forever(self) -> None:
        while True:
            while not self._flights:
                await self._landing.park()
            with contextlib.suppress(JournalError):  # its outcome, good or bad, is read in _settle_ready
                await self._flights[0][0].wait()
            self._settle_ready()

    def _settle_ready(self) -> None:
        while self._flights and self._flights[0][0].settled:
            ticket, submissions = self._flights.popleft()
            for submission in submissions:
                if (refusal := ticket.refusal()) is None:
                    self._land(submission)
                else:
                    self._release(submission)
                    submission.refuse(refusal)
        self._admission.trim()

    def _land(self, submission: Submission) -> None:
        self._admission.settle(submission)
        header, size = submission.header, len(submission.body)
        self.traffic.note(
            header.audience, header.stream, header.key, header.seq, submission.count, size, submission.received_ms
        )
        submission.answer(receipt_of(submission, duplicate=False))
        for twin in submission.twins:
            twin.answer(receipt_of(submission, duplicate=True))
        if self.tail.listens(submission.head_key):
            assert submission.prepared is not None
            self.tail.add(submission.head_key, submission.prepared.cid, record_of(submission))

    def _set_back(self, _error: JournalError) -> None:
        self._settle_ready()
        self._admission.set_back()

    async def _answer_repeat(self, submission: Submission) -> None:
        header = submission.header
        row = await self._journal.query(find_by_seq, header.key, header.audience, header.stream, header.seq)
        if row is None:
            # The window outlives its bodies: retention has taken this one.
            submission.refuse(SequenceTooOld(header.seq, header.seq))
        elif await self._repeats(submission, row):
            submission.answer(Receipt(row.cid, header.stream, row.first_offset, row.count, duplicate=True))
        else:
            self._keep_evidence(submission, row.cid)
            submission.refuse(SequenceConflict(header.seq, row.cid))

    async def _repeats(self, submission: Submission, row: BodyRow) -> bool:
        if not submission.same_bytes(row.cid, row.t_ms):
            return False
        try:
            # The content type is signed too and not in the index; repeats are few enough to ask the log.
            record = await offload(self._journal.read, row.position, limiter=FILE)
        except (DigestMismatch, RecordAbsent):
            return True  # nothing is left to compare with, and body and time agree
        return decode_events(record.payload).content_type == submission.header.content_type

    def _keep_evidence(self, submission: Submission, first_cid: Cid) -> None:
        header = submission.header
        kept = self._evidence.get(header.key, 0)
        if kept >= EVIDENCE_PER_KEY:
            return
        self._evidence[header.key] = kept + 1
        record = EvidenceRecord(
            EVIDENCE_KIND,
            VERSION,
            header.key,
            header.audience,
            header.stream,
            header.seq,
            event_message(header, submission.body),
            header.signature,
            first_cid,
            submission.received_ms,
        )
        try:
            self._journal.submit([Draft(EVIDENCE_KIND, VERSION, b"", encode_record(record), record)], Lane.CONTROL)
        except Refusal as refusal:
            log.warning("evidence.refused", key=shorten(header.key), reason=refusal.slug)
