"""The second process of a trial: what it proves, and that it finds every lie."""

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
import trio

from edge_node.base.clock import SystemClock
from edge_node.devnet.check import CheckReport, check_site, flip_digit
from edge_node.devnet.layout import History, write_value
from edge_node.devnet.ledger import Entry, read_ledger
from edge_node.devnet.processes import processes
from edge_node.devnet.sensors import SENSORS
from edge_node.devnet.site import Site


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    """A site whose five devices have sent a little and are stopped; the node runs."""
    with processes() as running:
        site = Site(tmp_path, running)
        site.start_stations(list(SENSORS))
        await site.make_node()
        for name in SENSORS:
            await site.enrol(name)
        await site.start_node()
        began = SystemClock().now_ms()
        site.tell_stations(dict.fromkeys(SENSORS, site.url))
        while not all(read_ledger(site.files.station(name).ledger) for name in SENSORS):
            await trio.sleep(0.05)
        await site.stop_stations()
        ended = SystemClock().now_ms() + 1
        write_value(site.files.history, History("network", began, ended, ended, ended))
        yield site


async def _check(site: Site) -> CheckReport:
    return await trio.to_thread.run_sync(check_site, site.files.root)


def _false(report: CheckReport) -> list[str]:
    return [claim.text for claim in report.claims if not claim.holds]


async def test_an_honest_site_is_proved_and_every_lie_is_found(site: Site) -> None:
    """A receipt for what is not stored, for other bytes, under another key, or a store that holds more."""
    report = await _check(site)
    assert _false(report) == []
    assert all(tally.acknowledged == tally.verified > 0 for tally in report.devices)

    files = site.files.station("disk")
    honest, entries = files.ledger.read_bytes(), read_ledger(files.ledger)
    far = msgspec.structs.replace(entries[-1], first_offset=10**6)
    other = msgspec.structs.replace(entries[0], cid=read_ledger(site.files.station("cpu").ledger)[0].cid)
    for lie in (far, other, msgspec.structs.replace(entries[0], count=entries[0].count + 1)):
        files.ledger.write_bytes(honest + _line(lie))
        assert any("are stored" in text for text in _false(await _check(site)))
    files.ledger.write_bytes(b"".join(map(_line, entries[:-1])))
    assert any("unacknowledged" in text for text in _false(await _check(site)))
    files.ledger.write_bytes(honest)

    key = files.public.read_text()
    files.public.write_text(site.files.station("cpu").public.read_text())
    assert any("are stored" in text for text in _false(await _check(site)))
    files.public.write_text(key)
    assert _false(await _check(site)) == []


def _line(entry: Entry) -> bytes:
    return msgspec.json.encode(entry) + b"\n"


def test_flipping_a_digit_keeps_the_json_sound() -> None:
    """The refusal is then about the signature and nothing else."""
    assert flip_digit(b'{"a": 14, "b": []}') == b'{"a": 15, "b": []}'
