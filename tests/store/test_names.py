"""Names of buckets: the newest record, byte for byte, also after a restart; never more than a bucket may have."""

from pathlib import Path

import pytest
import trio

from edge_node.journal import Draft, Lane
from edge_node.settings import StoreSettings
from edge_node.store import names
from edge_node.store.bucket_errors import NameForged, TooManyNames
from edge_node.store.errors import QuotaExceeded
from edge_node.store.records import NAME_KIND, REFERENCE_KIND, VERSION, NameChange, encode_record
from edge_node.trust.access import AccessDenied, Verb
from edge_node.wire.cid import raw_piece_cid
from edge_node.wire.protobuf_fields import MalformedProtobuf
from tests.store.name_rig import field, signed_record, unsigned_record
from tests.store.rig import NOW_MS, Store, bucket_of, key_of, opened

ONE, TWO = bucket_of("ann", 1), bucket_of("ann", 2)
CIDS = [raw_piece_cid(bytes([number])) for number in range(3)]
RECORDS = [signed_record(key_of("bob"), cid, "dir/name", 60 + at) for at, cid in enumerate(CIDS)]


async def put(store: Store, record: bytes, bucket=ONE):
    return await store.names.put(store.may_in(bucket, Verb.PUT), bucket, record)


async def get(store: Store, name: str, bucket=ONE):
    return await store.names.get(store.may_in(bucket, Verb.GET), bucket, name)


async def test_a_record_with_more_in_it_is_given_back_as_it_was_kept(tmp_path: Path) -> None:
    """As a release before this one took it; a new one like it is refused, and nothing is kept."""
    said = unsigned_record(CIDS[0], "older") + field(9, b"more")
    raw = field(1, field(2, key_of("bob").public) + field(3, key_of("bob").sign(said))) + said
    async with opened(tmp_path / "data") as store:
        with pytest.raises(MalformedProtobuf):
            await put(store, raw)
        assert await get(store, "older") is None
        change = NameChange(NAME_KIND, VERSION, ONE.owner, key_of("bob").public, NOW_MS, 2, ONE.id, "older", raw)
        await store.journal.append([Draft(NAME_KIND, VERSION, b"", encode_record(change), change)], Lane.CONTROL)
        found = await get(store, "older")
        assert found is not None
        assert (found.raw, found.cid) == (raw, CIDS[0])
        assert await store.names.list(ONE.id) == [found]


async def test_the_last_record_is_what_a_name_means(tmp_path: Path) -> None:
    """Verbatim, whoever signed it, in this bucket alone; also from a database made anew from the log."""
    root = tmp_path / "data"
    async with opened(root) as store:
        assert await get(store, "dir/name") is None
        for record in RECORDS:
            assert (await put(store, record)).raw == record
        found = await get(store, "dir/name")
        assert found is not None
        assert (found.raw, found.cid, found.ttl_s, found.signer) == (RECORDS[2], CIDS[2], 62, key_of("bob").public)
        assert await get(store, "dir/name", TWO) is None
        assert await get(store, "dir") is None
    for suffix in ("", "-wal", "-shm"):
        (root / f"meta.db{suffix}").unlink(missing_ok=True)
    async with opened(root) as store:
        again = await get(store, "dir/name")
        assert again == found
        assert await store.names.list(1) == [again]
        assert await store.names.list(2) == []


async def test_puts_at_once_end_as_the_log_says(tmp_path: Path) -> None:
    """Whichever was written last is read, now and after the database was made anew."""
    root = tmp_path / "data"
    async with opened(root) as store:
        async with trio.open_nursery() as nursery:
            for at in range(60):
                nursery.start_soon(put, store, RECORDS[at % 3])
        found = await get(store, "dir/name")
    for suffix in ("", "-wal", "-shm"):
        (root / f"meta.db{suffix}").unlink(missing_ok=True)
    async with opened(root) as store:
        assert await get(store, "dir/name") == found


async def test_what_is_refused_is_not_kept(tmp_path: Path) -> None:
    """A forged record changes nothing."""
    async with opened(tmp_path) as store:
        await put(store, RECORDS[0])
        with pytest.raises(NameForged):
            await put(store, RECORDS[1][:-1] + b"\x63")
        found = await get(store, "dir/name")
        assert found is not None
        assert found.raw == RECORDS[0]


async def test_access_is_asked_for(tmp_path: Path) -> None:
    """For the names of this bucket, for this verb."""
    async with opened(tmp_path) as store:
        with pytest.raises(AccessDenied):
            await store.names.put(store.may_in(TWO, Verb.PUT), ONE, RECORDS[0])
        with pytest.raises(AccessDenied):
            await store.names.put(store.may_in(ONE, Verb.GET), ONE, RECORDS[0])
        with pytest.raises(AccessDenied):
            await store.names.get(store.may_in(ONE, Verb.PUT), ONE, "dir/name")


async def test_a_full_bucket_still_changes_its_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One name more than there may be is refused; another bucket has its own count."""
    monkeypatch.setattr(names, "NAMES_MAX", 2)
    async with opened(tmp_path) as store:
        for name in ("a", "b"):
            await put(store, signed_record(key_of("ann"), CIDS[0], name))
        with pytest.raises(TooManyNames):
            await put(store, signed_record(key_of("ann"), CIDS[0], "c"))
        await put(store, signed_record(key_of("ann"), CIDS[1], "b"))
        await put(store, signed_record(key_of("ann"), CIDS[1], "c"), TWO)


async def test_names_count_for_the_day_of_their_key(tmp_path: Path) -> None:
    """A key cannot fill the log with names beyond its bytes of a day; the owner's bytes stay what they were."""
    async with opened(tmp_path, store=StoreSettings(key_bytes_per_day_max=2 * len(RECORDS[0]))) as store:
        await put(store, RECORDS[0])
        await put(store, RECORDS[1])
        with pytest.raises(QuotaExceeded):
            await put(store, RECORDS[2])
        assert sum(store.quota.owners.values()) == 0


async def test_companions_are_written_with_it(tmp_path: Path) -> None:
    """In the ticket of the record, told its target and its size."""
    async with opened(tmp_path) as store:
        await store.put_in(ONE, b"x")
        access, told = store.may_in(ONE, Verb.PUT), []

        def companions(cid, size):
            told.append((cid, size))
            return [store.pieces.references.refer(access, TWO.scope, raw_piece_cid(b"x"), 1, REFERENCE_KIND)]

        await store.names.put(access, ONE, RECORDS[0], companions=companions)
        assert told == [(CIDS[0], len(RECORDS[0]))]
        assert await store.get_in(TWO, raw_piece_cid(b"x")) == b"x"
