"""Every released disk format opens: as it was left, and with its index rebuilt from the log."""

import json
import shutil
from pathlib import Path

import pytest
import trio
from blake3 import blake3

from edge_node.base.clock import SystemClock
from edge_node.base.ids import PublicKey, StreamName, VaultId
from edge_node.journal import Database, open_journal
from edge_node.kinds import NODE_KINDS
from edge_node.paths import Paths
from edge_node.settings import IngestSettings, JournalSettings, StoreSettings
from edge_node.store.errors import UnknownPiece
from edge_node.store.pieces import Pieces
from edge_node.store.quota import QuotaLedger
from edge_node.store.streams.topics import Topics
from edge_node.trust.access import Verb, piece_resource, stream_resource
from edge_node.trust.access_control import AccessControl
from edge_node.trust.audit_row import AuditRow
from edge_node.trust.device_rows import load_devices
from edge_node.wire.cid import cid_digest, parse_cid

GOLDEN = sorted((Path(__file__).parent / "disk").iterdir())


class NoAudit:
    def record(self, row: AuditRow) -> None:
        """What was decided is not what is tested."""


@pytest.mark.parametrize("golden", GOLDEN, ids=lambda path: path.name)
@pytest.mark.parametrize("lost", [(), ("index.db",), ("meta.db",), ("index.db", "meta.db")], ids=str)
async def test_a_released_directory_opens_and_holds_what_it_held(
    golden: Path, lost: tuple[str, ...], tmp_path: Path
) -> None:
    """Devices, events and pieces are there and verify, also when a database must be made again from the log."""
    root = tmp_path / "data"
    shutil.copytree(golden, root)
    facts = json.loads((root / "FACTS.json").read_text())
    (root / "FACTS.json").unlink()
    for name in lost:
        (root / name).unlink()
    clock = SystemClock()
    journal = open_journal(Paths(root), JournalSettings(), NODE_KINDS, random=bytes, clock=clock)
    try:
        async with trio.open_nursery() as nursery:
            await nursery.start(journal.run)
            devices = await journal.query(load_devices, database=Database.META)
            vault, device = VaultId.parse(facts["vault"]), PublicKey.parse(facts["device"])
            access, now_ms = AccessControl(devices, PublicKey(vault), NoAudit()), clock.now_ms()
            stream = StreamName("golden/stream")
            may_read = access.decide(device, stream_resource(vault, stream), Verb.READ, now_ms)
            raw = await Topics(journal, IngestSettings()).read_page(may_read, vault, stream, 0, 10, proof=True)
            page = json.loads(raw)
            assert [(e["offset"], e["cid"]) for e in page["events"]] == [
                (b["offset"], b["cid"]) for b in facts["bodies"]
            ]
            assert [e["event"] for e in page["events"]] == [json.loads(b["body"]) for b in facts["bodies"]]
            pieces = Pieces(journal, QuotaLedger(StoreSettings()), clock, StoreSettings())
            for text, size in facts["pieces"].items():
                cid, may_get = parse_cid(text), access.decide(device, piece_resource(vault, text), Verb.GET, now_ms)
                if text == facts["deleted"]:
                    with pytest.raises(UnknownPiece):
                        await pieces.open(may_get, vault, cid)
                    continue
                assert await pieces.verify(may_get, vault, cid) == size
                assert cid_digest(cid) == blake3(bytes(at % 251 for at in range(size))).digest()
            nursery.cancel_scope.cancel()
    finally:
        await journal.flush_and_close()
