"""DdcClient, FileStorage and StorageNode: what applications are built with."""

import re

import pytest

from edge_node.base.limits import MIB
from tests.interop.contents import content, is_whole, multipart_cid, raw_cid
from tests.interop.driving import Driver
from tests.interop.place import MODES, PRIVATE, PUBLIC, Place

pytestmark = pytest.mark.needs_node


@pytest.mark.parametrize("routing", ["static", "chain"])
def test_a_file_is_stored_and_read_by_cid_and_by_name(app: Driver, routing: str) -> None:
    """With nodes from a list, and with nodes and buckets from what stands for the chain."""
    raw = content(500_000, 8)
    name = f"client/{routing}.bin"
    seen = app("client.file", bucket=PRIVATE, size=len(raw), seed=8, name=name, routing=routing)
    assert seen["cid"] == seen["resolved"] == raw_cid(raw)
    assert is_whole(seen["byCid"], raw)
    assert is_whole(seen["byName"], raw)


@pytest.mark.parametrize("routing", ["static", "chain"])
def test_a_dag_node_is_stored_and_read(app: Driver, routing: str) -> None:
    """By its name too."""
    links, tags = [{"cid": raw_cid(b"x"), "name": "x", "size": 1}], [{"key": "k", "value": "v"}]
    for name in (None, f"client/node-{routing}"):
        asked = {"bucket": PRIVATE, "data": "hello", "links": links, "tags": tags, "routing": routing}
        seen = app("client.node", **asked, **({"name": name} if name else {}))
        assert (seen["data"], seen["links"], seen["tags"]) == ("hello", links, tags)


def test_access_is_granted_to_another_account(app: Driver) -> None:
    """The owner's grant lets its subject read what is private."""
    raw = content(1_234, 11)
    cid = app("files.put", bucket=PRIVATE, size=1_234, seed=11)["cid"]
    asked = {"bucket": PRIVATE, "cid": cid, "granter": "owner", "subject": "bob", "operations": ["get"]}
    assert is_whole(app("client.granted", who="bob", **asked), raw)


def test_a_file_larger_than_its_buffer_goes_in_parts(app: Driver) -> None:
    """Parts of 4 MiB and a shorter last one."""
    raw = content(9 * MIB + 5, 12)
    seen = app("client.large", bucket=PRIVATE, size=len(raw), seed=12, maxBufferSize=4 * MIB, chunk=100_000)
    assert seen["cid"] == multipart_cid(raw)
    assert is_whole(seen, raw)


def test_storage_node_stores_parts_and_checks_what_it_reads(app: Driver) -> None:
    """One node, no routing, `authenticate` on."""
    parts = [{"size": 4 * MIB, "seed": 1}, {"size": 4 * MIB, "seed": 2}, {"size": 99, "seed": 3}]
    raw = b"".join(content(part["size"], part["seed"]) for part in parts)
    seen = app("client.storageNode", bucket=PRIVATE, parts=parts)
    assert (seen["cid"], seen["cids"][2]) == (multipart_cid(raw), raw_cid(content(99, 3)))
    assert is_whole(seen, raw)


def test_what_is_not_there_is_said_as_applications_expect(app: Driver) -> None:
    """`no bucket 99`, undefined for a name, and final statuses for the rest."""
    seen = app("client.absences", bucket=PRIVATE, cid=raw_cid(b"nobody has this"))
    for name in ("noBucketStatic", "noBucketNode", "noBucketRead"):
        assert re.search("no bucket", seen[name]["message"], re.IGNORECASE), seen[name]
        assert seen[name]["code"] == "NOT_FOUND"
    assert "Failed to get bucket 99" in seen["noBucketChain"]["message"]
    assert seen["noPiece"]["code"] == seen["noNode"]["code"] == "NOT_FOUND"
    assert seen["noName"] is None
    assert "Cannot resolve CNS name" in seen["noNameResolved"]["message"]
    assert seen["down"]["code"] in {"UNAVAILABLE", "UNKNOWN"}  # what a browser's socket does not say


def test_a_node_that_is_down_is_named(sdk: Driver) -> None:
    """Service, method, node and correlation id, as the SDK's tests want them."""
    error = sdk("client.nodeDown", bucket=PRIVATE)
    assert (error["code"], error["serviceName"], error["methodName"]) == (
        "UNAVAILABLE",
        "file.FileApi",
        "putRawPiece",
    )
    assert (error["nodeId"], error["correlationId"]) == ("grpc://127.0.0.1:9", "a-correlation-id")


def test_the_sdk_routes_by_mode(app: Driver) -> None:
    """Reads go to Full and Cache first, stores never to Cache; all of them work."""
    seen = app("client.routing", bucket=PUBLIC, rounds=12)
    assert set(seen["store"]) == {"Full"}
    assert set(seen["read"]) == {"Full", "Cache"}


def test_five_pairs_of_doors_open_on_one_store(app: Driver, place: Place) -> None:
    """What one stores all give; the cache takes nothing, finally."""
    raw = content(10_000, 3)
    seen = app("client.doors", bucket=PUBLIC, size=len(raw))
    assert seen["cid"] == raw_cid(raw)
    assert all(is_whole(read, raw) for read in seen["reads"])
    assert seen["writes"] == ["FAILED_PRECONDITION" if mode == "cache" else "OK" for mode in MODES]
    assert len(place.grpc) == len(seen["reads"])


def test_an_account_in_a_browser_s_wallet_stores_and_reads(web: Driver) -> None:
    """Its signature is over marked bytes; it hands the work to a key of the session."""
    raw = content(100_000, 13)
    seen = web("client.wallet", bucket=PRIVATE, size=len(raw), seed=13)
    assert seen["cid"] == raw_cid(raw)
    assert is_whole(seen, raw)
