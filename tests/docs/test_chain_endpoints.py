"""docs/specs/chain-endpoints.md names the methods that are asked, and the bounds and rules that the code has."""

import re
from dataclasses import fields

import pytest

from docs.generate.log_events import ROOT
from edge_node.base.limits import MIB
from edge_node.chain_light import endpoint_score as score
from edge_node.chain_light import endpoints, json_rpc, rpc, rpc_connection, rpc_dial, rpc_feeds, rpc_frames
from edge_node.chain_light.justification import JUSTIFICATION_BYTES_MAX
from edge_node.chain_light.status import EndpointStatus, Verdict

PAGE = (ROOT / "docs/specs/chain-endpoints.md").read_text()
OFFERED, BOUNDS, THOUGHTS = (PAGE.partition(f"## {title}")[2].partition("\n## ")[0] for title in
                             ("What it must offer", "Bounds", "What is thought of it"))  # fmt: skip
METHOD = re.compile(r"\b(?:author|chain|grandpa|state)_[a-z]+[A-Z][a-zA-Z]*\b")


def bound_of(name):
    """What the table of bounds says of one."""
    (row,) = [line for line in BOUNDS.splitlines() if line.startswith(f"| {name} |")]
    return row.split("|")[2].strip()


def test_the_methods_are_those_that_are_asked():
    """None is missing, and none is named that nobody asks for."""
    asked = set(METHOD.findall((ROOT / "edge_node/chain_light/rpc.py").read_text()))
    notices = {topic.notice for topic in vars(rpc).values() if isinstance(topic, rpc_feeds.Topic)}
    assert set(METHOD.findall(OFFERED)) == asked - notices


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("message", f"{json_rpc.MESSAGE_MAX_BYTES // MIB} MiB"),
        ("frames of a message, with pings between", f"{rpc_frames.FRAMES_MAX:,}"),
        ("nesting of JSON", f"{json_rpc.DEPTH_MAX}"),
        ("calls in a batch", f"{json_rpc.BATCH_MAX}"),
        ("justification", f"{JUSTIFICATION_BYTES_MAX // MIB} MiB"),
        ("notices a slow reader is behind", f"{rpc_feeds.BACKLOG}"),
        (
            "messages that nobody asked for",
            f"{rpc_connection.UNASKED_BURST}, and {rpc_connection.UNASKED_PER_S:g} a second",
        ),
        ("messages under way", f"{rpc_connection.IN_FLIGHT_MAX}"),
        ("an answer of a few KiB", f"{rpc.SMALL_S:g} s"),
        ("an answer that may have megabytes", f"{rpc.LARGE_S:g} s"),
        ("each step of connecting: TCP, TLS, upgrade", f"{rpc_dial.DIAL_STEP_S:g} s"),
    ],
)
def test_a_bound_is_the_codes(name, value):
    """As the page writes it."""
    assert bound_of(name) == value


def test_every_verdict_is_told():
    """In the order of the enumeration; that each has its reason is the status's own form."""
    rows = re.findall(r"^\| (\w+) \|", THOUGHTS, re.MULTILINE)
    assert rows[1:] == [verdict.value for verdict in Verdict]
    assert "reason" in {field.name for field in fields(EndpointStatus)}


def test_the_rules_have_the_codes_numbers():
    """Of bans, pauses and who lags."""
    told = " ".join(THOUGHTS.split())
    for sentence in (
        f"more than {score.BEHIND_BLOCKS} below the highest for {score.BEHIND_S:g} s",
        f"takes more than {score.SLOW_S:g} s and {score.SLOWER_TIMES} times as long as another",
        f"**Ban**: {score.BAN_FIRST_S:g} s, then twice the last, up to {score.BAN_LONGEST_S:g} s",
        f"after {score.BAN_FORGOTTEN_S:,g} s without one, {score.BAN_FIRST_S:g} s again",
        f"after {score.BACK_OFF_FIRST_S:g} s, then twice the last, up to {score.BACK_OFF_LONGEST_S:g} s",
        f"after a connection that lasted {endpoints.SETTLED_S:g} s",
    ):
        assert sentence in told
    assert f"at most {rpc_connection.WAITING_MAX}" in BOUNDS
    assert score.FAILURES_MAX == 2, "the page says two calls"
