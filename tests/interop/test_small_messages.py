"""The largest piece in the smallest messages that clients really send: it costs the node time, but no memory."""

from itertools import pairwise
from pathlib import Path

import pytest
from blake3 import blake3

from edge_node.base.limits import MIB
from edge_node.wire.cid import format_cid, read_cid
from tests.interop.accounts import Account
from tests.interop.contents import content
from tests.interop.grpc_client import Client
from tests.interop.place import EDITHS, peak_of, running_node

# With `make interop`, alone on the machine: as tests/interop/test_hostile.py, which measures memory too.
pytestmark = pytest.mark.needs_node

EDITH = Account.of(1)
SIZE, MESSAGE_BYTES = 128 * MIB, 12_345  # 10,873 messages, as a test of the protocol has them
GROWTH_MAX = 64 * MIB
# BLAKE3 of the bytes i mod 251 under the head of a raw piece, as `raw-4MiB-pattern` of tests/vectors/ddc.json goes on.
CID = "baebb4ifat3uleyhne6o5l2m7btcx4ecpiyd7sv3dw63cesyte2wrzi37hi"
# Around the edges of extents (1 MiB) and of data messages, in unequal steps over the whole.
EDGES = (0, 1, MIB - 1, 5 * MIB + 3, 31 * MIB, 64 * MIB - 7, 95_999_999, 127 * MIB + 1, SIZE - 1, SIZE)


def test_128_mib_in_messages_of_12345_bytes(tmp_path: Path) -> None:
    """It gets its known CID, comes back byte for byte in ranges, and the node grows by at most 64 MiB meanwhile."""
    raw = content(SIZE)
    with running_node(tmp_path / "node") as place, Client(place.target, EDITH) as client:
        client.get(EDITHS, client.put(EDITHS, content(5 * MIB, 70)))  # what serving takes anyhow is no growth
        with peak_of(place) as peak:
            cid = client.put(EDITHS, raw, chunk=MESSAGE_BYTES)
            assert cid[-32:] == blake3(raw).digest()
            assert format_cid(read_cid(cid)) == CID
            for start, stop in pairwise(EDGES):
                # Compared in one go: pytest would print the difference of such bytes for hours.
                assert (client.get(EDITHS, cid, start=start, end=stop - 1) == raw[start:stop]) is True, (start, stop)
        assert peak[1] - peak[0] <= GROWTH_MAX, f"{(peak[1] - peak[0]) / MIB:.0f} MiB"
