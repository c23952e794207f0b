"""/metrics of a running node."""

import subprocess

import pytest
from prometheus_client.parser import text_string_to_metric_families

from edge_node.gateway.errors import LoopbackOnly
from edge_node.gateway.metric_families import FAMILIES
from edge_node.gateway.metrics import is_loopback
from edge_node.supervise import RoomState
from tests.gateway.rig import RunningNode, Site, running

Values = dict[str, dict[tuple[tuple[str, str], ...], float]]


async def scrape(node: RunningNode) -> str:
    answer = await node.client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    return answer.text


def parse(text: str) -> Values:
    values: Values = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            values.setdefault(sample.name, {})[tuple(sorted(sample.labels.items()))] = sample.value
    return values


async def test_the_figures_follow_what_happens(site: Site) -> None:
    """Bodies, events, pieces, responses, refusals, commits and rooms, each at the number that is true."""
    async with running(site, http={"metrics": True}) as node:
        first = parse(await scrape(node))
        for number in range(3):
            assert (await node.say(b'{"n":%d}' % number)).status_code == 202
        assert (await node.ask("POST", "/api/v1/pieces", b"content")).status_code == 201
        assert (await node.ask("POST", "/api/v1/pieces", b"content")).status_code == 200
        assert (await node.client.get("/api/v1/streams")).status_code == 401
        values = parse(await scrape(node))

    def grown(name: str, **labels: str) -> float:
        place = tuple(sorted(labels.items()))
        return values[name][place] - first.get(name, {}).get(place, 0)

    assert grown("edge_node_store_bodies_total") == grown("edge_node_store_events_total") == 3
    assert (grown("edge_node_store_puts_total"), grown("edge_node_store_duplicate_puts_total")) == (2, 1)
    assert grown("edge_node_http_responses_total", code="202") == 3
    assert grown("edge_node_refusals_total", slug="signature-missing") == 1
    assert grown("edge_node_commit_seconds_count") >= 4
    assert grown("edge_node_journal_records_total") >= 4
    assert values["edge_node_ready"][()] == 1
    assert values["edge_node_room_state"][("room", "journal"), ("state", "running")] == 1
    assert values["edge_node_journal_mode"][(("mode", "writable"),)] == 1
    assert values["edge_node_journal_segments"][(("class", "ev"),)] == 1
    assert values["edge_node_http_connections"][()] >= 1
    doors = {
        tuple(dict(series)[label] for label in ("door", "mode")) for series in values["edge_node_door_connections"]
    }
    assert doors == {("http", "full"), ("grpc", "full")}
    assert values["edge_node_trust_devices"][(("status", "suspended"),)] == 1
    assert set(values["edge_node_room_heartbeat_age_seconds"]) == {(("room", "journal"),), (("room", "store"),)}
    assert values["process_resident_memory_bytes"][()] > 1_000_000


async def test_the_label_sets_are_bounded(site: Site) -> None:
    """A stranger who asks for a thousand paths, streams and keys adds no series of their making."""
    async with running(site, http={"metrics": True}) as node:
        for number in range(50):
            await node.client.get(f"/no/{number}")
            await node.say(b"{}", f"stranger {number}")
        values = parse(await scrape(node))
    assert len(values["edge_node_room_state"]) <= 10 * len(RoomState)
    assert len(values["edge_node_http_responses_total"]) < 10
    assert len(values["edge_node_refusals_total"]) < 200
    assert sum(len(series) for series in values.values()) < 600


async def test_without_the_setting_there_is_no_such_path(site: Site) -> None:
    """The default opens nothing."""
    async with running(site) as node:
        assert (await node.client.get("/metrics")).status_code == 404


async def test_the_names_follow_the_conventions(site: Site) -> None:
    """Ours begin with edge_node_, counters end in _total, times are seconds and sizes are bytes."""
    async with running(site, http={"metrics": True}) as node:
        text = await scrape(node)
    for family in text_string_to_metric_families(text):
        assert family.documentation
        assert family.name.startswith(("edge_node_", "process_")), family.name
        if family.type == "counter" and not family.name.startswith("process_"):
            assert all(sample.name.endswith("_total") for sample in family.samples), family.name
        assert not family.name.endswith(("_ms", "_milliseconds", "_kb", "_mb")), family.name
        assert not any(sample.name.endswith("_created") for sample in family.samples)


@pytest.mark.needs_promtool
async def test_promtool_has_nothing_to_say(site: Site) -> None:
    """`promtool check metrics` passes without a word."""
    async with running(site, http={"metrics": True}) as node:
        await node.say(b"{}")
        text = await scrape(node)
    done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


@pytest.mark.parametrize("peer", ["127.0.0.1", "127.8.9.1", "::1", "::ffff:127.0.0.1"])
def test_this_machine_may_ask(peer: str) -> None:
    """In whichever form the address comes."""
    assert is_loopback(peer)


@pytest.mark.parametrize("peer", ["10.0.0.7", "192.168.1.1", "fe80::1%eth0", "::ffff:10.0.0.7", "0.0.0.0"])
def test_others_may_not(peer: str) -> None:
    """A door on the LAN shows no figures."""
    assert not is_loopback(peer)
    assert LoopbackOnly(peer).status == 403


def test_every_family_is_declared_once() -> None:
    """No name twice."""
    names = [family.name for family in FAMILIES]
    assert len(names) == len(set(names))
