"""Streams of the npm SDK that do not run their ordinary course, over gRPC and over WebSocket."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from edge_node.activity.rows import Totals, list_totals
from edge_node.base.limits import MIB
from edge_node.paths import Paths
from tests.interop.conftest import Ask
from tests.interop.contents import content, is_whole, raw_cid
from tests.interop.driving import Driver
from tests.interop.place import EDITHS, PRIVATE, running_node
from tests.interop.sdk import driver

pytestmark = pytest.mark.needs_node

LARGE = 257 * MIB


@pytest.fixture(scope="module")
def large(sdk: Driver) -> str:
    """A multipart piece of 257 MiB."""
    return str(sdk("client.large", bucket=PRIVATE, size=LARGE, seed=6, chunk=4 * MIB)["cid"])


def test_a_large_read_without_acknowledgements_ends_in_the_stream(ask: Ask, large: str) -> None:
    """Its headers come, then 32 MiB, then a refusal: as the SDK's own tests demand."""
    seen = ask("streams.unacknowledged", bucket=PRIVATE, cid=large)
    assert seen["headers"]
    assert 24 * MIB < seen["size"] <= 32 * MIB
    assert seen["error"]["code"] == "RESOURCE_EXHAUSTED"


def test_a_small_read_needs_no_acknowledgement(ask: Ask) -> None:
    """Up to 32 MiB."""
    cid = ask("files.put", bucket=PRIVATE, size=30 * MIB, seed=4)["cid"]
    seen = ask("streams.unacknowledged", bucket=PRIVATE, cid=cid)
    assert (seen["size"], seen["error"]) == (30 * MIB, None)


def test_every_message_of_a_read_is_acknowledged(tmp_path: Path) -> None:
    """Five messages, over gRPC and over WebSocket; the last acknowledgement counts too, and the record says so."""
    size, ways = 17_000_000, {PRIVATE: ("owner", "grpc"), EDITHS: ("edith", "ws")}
    with running_node(tmp_path / "node") as place, driver(place.told(), tmp_path / "log") as sdk:
        for bucket, (who, transport) in ways.items():
            caller = {"transport": transport, "bucket": bucket, "who": who}
            cid = sdk("files.put", size=size, seed=14, **caller)["cid"]
            assert is_whole(sdk("files.get", cid=cid, **caller), content(size, 14))
            assert sdk("files.get", cid=cid, enableAcks=False, **caller)["size"] == size
    with closing(sqlite3.connect(Paths(place.root / "data").index_db)) as conn:
        for bucket in ways:
            assert list_totals(conn)[bucket] == Totals(1, size, 2, 2 * size, size)


def test_cancelled_calls_leave_the_channel_whole(ask: Ask) -> None:
    """Twenty reads and twenty writes are given up halfway; then a piece goes and comes on the same channel."""
    cid = ask("files.put", bucket=PRIVATE, size=20 * MIB, seed=16)["cid"]
    seen = ask("streams.cancels", bucket=PRIVATE, cid=cid, size=1_000_000, rounds=20)
    gone = ({"CANCELLED": 20}, {"20": 20})  # over WebSocket the SDK says it with a browser's AbortError
    assert seen["codes"]["read"] in gone
    assert seen["codes"]["write"] in gone
    assert is_whole(seen["after"], content(1_000_000))


def test_reads_that_nobody_consumes_hold_up_nobody(ask: Ask, sdk: Driver, large: str) -> None:
    """Thirty stay open on one channel: other accounts read beside them, and so does this one what is small."""
    assert ask("streams.leave", bucket=PRIVATE, cid=large, count=30)["open"] == 30
    for caller, size in (({"bucket": EDITHS, "who": "edith"}, 5 * MIB), ({"bucket": PRIVATE}, 60_000)):
        cid = ask("files.put", size=size, seed=15, **caller)["cid"]
        assert is_whole(ask("files.get", cid=cid, **caller), content(size, 15))


def test_two_thousand_calls_at_once_are_all_answered(sdk: Driver) -> None:
    """On one channel: what the node does not take at once waits at the client."""
    sdk("names.put", bucket=PRIVATE, name="many", cid=raw_cid(b"x"))
    assert sdk("streams.parallel", bucket=PRIVATE, name="many", count=2_000) == {"worked": 2_000, "errors": {}}


def test_two_hundred_sockets_at_once_are_all_answered(sdk: Driver) -> None:
    """Over WebSocket every call is a connection of its own."""
    sdk("names.put", bucket=PRIVATE, name="many", cid=raw_cid(b"x"))
    seen = sdk("streams.parallel", "ws", bucket=PRIVATE, name="many", count=200)
    assert seen == {"worked": 200, "errors": {}}
