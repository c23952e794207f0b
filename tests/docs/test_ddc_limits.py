"""The limits that docs/specs/ddc.md promises are those of the code."""

import pytest

from docs.generate.log_events import ROOT
from edge_node.base.limits import KIB, MIB
from edge_node.gateway.ddc_file import METADATA_BYTES, PIECE_MESSAGE_BYTES
from edge_node.serving.grpc_calls import CALLS_KEPT, CALLS_MAX, CALLS_PER_ADDRESS_MAX, SILENT_S
from edge_node.settings import Settings
from edge_node.store.dag import NODE_BYTES_MAX, REACHED_BYTES_MAX, REACHED_NODES_MAX
from edge_node.store.name_record import RECORD_BYTES_MAX
from edge_node.trust.spent_requests import SPENT_MAX

LIMITS = (ROOT / "docs/specs/ddc.md").read_text().partition("## Limits")[2].partition("## ")[0]
DEFAULTS = Settings()


def limit_of(name: str) -> str:
    """What the table of limits says of one."""
    (row,) = [line for line in LIMITS.splitlines() if line.startswith(f"| {name} |")]
    return row.split("|")[2]


def amount(count: int) -> str:
    """Bytes as the page writes them."""
    for size, unit in ((MIB, "MiB"), (KIB, "KiB")):
        if count % size == 0:
            return f"{count // size} {unit}"
    return f"{count:,} bytes"


@pytest.mark.parametrize(
    ("name", "numbers"),
    [
        ("piece", [amount(DEFAULTS.store.piece_bytes_max)]),
        ("message of a raw piece", [f"{amount(PIECE_MESSAGE_BYTES - KIB)} + 1 KiB"]),
        ("first message of a raw piece", [amount(METADATA_BYTES)]),
        ("a call that has not sent its first message", [f"{SILENT_S:g} s"]),
        ("DAG node", [amount(NODE_BYTES_MAX)]),
        ("CNS record", [amount(RECORD_BYTES_MAX)]),
        ("search for what a token's piece leads to", [f"{REACHED_NODES_MAX:,} nodes", amount(REACHED_BYTES_MAX)]),
        ("requests remembered", [f"{SPENT_MAX:,}"]),
        ("metadata of a call", [amount(DEFAULTS.grpc.header_bytes_max)]),
        ("calls on one connection", [f"{DEFAULTS.grpc.streams_max}"]),
        ("calls on all connections",
         [f"{CALLS_MAX:,},", f"one address {CALLS_PER_ADDRESS_MAX:,};", f"always {CALLS_KEPT} "]),
        ("bytes that raw pieces on their way in hold in memory", [amount(DEFAULTS.grpc.puts_bytes_max)]),
        ("bytes that files and DAG nodes on their way out hold in memory", [amount(DEFAULTS.grpc.reads_bytes_max)]),
        ("a call that neither sends nor takes", [f"{DEFAULTS.grpc.stream_idle_timeout_s:g} s"]),
    ],
)  # fmt: skip
def test_the_table_of_limits_says_what_the_code_does(name: str, numbers: list[str]) -> None:
    """Each number stands in its row."""
    assert [number for number in numbers if f" {number}" not in limit_of(name)] == []
