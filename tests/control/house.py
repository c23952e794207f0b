"""The rooms of a node without its doors: what the operator's door stands over, for tests of its parts."""

import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import trio

from edge_node.base.ids import VaultId
from edge_node.control.house import House, LevelDesk
from edge_node.control.reload import SettingsDesk
from edge_node.control.roster import Roster
from edge_node.journal import Database, Draft, Lane, open_journal
from edge_node.kinds import DEVICE_KIND, NODE_KINDS
from edge_node.settings import ClockSettings, IngestSettings, Loaded
from edge_node.store.buckets import StaticBuckets
from edge_node.store.files import Files
from edge_node.store.names import Names
from edge_node.store.pieces import Pieces
from edge_node.store.quota import QuotaLedger
from edge_node.store.streams.ingest import Ingest
from edge_node.store.streams.topics import Topics
from edge_node.supervise import Service, Supervisor
from edge_node.trust.access_control import AccessControl
from edge_node.trust.audit import AuditLog
from edge_node.trust.device import DeviceChange
from edge_node.trust.device_changes import VERSION, encode_change
from edge_node.trust.device_rows import load_devices
from edge_node.trust.token_revocation_rows import REVOCATION_KIND, encode_revocation, load_revocations
from edge_node.trust.token_revocation_rows import VERSION as REVOCATION_VERSION
from edge_node.trust.token_revocations import TokenRevocation, TokenRevocations
from tests.gateway.rig import CLOCK, Site


@asynccontextmanager
async def house_of(site: Site, **changed: Any) -> AsyncGenerator[House, None]:
    """A house over the directory of `site`, its journal and ingest running."""
    settings = site.settings()
    journal = open_journal(site.paths, settings.journal, NODE_KINDS, random=os.urandom, clock=CLOCK)
    try:
        table = await journal.query(load_devices, database=Database.META)
        audit = AuditLog(site.paths.audit_db, 1_000)
        quota = QuotaLedger(settings.store)
        ingest = Ingest(
            journal, AccessControl(table, site.node, audit), table, quota, CLOCK, IngestSettings(), ClockSettings()
        )

        async def write(change: DeviceChange) -> None:
            await journal.append([Draft(DEVICE_KIND, VERSION, b"", encode_change(change), change)], Lane.CONTROL)

        async def write_revocation(change: TokenRevocation) -> None:
            draft = Draft(REVOCATION_KIND, REVOCATION_VERSION, b"", encode_revocation(change), change)
            await journal.append([draft], Lane.CONTROL)

        async def metrics() -> bytes:
            return b"figures 1\n"

        supervisor = Supervisor(
            [Service(name="journal", run=journal.run, beat_s=15.0), Service(name="store", run=ingest.run)]
        )
        pieces = Pieces(journal, quota, CLOCK, settings.store)
        given: dict[str, Any] = {
            "version": "0",
            "node_key": site.node,
            "vault": VaultId(site.node),
            "boot": "0123456789abcdef",
            "started_ms": CLOCK.now_ms(),
            "started_s": CLOCK.monotonic_s(),
            "paths": site.paths,
            "clock": CLOCK,
            "journal": journal,
            "roster": Roster(table),
            "ingest": ingest,
            "topics": Topics(journal, IngestSettings()),
            "pieces": pieces,
            "files": Files(pieces),
            "names": Names(journal, quota, CLOCK),
            "buckets": StaticBuckets(settings.ddc, VaultId(site.node)),
            "revocations": TokenRevocations(await journal.query(load_revocations, database=Database.META)),
            "quota": quota,
            "audit": audit,
            "settings": SettingsDesk(Loaded(settings, {}), CLOCK),
            "levels": LevelDesk(settings.log.level),
            "random": os.urandom,
            "supervisor": lambda: supervisor,
            "doors": list,
            "metrics": metrics,
            "write_change": write,
            "write_revocation": write_revocation,
        }
        async with trio.open_nursery() as nursery:
            await nursery.start(supervisor.run)
            yield House(**(given | changed))
            supervisor.stop()
    finally:
        await journal.flush_and_close()
