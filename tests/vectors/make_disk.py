"""Write a golden data directory: what this release leaves on disk after a clean stop, with fixed keys and times.

Run once per disk format (`python tests/vectors/make_disk.py tests/vectors/disk/1`); the result is committed and every
later release must open it.
"""

import json
import shutil
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import trio

from edge_node.base.clock import ClockQuality
from edge_node.base.ids import PublicKey, StreamName, VaultId
from edge_node.journal import Draft, Lane, open_journal
from edge_node.kinds import DEVICE_KIND, NODE_KINDS
from edge_node.paths import Paths
from edge_node.settings import ClockSettings, IngestSettings, JournalSettings, StoreSettings
from edge_node.store.pieces import Pieces
from edge_node.store.quota import QuotaLedger
from edge_node.store.streams.ingest import Ingest
from edge_node.trust.access import Verb, piece_resource
from edge_node.trust.access_control import AccessControl
from edge_node.trust.audit_row import AuditRow
from edge_node.trust.device import Enrolment, Role
from edge_node.trust.device_changes import VERSION, encode_change
from edge_node.trust.devices import DeviceTable
from edge_node.trust.keys import SigningKey
from edge_node.trust.signed_event import sign_event
from edge_node.wire.cid import format_cid, parse_cid

T_MS = 1_790_000_000_000
SETTINGS = msgspec.structs.replace(JournalSettings(), reserve_bytes=0, preallocate_bytes=0)


class FixedClock:
    def now_ms(self) -> int:
        return T_MS

    def monotonic_s(self) -> float:
        return 0.0

    def quality(self) -> ClockQuality:
        return ClockQuality.NETWORK


class NoAudit:
    def record(self, row: AuditRow) -> None:
        """History is no part of a golden directory."""


class CountedBytes:
    def __init__(self) -> None:
        self._next = 0

    def __call__(self, count: int) -> bytes:
        self._next += 1
        return bytes([self._next % 256]) * count


async def chunks(content: bytes) -> AsyncIterator[bytes]:
    yield content


async def write(root: Path) -> dict[str, object]:
    clock, random = FixedClock(), CountedBytes()
    device, vault = SigningKey.from_seed(b"\x01" * 32), VaultId(b"\x02" * 32)
    journal = open_journal(Paths(root), SETTINGS, NODE_KINDS, random=random, clock=clock)
    facts: dict[str, object] = {"vault": vault.hex(), "device": device.public.hex()}
    try:
        async with trio.open_nursery() as nursery:
            await nursery.start(journal.run)
            change = Enrolment(
                key=device.public, name="golden", roles=frozenset({Role.OPERATOR}), vault=vault, t_ms=T_MS
            )
            await journal.append([Draft(DEVICE_KIND, VERSION, b"", encode_change(change), change)], Lane.CONTROL)
            devices = DeviceTable()
            devices.apply(change)
            access = AccessControl(devices, PublicKey(vault), NoAudit())
            quota = QuotaLedger(StoreSettings())
            ingest = Ingest(journal, access, devices, quota, clock, IngestSettings(), ClockSettings())
            await nursery.start(ingest.run)
            facts["bodies"] = [await post(ingest, device, vault, seq) for seq in range(1, 4)]
            pieces = Pieces(journal, quota, clock, StoreSettings())
            facts["pieces"] = {}
            for size in (10, 100_000, 1_100_000):
                content = bytes(at % 251 for at in range(size))
                allowed = access.decide(device.public, piece_resource(vault), Verb.PUT, T_MS)
                put = await pieces.put(allowed, vault, chunks(content))
                facts["pieces"][format_cid(put.cid)] = size
            gone = next(iter(facts["pieces"]))
            allowed = access.decide(device.public, piece_resource(vault, gone), Verb.DELETE, T_MS)
            await pieces.delete(allowed, vault, parse_cid(gone))
            facts["deleted"] = gone
            nursery.cancel_scope.cancel()
    finally:
        await journal.flush_and_close()
    return facts


async def post(ingest: Ingest, device: SigningKey, vault: VaultId, seq: int) -> dict[str, object]:
    body = json.dumps({"reading": seq}).encode()
    header = sign_event(
        device,
        audience=vault,
        stream=StreamName("golden/stream"),
        content_type="application/json",
        seq=seq,
        t_ms=T_MS,
        quality=ClockQuality.NETWORK,
        body=body,
    )
    receipt = await ingest.submit(header, body, "golden")
    return {"cid": format_cid(receipt.cid), "offset": receipt.first_offset, "body": body.decode()}


def main() -> None:
    root = Path(sys.argv[1]).resolve()
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir(parents=True)
    facts = trio.run(write, root)
    (root / "LOCK").unlink()
    (root / "FACTS.json").write_text(json.dumps(facts, indent=1) + "\n")


if __name__ == "__main__":
    main()
