"""The gate: what a DDC call must bring, and that a right ends where its token, its bucket or its request says so."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
import trio

from edge_node.base.errors import Refusal
from edge_node.base.ids import Cid, Digest, PublicKey, VaultId
from edge_node.gateway.ddc_call import payer_of
from edge_node.gateway.ddc_errors import (
    RequestForeign,
    RequestMismatch,
    RequestMissing,
    RequestReplayed,
    TokenInUrl,
)
from edge_node.gateway.ddc_gate import Admitted, DdcGate
from edge_node.gateway.errors import RequestExpired, SignedBeforeStart
from edge_node.gateway.horizon_log import HorizonLog
from edge_node.journal import Database
from edge_node.settings import DdcSettings, TrustSettings
from edge_node.store.bucket_errors import UnknownBucket
from edge_node.store.buckets import Bucket, StaticBuckets
from edge_node.trust.access import AccessDenied, DeviceRevoked, Verb, bucket_names_resource, bucket_piece_resource
from edge_node.trust.access_control import AccessControl
from edge_node.trust.audit_row import AuditRow
from edge_node.trust.devices import DeviceTable
from edge_node.trust.horizon_rows import load_horizons
from edge_node.trust.token_book import TokenBook
from edge_node.trust.token_errors import TokenExpired, TokenForged, TokenMissing, TokenRevoked
from edge_node.trust.token_revocations import TokenRevocation, TokenRevocations
from edge_node.trust.token_rights import ANYBODY
from edge_node.wire.cid import CidKind, format_cid, make_cid, raw_piece_cid
from tests.gateway.rig import CLOCK, key_of
from tests.gateway.wallet import GET, GET_REQUEST, PUT, STORE_REQUEST, Wallet, text_of
from tests.store.rig import opened

OWNER, READER, STRANGER = Wallet("owner"), Wallet("the reader"), Wallet("stranger")
PUBLIC, PRIVATE, OTHERS = 1, 2, 3
CID, ROOT = raw_piece_cid(b"piece"), make_cid(CidKind.DAG_NODE, Digest(b"\x07" * 32))
WINDOW_MS = 300_000


class Rows(list[AuditRow]):
    """The audit trail of these tests."""

    def record(self, row: AuditRow) -> None:
        self.append(row)


class Gate:
    """A gate over a journal, and what it stands on."""

    def __init__(self, gate: DdcGate, buckets: StaticBuckets, revocations: TokenRevocations, rows: Rows) -> None:
        self.gate, self.buckets, self.revocations, self.rows = gate, buckets, revocations, rows
        self.walked: list[tuple[Cid, Cid]] = []
        self.access: AccessControl

    async def get(self, token: str | None, bucket: int = PRIVATE, cid: Cid = CID, **changed: Any) -> Admitted:
        """Ask to read; with a request of `by`, if named."""
        by: Wallet | None = changed.pop("by", None)
        if by is not None:
            changed["request_text"] = by.request(GET_REQUEST, bucket, cid)
        asked = {"token": token, "request_text": None, "verb": Verb.GET, "bucket_id": bucket, "cid": cid, "source": "t"}
        return await self.gate.admit(**(asked | changed))

    async def put(self, token: str | None, bucket: int = PRIVATE, **changed: Any) -> Admitted:
        """Ask to store."""
        by: Wallet | None = changed.pop("by", None)
        if by is not None:
            changed["request_text"] = by.request(STORE_REQUEST, bucket)
        asked = {"token": token, "request_text": None, "verb": Verb.PUT, "bucket_id": bucket, "source": "t"}
        return await self.gate.admit(**(asked | changed))


def bucket_rules(*, public: Sequence[int] = (PUBLIC,)) -> tuple[str, ...]:
    """The buckets of these tests as settings spell them."""
    owners = {PUBLIC: OWNER, PRIVATE: OWNER, OTHERS: STRANGER}
    return tuple(
        f"{number} owner={owner.account.hex()}" + (" public" if number in public else "")
        for number, owner in owners.items()
    )


@asynccontextmanager
async def gate_at(path: Path, below: Sequence[tuple[Cid, Cid]] = ()) -> AsyncGenerator[Gate, None]:
    """A gate of a node that just started; `below` are the pairs that a walk finds."""
    async with opened(path / "data") as store:
        rows, revocations = Rows(), TokenRevocations()
        buckets = StaticBuckets(DdcSettings(buckets=bucket_rules()), VaultId(bytes(32)))
        access = AccessControl(DeviceTable(), PublicKey(bytes(32)), rows)
        stored = await store.journal.query(load_horizons, database=Database.META)
        horizons = HorizonLog(store.journal, CLOCK, WINDOW_MS, stored)
        await horizons.begin()

        async def reaches(_bucket: Bucket, root: Cid, cid: Cid) -> bool:
            gate.walked.append((root, cid))
            return (root, cid) in below

        book = TokenBook(revocations)
        gate = Gate(
            DdcGate(buckets, book, access, CLOCK, horizons, TrustSettings(), reaches), buckets, revocations, rows
        )
        gate.access = access
        yield gate


async def test_the_owner_s_ordinary_token_counts_with_its_request(tmp_path: Path) -> None:
    """It opens what the request names, once; the verdict is in the audit trail."""
    async with gate_at(tmp_path) as gate:
        token = text_of(OWNER.token())
        admitted = await gate.get(token, by=OWNER)
        assert admitted.access.holder == OWNER.account
        assert admitted.access.resource == bucket_piece_resource(VaultId(OWNER.account), PRIVATE, format_cid(CID))
        assert admitted.request is not None
        assert (admitted.through, admitted.expect, admitted.public) == (None, None, False)
        stored = await gate.put(token, by=OWNER)
        assert stored.access.resource == bucket_piece_resource(VaultId(OWNER.account), PRIVATE)
        names = await gate.put(token, names=True, by=OWNER)
        assert names.access.resource == bucket_names_resource(VaultId(OWNER.account), PRIVATE)
        assert [(row.reason, row.source) for row in gate.rows] == [("", "t")] * 3


async def test_without_its_request_it_counts_for_nothing(tmp_path: Path) -> None:
    """Nor with another account's, nor in a URL; a token that names the bucket needs none."""
    async with gate_at(tmp_path) as gate:
        token = text_of(OWNER.token())
        for asked, refusal in (
            ({}, RequestMissing),
            ({"by": STRANGER}, RequestForeign),
            ({"by": OWNER, "in_url": True}, TokenInUrl),
        ):
            with pytest.raises(refusal):
                await gate.get(token, **asked)
            with pytest.raises(refusal):
                await gate.put(token, **asked)
        bound = text_of(OWNER.token(bucket=PRIVATE))
        assert (await gate.get(bound, in_url=True)).access.holder == OWNER.account
        assert (await gate.put(bound)).request is None


async def test_a_request_is_used_once(tmp_path: Path) -> None:
    """Replayed it is refused, also after a restart, where it may have been used by the life before."""
    token = text_of(OWNER.token())
    async with gate_at(tmp_path) as gate:
        request = OWNER.request(GET_REQUEST, PRIVATE, CID)
        await gate.get(token, request_text=request)
        with pytest.raises(RequestReplayed):
            await gate.get(token, request_text=request)
        ahead = OWNER.request(GET_REQUEST, PRIVATE, CID, t_ms=CLOCK.now_ms() + 60_000)
        await gate.get(token, request_text=ahead)
    async with gate_at(tmp_path) as gate:
        for used in (request, ahead):
            with pytest.raises(SignedBeforeStart):
                await gate.get(token, request_text=used)


@pytest.mark.parametrize(
    ("request_text", "refusal"),
    [
        (lambda: OWNER.request(STORE_REQUEST, PRIVATE, CID), RequestMismatch),
        (lambda: OWNER.request(GET_REQUEST, PUBLIC, CID), RequestMismatch),
        (lambda: OWNER.request(GET_REQUEST, PRIVATE, ROOT), RequestMismatch),
        (lambda: OWNER.request(GET_REQUEST, PRIVATE), RequestMismatch),
        (lambda: OWNER.request(GET_REQUEST, PRIVATE, CID, t_ms=CLOCK.now_ms() - WINDOW_MS - 1_000), RequestExpired),
        (lambda: OWNER.request(GET_REQUEST, PRIVATE, CID, t_ms=CLOCK.now_ms() + WINDOW_MS + 1_000), RequestExpired),
    ],
    ids=["type", "bucket", "id", "no id", "old", "ahead"],
)
async def test_a_request_for_something_else_is_refused(tmp_path: Path, request_text: Any, refusal: type) -> None:
    """Whether the token needs one or not: what is sent must hold."""
    async with gate_at(tmp_path) as gate:
        for token in (OWNER.token(), OWNER.token(bucket=PRIVATE)):
            with pytest.raises(refusal):
                await gate.get(text_of(token), request_text=request_text())


async def test_a_store_may_leave_its_id_open(tmp_path: Path) -> None:
    """The SDK knows no CID before the node has said it; one that is named must be the named one."""
    async with gate_at(tmp_path) as gate:
        token = text_of(OWNER.token())
        for cid in (b"", CID):
            request = OWNER.request(STORE_REQUEST, PRIVATE, cid)
            assert (await gate.put(token, cid=CID, request_text=request)).expect == CID
        with pytest.raises(RequestMismatch):
            await gate.put(token, cid=CID, request_text=OWNER.request(STORE_REQUEST, PRIVATE, ROOT))


async def test_a_public_bucket_is_read_by_anybody(tmp_path: Path) -> None:
    """Without a token, with a stranger's, with one for nothing; a forged or expired one is refused all the same."""
    async with gate_at(tmp_path) as gate:
        assert (await gate.get(None, PUBLIC)).access.holder == ANYBODY
        admitted = await gate.get(text_of(STRANGER.token()), PUBLIC, by=STRANGER)
        assert (admitted.access.holder, admitted.public) == (STRANGER.account, True)
        assert (await gate.get(text_of(STRANGER.token(bucket=9)), PUBLIC)).access.holder == STRANGER.account
        forged = STRANGER.token()
        forged.signature.signer = bytes(OWNER.account)
        with pytest.raises(TokenForged):
            await gate.get(text_of(forged), PUBLIC)
        with pytest.raises(TokenExpired):
            await gate.get(text_of(STRANGER.token(expires_ms=CLOCK.now_ms() - 1)), PUBLIC)
        for write in (STRANGER.token(), STRANGER.token(bucket=PUBLIC)):
            with pytest.raises(AccessDenied):
                await gate.put(text_of(write), PUBLIC, by=STRANGER)
        with pytest.raises(TokenMissing):
            await gate.put(None, PUBLIC)


async def test_strangers_reads_of_a_public_bucket_fill_no_memory(tmp_path: Path) -> None:
    """Their requests are checked and not remembered: whoever wants may make keys without end."""
    async with gate_at(tmp_path) as gate:
        request = STRANGER.request(GET_REQUEST, PUBLIC, CID)
        for _ in range(2):
            await gate.get(text_of(STRANGER.token()), PUBLIC, request_text=request)
        refused = STRANGER.request(GET_REQUEST, PRIVATE, CID)
        for _ in range(2):
            with pytest.raises(AccessDenied):
                await gate.get(text_of(STRANGER.token()), request_text=refused)
        assert len(gate.gate._spent) == 0


async def test_an_unknown_bucket_comes_first(tmp_path: Path) -> None:
    """The text is what the SDK looks for, whatever the token."""
    async with gate_at(tmp_path) as gate:
        for token in (None, "0O", text_of(OWNER.token())):
            with pytest.raises(UnknownBucket, match=r"^no bucket 99$"):
                await gate.get(token, 99)


@pytest.mark.parametrize(
    "token",
    [
        lambda: STRANGER.token(bucket=PRIVATE),
        lambda: OWNER.token(bucket=PUBLIC),
        lambda: OWNER.token(bucket=PRIVATE, operations=[PUT]),
        lambda: OWNER.token(bucket=PRIVATE, piece=bytes(ROOT)),
        lambda: READER.accept(OWNER.token(bucket=PRIVATE, subject=READER, operations=[PUT])),
        lambda: READER.accept(OWNER.token(bucket=PUBLIC, subject=READER)),
    ],
    ids=["another's", "wrong bucket", "wrong operation", "another piece", "grant of another operation", "bucket"],
)
async def test_rights_that_do_not_reach(tmp_path: Path, token: Any) -> None:
    """A token of another account, for another bucket, operation or piece opens nothing, and says so in the trail."""
    async with gate_at(tmp_path) as gate:
        with pytest.raises(AccessDenied):
            await gate.get(text_of(token()))
        assert [row.reason for row in gate.rows] == ["access-denied"]


async def test_a_grant_is_used_by_who_it_was_made_to(tmp_path: Path) -> None:
    """Accepted by its subject it needs no request; as it stands it needs one of the subject; nobody else's counts."""
    async with gate_at(tmp_path) as gate:
        grant = OWNER.token(bucket=PRIVATE, subject=READER, operations=[GET])
        assert (await gate.get(text_of(READER.accept(grant)))).access.holder == READER.account
        assert (await gate.get(text_of(grant), by=READER)).access.holder == READER.account
        with pytest.raises(RequestMissing):
            await gate.get(text_of(grant))
        with pytest.raises(RequestForeign):
            await gate.get(text_of(grant), by=STRANGER)
        with pytest.raises(Refusal):
            await gate.get(text_of(STRANGER.accept(grant)))


async def test_a_piece_s_token_opens_what_lies_below_it(tmp_path: Path) -> None:
    """Reached through its root, a piece is read; what is not reached is not, and names never are."""
    async with gate_at(tmp_path, below=[(ROOT, CID)]) as gate:
        token = text_of(OWNER.token(bucket=PRIVATE, piece=bytes(ROOT)))
        assert (await gate.get(token, cid=ROOT)).through is None
        assert gate.walked == []
        admitted = await gate.get(token)
        assert admitted.through == ROOT
        assert admitted.access.resource == bucket_piece_resource(
            VaultId(OWNER.account), PRIVATE, format_cid(CID), through=format_cid(ROOT)
        )
        request = OWNER.request(GET_REQUEST, PRIVATE, ROOT)
        assert (await gate.get(token, request_text=request)).through == ROOT
        with pytest.raises(AccessDenied):
            await gate.get(token, cid=raw_piece_cid(b"elsewhere"))
        with pytest.raises(AccessDenied):
            await gate.get(token, cid=None, names=True)
        assert (await gate.put(token)).expect == ROOT
        with pytest.raises(AccessDenied):
            await gate.put(token, cid=CID)


async def test_nobody_makes_the_node_walk_without_a_right(tmp_path: Path) -> None:
    """A stranger's token for a piece costs no read."""
    async with gate_at(tmp_path, below=[(ROOT, CID)]) as gate:
        with pytest.raises(AccessDenied):
            await gate.get(text_of(STRANGER.token(bucket=PRIVATE, piece=bytes(ROOT))))
        assert gate.walked == []


async def test_a_right_ends_while_it_is_used(tmp_path: Path) -> None:
    """Revoked tokens and keys, ends, and buckets that close or go end what was admitted before."""
    async with gate_at(tmp_path) as gate:
        token = OWNER.token(bucket=PRIVATE)
        reading, public = await gate.get(text_of(token)), await gate.get(None, PUBLIC)
        short = await gate.get(text_of(OWNER.token(bucket=PRIVATE, expires_ms=CLOCK.now_ms() + 50)))
        known = await gate.get(text_of(STRANGER.token()), PUBLIC, by=STRANGER)
        for one in (reading, public, known):
            await gate.gate.confirm(one)
        await trio.sleep(0.1)
        with pytest.raises(TokenExpired):
            await gate.gate.confirm(short)
        gate.access.revoke(STRANGER.account, 1)
        with pytest.raises(DeviceRevoked):
            await gate.gate.confirm(known)
        assert reading.chain is not None
        gate.revocations.apply(TokenRevocation.of_token(reading.chain.last.digest, CLOCK.now_ms()))
        with pytest.raises(TokenRevoked):
            await gate.gate.confirm(reading)
        with pytest.raises(TokenRevoked):
            await gate.get(text_of(token))
        gate.buckets.apply(DdcSettings(buckets=bucket_rules(public=())))
        with pytest.raises(AccessDenied):
            await gate.gate.confirm(public)
        gate.buckets.apply(DdcSettings())
        with pytest.raises(UnknownBucket):
            await gate.gate.confirm(public)


async def test_a_revoked_account_cannot_use_another_s_bearer(tmp_path: Path) -> None:
    """It signs its requests itself: refused with the next one, and in the middle of what it reads or stores."""
    async with gate_at(tmp_path) as gate:
        token = text_of(OWNER.token(bucket=PRIVATE))
        reading, public = await gate.get(token, by=READER), await gate.get(token, PUBLIC, by=READER)
        gate.revocations.apply(TokenRevocation.of_holder(READER.account, CLOCK.now_ms()))
        for open_one in (reading, public):
            with pytest.raises(TokenRevoked):
                await gate.gate.confirm(open_one)
        for asked in (gate.get(token, by=READER), gate.put(token, by=READER), gate.get(token, PUBLIC, by=READER)):
            with pytest.raises(TokenRevoked):
                await asked
        assert (await gate.get(token, by=STRANGER)).access.holder == OWNER.account


async def test_a_stranger_s_token_costs_no_verification(tmp_path: Path) -> None:
    """Whose root is not said to be the owner's is refused as it is, forged or not; its row says: claimed."""
    async with gate_at(tmp_path) as gate:
        forged = STRANGER.token(bucket=PRIVATE)
        forged.signature.value = bytes(64)
        for token in (forged, STRANGER.token(bucket=PRIVATE)):
            for ask in (gate.get, gate.put):
                with pytest.raises(AccessDenied):
                    await ask(text_of(token))
        assert [(row.reason, row.proved) for row in gate.rows] == [("access-denied", False)] * 4
        assert len(gate.gate._book) == 0
        with pytest.raises(AccessDenied):
            await gate.put(text_of(forged), PUBLIC)
        with pytest.raises(TokenForged):
            await gate.get(text_of(forged), PUBLIC)


async def test_a_bucket_that_changes_hands_ends_the_former_owner_s_reads(tmp_path: Path) -> None:
    """Under the same number it is another bucket."""
    async with gate_at(tmp_path) as gate:
        reading = await gate.get(text_of(OWNER.token(bucket=PRIVATE)))
        gate.buckets.apply(DdcSettings(buckets=(f"{PRIVATE} owner={STRANGER.account.hex()} public",)))
        with pytest.raises(UnknownBucket):
            await gate.gate.confirm(reading)


async def test_a_revoked_holder_reads_no_public_bucket_by_name(tmp_path: Path) -> None:
    """As itself; nameless it is like anybody."""
    async with gate_at(tmp_path) as gate:
        gate.revocations.apply(TokenRevocation.of_holder(READER.account, CLOCK.now_ms()))
        with pytest.raises(TokenRevoked):
            await gate.get(None, PUBLIC, by=READER)
        assert (await gate.get(None, PUBLIC)).access.holder == ANYBODY


def test_the_window_is_the_setting() -> None:
    """Five minutes by default, as the specification says."""
    assert TrustSettings().request_window_s * 1_000 == WINDOW_MS
    assert msgspec.structs.asdict(TrustSettings())["request_window_s"] == 300
    assert key_of("owner").public == OWNER.account


async def test_what_anybody_may_read_is_shared_out_by_address(tmp_path: Path) -> None:
    """A stranger makes itself as many keys as it likes; an owner's rights are shared out by holder."""
    async with gate_at(tmp_path) as gate:
        for wallet in (OWNER, READER, STRANGER):
            assert payer_of(await gate.get(text_of(wallet.token()), PUBLIC, by=wallet), "10.0.0.9") == "10.0.0.9"
        assert payer_of(await gate.get(text_of(OWNER.token(bucket=PRIVATE))), "10.0.0.9") == OWNER.account


async def test_who_no_owner_vouches_for_gets_no_room(tmp_path: Path) -> None:
    """Before a message says what it wants, the token must be one that an owner of some bucket here has given."""
    async with gate_at(tmp_path) as gate:
        for token in (OWNER.token(), OWNER.token(subject=READER), STRANGER.token()):
            await gate.gate.vouch(token=text_of(token), source="t", over_web=False)
        assert not gate.rows
        gate.buckets.apply(DdcSettings(buckets=bucket_rules()[:2]))
        for token, refusal in (
            (None, TokenMissing),
            (text_of(STRANGER.token()), AccessDenied),
            (text_of(READER.token()), AccessDenied),
            (text_of(OWNER.token(expires_ms=CLOCK.now_ms())), TokenExpired),
        ):
            with pytest.raises(refusal):
                await gate.gate.vouch(token=token, source="t", over_web=False)
        assert [(row.reason, row.proved) for row in gate.rows] == [("access-denied", False)] * 2
