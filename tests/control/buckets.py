"""A stopped node whose buckets hold something of every kind, for tests of what operators see and verify."""

import os
from collections.abc import AsyncIterator
from dataclasses import dataclass

from edge_node.activity import Capture
from edge_node.base.ids import VaultId
from edge_node.base.limits import MIB
from edge_node.journal import Lane
from edge_node.store.buckets import Bucket
from edge_node.store.dag import Dag
from edge_node.trust.access import Access, Verb, check
from edge_node.trust.access_capability import Capability
from edge_node.trust.access_resource import vault_resource
from edge_node.wire.cid import cid_digest, format_cid
from edge_node.wire.proto.dag_pb2 import Node
from tests.activity.rig import ack, request
from tests.control.house import house_of
from tests.gateway.rig import CLOCK, Site, key_of
from tests.store.name_rig import signed_record
from tests.trust.wallets import OWNER

RULES = {"buckets": [f"7 owner={OWNER.public.hex()}", "9 owner=node public", f"11 owner={OWNER.public.hex()} public"]}
PARTS = (b"\x01" * MIB, b"\x02" * (MIB + 5))
NAMES = ("evil[bold]\u202e\u2066", "site/index", "\U0001f600")


@dataclass(frozen=True, slots=True)
class Filled:
    """What was stored, by the text of its CID."""

    node: str
    file: str
    parts: tuple[str, str]
    own: str


async def fill(site: Site) -> Filled:
    """Bucket 7 gets a file of two parts, a DAG node and names; 9 the second part; 99 a node; the vault a piece.

    Recorded are a store of the file, and a read of 50 bytes of it of which 30 were acknowledged.
    """
    async with house_of(site) as house:
        seven, nine = Bucket(7, VaultId(OWNER.public), public=False), Bucket(9, site.vault, public=True)
        access, dag = access_to(seven.owner), Dag(house.pieces)
        parts = [(await house.pieces.put(access, seven.owner, once(part), bucket=7)).cid for part in PARTS]
        file = await house.files.put_multipart(access, seven, list(map(cid_digest, parts)), sum(map(len, PARTS)))
        node = Node(data=b"a node", tags=[]).SerializeToString()
        kept = await dag.put(access, seven, node)
        for name in NAMES:
            await house.names.put(access, seven, signed_record(key_of("writer"), kept.cid, name, 60))
        await house.pieces.put(access_to(nine.owner), nine.owner, once(PARTS[1]), bucket=9)
        await dag.put(access, Bucket(99, seven.owner, public=True), Node(data=b"nobody's").SerializeToString())
        capture = Capture(house.journal, site.node, CLOCK, random=os.urandom)
        stored = capture.stored(OWNER.public, 7, file.cid, 2 * MIB + 5, None, CLOCK.now_ms())
        await house.journal.append([stored], Lane.CONTROL)
        reading = capture.reading(OWNER.public, 7, file.cid, request(1), "a door")
        reading.sent(50)
        reading.acked(ack(30))
        reading.close()
        await capture.close()
        own = await house.pieces.put(access_to(site.vault), site.vault, once(b"own"))
        first, second = map(format_cid, parts)
        return Filled(format_cid(kept.cid), format_cid(file.cid), (first, second), format_cid(own.cid))


def access_to(owner: VaultId) -> Access:
    """Everything in a vault."""
    capability = Capability(
        issuer=OWNER.public, holder=OWNER.public, audience=owner, resource=vault_resource(owner), verbs=frozenset(Verb)
    )
    access = check([capability], OWNER.public, vault_resource(owner), Verb.PUT, CLOCK.now_ms())
    assert isinstance(access, Access)
    return access


async def once(content: bytes) -> AsyncIterator[bytes]:
    """All of it at a time."""
    yield content
