"""Names of buckets (CNS): the newest signed record of each, byte for byte as it came."""

from collections.abc import Callable, Sequence
from functools import partial

from edge_node.base.clock import Clock
from edge_node.base.gathered import Gathered
from edge_node.base.ids import Cid
from edge_node.journal import Database, Draft, Journal, Lane
from edge_node.store.bucket_errors import TooManyNames
from edge_node.store.buckets import Bucket
from edge_node.store.name_record import NameRecord, open_record, reopen_record
from edge_node.store.name_rows import NameKey, count_names_of, find_names, page_names
from edge_node.store.quota import QuotaLedger
from edge_node.store.records import NAME_KIND, VERSION, NameChange, encode_record
from edge_node.store.references import landed
from edge_node.trust.access import Access, Verb, bucket_names_resource

NAMES_MAX = 65_536  # of a bucket: 256 MiB at most of the largest records
PAGE_MAX = 1_000

__all__ = ["NAMES_MAX", "PAGE_MAX", "NameRecord", "Names"]


class Names:
    """The names of all buckets."""

    def __init__(self, journal: Journal, quota: QuotaLedger, clock: Clock) -> None:
        self._journal, self._quota, self._clock = journal, quota, clock
        self._records = Gathered[NameKey, bytes | None](partial(journal.query, find_names, database=Database.META))

    async def put(
        self,
        access: Access,
        bucket: Bucket,
        record: bytes,
        *,
        companions: Callable[[Cid, int], Sequence[Draft]] | None = None,
    ) -> NameRecord:
        """Keep a record, verbatim; durable on return. The last one written counts, whoever signed it.

        What open_record refuses, TooManyNames. Its bytes count for what the key may add in a day.
        """
        access.require(bucket_names_resource(bucket.owner, bucket.id), Verb.PUT)
        signed = open_record(record)
        await self._require_room(bucket, signed.name)
        more = () if companions is None else companions(signed.cid, len(record))
        self._quota.reserve(bucket.owner, access.holder, len(record), self._clock.now_ms())
        try:
            await landed(self._journal.submit([self._make(access, bucket, signed), *more], Lane.CONTROL))
        except BaseException:
            self._quota.release(bucket.owner, access.holder, len(record))
            raise
        self._quota.release(bucket.owner, None, len(record))  # an owner's bytes are those of pieces and events
        return signed

    async def _require_room(self, bucket: Bucket, name: str) -> None:
        count = await self._journal.query(count_names_of, bucket.id, bucket.owner, database=Database.META)
        if count >= NAMES_MAX and await self._find(bucket, name) is None:
            raise TooManyNames(NAMES_MAX)

    def _make(self, access: Access, bucket: Bucket, signed: NameRecord) -> Draft:
        now_ms, quality = self._clock.now_ms(), int(self._clock.quality())
        record = NameChange(
            NAME_KIND, VERSION, bucket.owner, access.holder, now_ms, quality, bucket.id, signed.name, signed.raw
        )
        return Draft(NAME_KIND, VERSION, b"", encode_record(record), record)

    async def get(self, access: Access, bucket: Bucket, name: str) -> NameRecord | None:
        """What a name leads to now; None for one that was never put."""
        access.require(bucket_names_resource(bucket.owner, bucket.id), Verb.GET)
        return await self._find(bucket, name)

    async def _find(self, bucket: Bucket, name: str) -> NameRecord | None:
        raw = await self._records.ask((bucket.id, bucket.owner, name))
        return None if raw is None else reopen_record(raw)

    async def list(self, bucket_id: int, after: str = "", part: str = "", limit: int = PAGE_MAX) -> list[NameRecord]:
        """A bucket's names in the order of their UTF-8 bytes, beyond `after`, with `part` in them: for the operator."""
        rows = await self._journal.query(page_names, bucket_id, after, part, limit, database=Database.META)
        return [reopen_record(raw) for raw in rows]
