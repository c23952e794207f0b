"""Under each kind of bad client the node's memory stays where it is, and others are served."""

import time
from pathlib import Path

import pytest

from edge_node.base.limits import MIB
from edge_node.wire.proto import cns_pb2
from tests.interop.accounts import READ, Account
from tests.interop.contents import content
from tests.interop.grpc_client import Client
from tests.interop.hostile import ATTACKS, EDITH, Target, under
from tests.interop.place import BOBS, EDITHS, peak_of, running_node

# With `make interop`, one after the other: beside other tests on two cores a bad client is none of its own strength.
pytestmark = pytest.mark.needs_node

GROWTH_MAX = 64 * MIB
ATTACK_S = 4.0
BOB = Account.of(3)


@pytest.mark.parametrize("name", ATTACKS)
def test_a_bad_client_takes_no_memory_and_nobody_s_turn(name: str, tmp_path: Path) -> None:
    """At most 64 MiB more; a well-behaved client's calls, puts and reads all work meanwhile and afterwards."""
    with (
        running_node(tmp_path / "node") as place,
        Client(place.target, EDITH) as owner,
        Client(place.target, BOB) as good,
    ):
        large, small = content(64 * MIB, 50), content(5_000_000, 51)
        cid = owner.put(EDITHS, large)
        assert owner.get(EDITHS, cid) == large
        for _ in range(10):  # what serving takes anyhow is no growth
            assert good.get(BOBS, good.put(BOBS, small)) == small
        with peak_of(place) as peak:
            with under(name, Target(place.grpc[0], place.http[0], cid)):
                until = time.monotonic() + ATTACK_S
                while time.monotonic() < until:
                    ask(good)
                    assert good.get(BOBS, good.put(BOBS, small)) == small
            ask(good)
        assert peak[1] - peak[0] <= GROWTH_MAX, f"{(peak[1] - peak[0]) / MIB:.0f} MiB"
        assert owner.get(EDITHS, cid) == large


def ask(client: Client) -> None:
    """A small call."""
    asked = cns_pb2.GetRequest(bucketId=BOBS, name="x")
    assert not client.stubs.get_name(asked, metadata=BOB.metadata(READ, BOBS), timeout=30).HasField("record")
