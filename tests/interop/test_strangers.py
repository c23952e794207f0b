"""What strangers begin takes nothing from those who may."""

import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from edge_node.base.limits import MIB
from edge_node.serving.grpc_calls import SILENT_S
from edge_node.serving.limits import TICK_S
from edge_node.wire.proto import cns_pb2
from tests.interop.accounts import READ, STORE, Account
from tests.interop.contents import content
from tests.interop.grpc_client import CALL_S, Client
from tests.interop.place import EDITHS, running_node
from tests.interop.wire_client import DATA, Wire, frame, message

EDITH, STRANGER = Account.of(1), Account.of(9)
BEGUN = message(bytes(4_000_000))[:16_384]


@pytest.mark.parametrize("method", ["/file.FileApi/putRawPiece", "/file.FileApi/putMultipartPiece", "/dag.DagApi/Put"])
def test_large_messages_that_strangers_begin_hold_no_room(method: str, tmp_path: Path) -> None:
    """Without a token or with one of their own, from the very address of a customer, whose upload goes through."""
    with running_node(tmp_path / "node") as place, Client(place.target, EDITH) as client, ExitStack() as held:
        for metadata in ([], STRANGER.metadata(STORE, EDITHS)):
            for _ in range(2):
                wire = held.enter_context(Wire(place.grpc[0]))
                for _ in range(6):
                    stream, head = wire.open(method, metadata)
                    wire.send(head, frame(DATA, 0, stream, BEGUN))
        cid = client.put(EDITHS, content(8 * MIB, 3))
        assert client.get(EDITHS, cid) == content(8 * MIB, 3)


def test_silent_calls_make_place(tmp_path: Path) -> None:
    """As many as there may be that only began, of three addresses: a customer's burst is answered all the same."""
    with running_node(tmp_path / "node") as place, Client(place.target, EDITH) as client, ExitStack() as held:
        client.put(EDITHS, b"before")
        for number in range(60):
            wire = held.enter_context(Wire(place.grpc[0], source=f"127.0.0.{2 + number % 3}"))
            for _ in range(60):
                wire.send(wire.open("/cns.CnsApi/Get", [])[1])
        time.sleep(SILENT_S + 2 * TICK_S)
        asked = cns_pb2.GetRequest(bucketId=EDITHS, name="x")
        calls = [
            client.stubs.get_name.future(asked, metadata=EDITH.metadata(READ, EDITHS), timeout=CALL_S)
            for _ in range(100)
        ]
        assert [call.result().HasField("record") for call in calls] == [False] * 100
