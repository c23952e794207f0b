"""The retention room: removes what policies let go, an anchor at a time, and gives back segments that hold nothing."""

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import trio
from prometheus_client import Counter

from edge_node.base.clock import Clock, ClockQuality
from edge_node.base.counters import REGISTRY
from edge_node.base.errors import EdgeNodeError
from edge_node.base.ids import StreamName, VaultId, shorten
from edge_node.base.log import get_log
from edge_node.base.offload import FILE, offload
from edge_node.journal import Draft, Journal, Lane, Mode, NotWritable, SegmentClass
from edge_node.settings import (
    RetentionPolicy,
    RetentionRule,
    RetentionSettings,
    choose_policy,
    parse_rules,
)
from edge_node.store.errors import UnknownStream
from edge_node.store.quota import QuotaLedger
from edge_node.store.streams.records import RETENTION_KIND, VERSION, RetentionRecord, encode_record
from edge_node.store.streams.retention import Removal, StreamFacts, may_remove, plan_removal
from edge_node.store.streams.retention_rows import (
    Anchored,
    KeptBody,
    find_dead_segments,
    mark_signers,
    read_candidates,
    read_oldest,
)
from edge_node.trust.access_control import AccessControl
from edge_node.trust.receipt_key import ReceiptIdentity
from edge_node.trust.retention_anchor import RetentionAnchor, digest_bodies, sign_anchor

log = get_log("store")

BATCH_BODIES = 1_000  # an anchor each: its rows leave the index in about 10 ms, for which posts wait
SURVEY_BODIES = 4_096  # only read
STREAMS_AT_ONCE = 1_000  # looked at in one hop
VISIT_ANCHORS = 32  # of one stream before the next has its turn
FIRST_S = 5.0  # after a start others come first
LOOK_S = 1.0  # how soon a disk that runs full is noticed
LOW_AGAIN_S = 10.0  # between two rounds on a full disk of which the first found nothing
BUSY_POLL_S, BUSY_MAX_S = 0.025, 0.25  # a busy node is given way to, yet 2,000 bodies a second go at the least
LANDING_S = 4.0  # a round takes well under one; the supervisor gives up after five

REMOVED = Counter(
    "edge_node_retention_removed", "Removed by retention, by what is counted.", ["what"], registry=REGISTRY
)
SEGMENTS = Counter("edge_node_retention_segments", "Event segments given back.", registry=REGISTRY)

_TROUBLES = (OSError, sqlite3.Error, EdgeNodeError)

OnRemoved = Callable[[VaultId, StreamName, int], None]


@dataclass(frozen=True, slots=True)
class Survey:
    """What a policy would take from a stream now (None: nothing), and what the stream holds."""

    removal: Removal | None
    facts: StreamFacts


def policies_of(settings: RetentionSettings) -> tuple[RetentionPolicy, tuple[RetentionRule, ...]]:
    """The default policy and the rules; ValueError for rules that the settings' own check refuses."""
    default = RetentionPolicy(
        age_s=settings.age_s or None, bytes_max=settings.bytes_max or None, events_min=settings.events_min
    )
    return default, parse_rules(settings.rules)


class Retainer:
    """Keeps streams within their policies; `run` must be running for that, commands work without."""

    def __init__(
        self,
        journal: Journal,
        access: AccessControl,
        quota: QuotaLedger,
        clock: Clock,
        settings: RetentionSettings,
        *,
        obtain_receipt: Callable[[], ReceiptIdentity],
        busy: Callable[[], bool] = lambda: False,
        on_removed: OnRemoved = lambda _vault, _stream, _first: None,
    ) -> None:
        """`obtain_receipt` blocks; `on_removed` hears of each stream's new first offset, once it is durable."""
        self._journal, self._access, self._quota, self._clock = journal, access, quota, clock
        self._obtain_receipt, self._busy, self._on_removed = obtain_receipt, busy, on_removed
        self._receipt: ReceiptIdentity | None = None
        self._alone = trio.Lock()
        self._dropped: set[int] = set()
        self._trouble = ""
        self._news = trio.Event()
        self.rounds = 0  # over all streams, since the start
        self._settings = settings
        self._default, self._rules = policies_of(settings)

    def apply(self, settings: RetentionSettings) -> None:
        """Take over another snapshot; what it lets go, goes within seconds."""
        self._settings = settings
        self._default, self._rules = policies_of(settings)
        self._news.set()

    def policy_of(self, stream: str) -> RetentionPolicy:
        """The policy a stream falls under."""
        return choose_policy(self._default, self._rules, stream)

    @property
    def certificates(self) -> list[bytes]:
        """The node key's word for the key that signs anchors, as documents; none while it could not be made."""
        return [] if self._receipt is None else [self._receipt.certificate]

    def condition(self) -> str:
        """Empty when all is well; else why policies are not carried out."""
        policies = (self._default, *(rule.policy for rule in self._rules))
        if all(policy.keeps_all for policy in policies):
            return ""
        if self._trouble:
            return self._trouble
        if any(policy.age_s is not None for policy in policies) and self._now_ms() is None:
            return "the clock is not set: nothing is removed for its age"
        return ""

    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """A round over all streams at each interval, at once where the disk runs full, until cancelled."""
        task_status.started()
        pause_s = min(FIRST_S, self._settings.interval_s)
        while True:
            await self._rest(pause_s)
            low = self._journal.state.mode is Mode.LOW
            moved, unfinished = await self._try_round()
            pause_s = LOW_AGAIN_S if low else self._settings.interval_s
            if unfinished or (low and moved):
                pause_s = 0.0

    async def prepare(self) -> None:
        """Have the receipt key at hand, made where it is missing; a disk that refuses is told by `condition`."""
        try:
            await self._sign_with()
        except _TROUBLES as error:
            self._note_trouble(error)

    async def survey(self, vault: VaultId, stream: StreamName, policy: RetentionPolicy) -> Survey:
        """What `policy` would remove from a stream, all of it read, nothing changed; UnknownStream."""
        oldest = await self._journal.query(read_oldest, vault, stream, SURVEY_BODIES)
        if oldest is None:
            raise UnknownStream(stream)
        facts, now_ms = oldest.facts, self._now_ms()
        removal, left = None, facts
        while oldest is not None:
            bodies = [kept.body for kept in oldest.bodies]
            part = plan_removal(policy, left, bodies, now_ms, oldest.heir_ms)
            if part is None:
                break
            removal = part if removal is None else removal.join(part)
            if part.bodies < len(bodies):
                break
            left = replace(left, bytes=left.bytes - part.bytes)
            oldest = await self._journal.query(read_oldest, vault, stream, SURVEY_BODIES, part.first)
        return Survey(removal, facts)

    async def retain(
        self, vault: VaultId, stream: StreamName, policy: RetentionPolicy, until: int, by: str = "operator"
    ) -> Removal | None:
        """Remove now what `policy` lets go of a stream below offset `until`; what went, durable. UnknownStream.

        Whole bodies only. None if nothing may go. What had gone before an error stays gone: NotWritable and its like.
        """
        if await self._journal.query(read_oldest, vault, stream, 1) is None:
            raise UnknownStream(stream)
        removal = None
        while (part := await self._remove_batch(vault, stream, policy, by, until)) is not None:
            removal = part if removal is None else removal.join(part)
        await self._give_back()
        return removal

    def _now_ms(self) -> int | None:
        """The time, if the clock is to be believed."""
        return self._clock.now_ms() if self._clock.quality() is not ClockQuality.UNSYNCED else None

    async def _rest(self, pause_s: float) -> None:
        """Wait, unless the disk runs full or other settings come."""
        was_low, end = self._journal.state.mode is Mode.LOW, trio.current_time() + pause_s
        while (left := end - trio.current_time()) > 0 and not self._news.is_set():
            with trio.move_on_after(min(LOOK_S, left)):
                await self._news.wait()
            if self._journal.state.mode is Mode.LOW and not was_low:
                break
        self._news = trio.Event()

    async def _try_round(self) -> tuple[bool, bool]:
        try:
            await self._sign_with()  # renewed in time, whether or not anything is signed
            outcome = await self._round()
        except _TROUBLES as error:
            self._note_trouble(error)
            return False, False
        self._trouble = ""
        return outcome

    def _note_trouble(self, error: Exception) -> None:
        trouble = f"nothing is removed now: {error}"
        if trouble != self._trouble:
            log.warning("retention.held_up", reason=str(error))
        self._trouble = trouble

    async def _round(self) -> tuple[bool, bool]:
        """(whether anything was removed or given back, whether something was left for later)."""
        moved = unfinished = False
        after: int | None = 0
        while after is not None:
            if self._default.keeps_all and not self._rules:
                break
            after, found = await self._journal.query(read_candidates, after, STREAMS_AT_ONCE)
            for one in found:
                policy = self.policy_of(one.stream)
                if may_remove(policy, one.facts, one.oldest, self._now_ms()):
                    anchors = await self._visit(one.vault, one.stream, policy)
                    moved = moved or anchors > 0
                    unfinished = unfinished or anchors == VISIT_ANCHORS
        moved = bool(await self._give_back()) or moved
        self.rounds += 1
        return moved, unfinished

    async def _visit(self, vault: VaultId, stream: StreamName, policy: RetentionPolicy) -> int:
        removal, anchors = None, 0
        for _ in range(VISIT_ANCHORS):
            await self._give_way()
            began = self._clock.monotonic_s()
            part = await self._remove_batch(vault, stream, policy, "policy", None)
            if part is None:
                break
            anchors += 1
            removal = part if removal is None else removal.join(part)
            if self._journal.state.mode is not Mode.LOW:
                # As long again for others: a long backlog takes at most half of the writer's time.
                await trio.sleep(min(1.0, self._clock.monotonic_s() - began))
        if removal is not None and self._journal.state.mode is Mode.LOW:
            await self._give_back()
        return anchors

    async def _give_way(self) -> None:
        with trio.move_on_after(BUSY_MAX_S):
            # Being busy is a figure of other rooms, which tell nobody when it changes.
            while self._busy() and self._journal.state.mode is not Mode.LOW:  # noqa: ASYNC110
                await trio.sleep(BUSY_POLL_S)

    async def _remove_batch(
        self, vault: VaultId, stream: StreamName, policy: RetentionPolicy, by: str, until: int | None
    ) -> Removal | None:
        """One anchor's worth: read, planned, signed, durable; None when nothing may go."""
        async with self._alone:
            oldest = await self._journal.query(read_oldest, vault, stream, BATCH_BODIES)
            if oldest is None:
                return None
            bodies = [kept.body for kept in oldest.bodies]
            plan = plan_removal(policy, oldest.facts, bodies, self._now_ms(), oldest.heir_ms, until)
            if plan is None:
                return None
            self._access.maintain("retention", self._clock.now_ms())
            receipt = await self._sign_with()
            moment = self._clock.now_ms(), int(self._clock.quality())
            gone = oldest.bodies[: plan.bodies]
            draft = await offload(_make_draft, receipt, vault, stream, oldest.anchored, gone, by, moment)
            await self._land(vault, stream, plan, draft)
        return plan

    async def _land(self, vault: VaultId, stream: StreamName, plan: Removal, draft: Draft) -> None:
        ticket = self._journal.submit([draft], Lane.CONTROL)
        # What is queued is written whatever becomes of its waiter: quota and subscribers must hear of it all the same.
        with trio.move_on_after(LANDING_S, shield=True) as patience:
            await ticket.wait()
        if patience.cancelled_caught:
            await ticket.wait()
        self._quota.release(vault, None, plan.bytes)
        self._on_removed(vault, stream, plan.first)
        for what, amount in (("events", plan.events), ("bodies", plan.bodies), ("bytes", plan.bytes)):
            REMOVED.labels(what).inc(amount)
        log.info(
            "events.removed",
            vault=shorten(vault),
            stream=stream,
            first_offset=plan.first,
            events=plan.events,
            bodies=plan.bodies,
            bytes=plan.bytes,
        )

    async def _sign_with(self) -> ReceiptIdentity:
        receipt = self._receipt
        if receipt is None or not receipt.fresh(self._clock.now_ms()):
            receipt = self._receipt = await offload(self._obtain_receipt, limiter=FILE)
        return receipt

    async def _give_back(self) -> int:
        """Drop sealed event segments without a body; how many went. What cannot go now goes another time."""
        below = self._journal.stats().open_segments.get(SegmentClass.EV, 0)
        dead = set(await self._journal.query(find_dead_segments, below)) - self._dropped
        for segment in sorted(dead):
            try:
                await self._journal.drop_segment(SegmentClass.EV, segment)
            except (OSError, NotWritable) as error:
                log.warning("segment.kept", segment=segment, reason=str(error))
                return 0
            self._dropped.add(segment)
            SEGMENTS.inc()
            log.info("segment.dropped", segment=segment)
        return len(dead)


def _make_draft(
    receipt: ReceiptIdentity,
    vault: VaultId,
    stream: StreamName,
    before: Anchored,
    gone: Sequence[KeptBody],
    by: str,
    moment: tuple[int, int],
) -> Draft:
    last = gone[-1]
    anchor = RetentionAnchor(
        vault=vault,
        stream=stream,
        number=before.number + 1,
        start=before.first,
        first=last.body.first_offset + last.body.count,
        bodies=len(gone),
        bytes=sum(kept.body.bytes for kept in gone),
        last_cid=last.cid,
        last_offset=last.body.first_offset,
        bodies_digest=digest_bodies(vault, stream, (kept.removed() for kept in gone)),
        previous=before.digest,
        by=by,
        t_ms=moment[0],
        quality=moment[1],
    )
    record = RetentionRecord(
        RETENTION_KIND,
        VERSION,
        bytes(vault),
        str(stream),
        anchor.number,
        anchor.first,
        max(kept.body.received_ms for kept in gone),
        mark_signers(gone),
        sign_anchor(receipt.key, anchor),
        receipt.certificate,
    )
    return Draft(RETENTION_KIND, VERSION, b"", encode_record(record), record)
