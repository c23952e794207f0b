"""`edge-node store` against a real node whose buckets hold something of every kind."""

import json
import sys
import tempfile
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest
import trio

from edge_node.base.limits import MIB
from edge_node.cli import main
from edge_node.cli.store import BUCKET_HEADS, OWNER_CELLS, _cells
from edge_node.cli.words import say_table
from edge_node.trust.account import address_of
from tests.control.buckets import NAMES, RULES, Filled, fill
from tests.control.rig import at_the_door, settings_file
from tests.gateway.rig import Site, make_site
from tests.trust.wallets import OWNER

TOTALS = ("stores", "stored_bytes", "reads", "sent_bytes", "acked_bytes")


@dataclass(frozen=True)
class Asked:
    """A running node, what it holds, and the command line pointed at it."""

    site: Site
    there: Filled

    async def cli(self, *arguments: str) -> "CompletedProcess[bytes]":
        """A process of ours, for the same settings."""
        command = [sys.executable, "-m", "edge_node", "store", *arguments, "--config", settings_file(self.site, "")]
        return await trio.run_process(command, capture_stdout=True, capture_stderr=True, check=False)

    async def rows(self, *arguments: str) -> Any:
        """Its JSON answer."""
        done = await self.cli(*arguments, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return make_site(tmp_path_factory.mktemp("node") / "data")


@pytest.fixture
def site(template: Site) -> Iterator[Site]:
    """A stopped node with short paths."""
    with tempfile.TemporaryDirectory(prefix="en") as directory:
        yield template.copy(Path(directory) / "d")


@asynccontextmanager
async def asked(site: Site) -> AsyncGenerator[Asked, None]:
    there = await fill(site)
    async with at_the_door(site, ddc=RULES):
        yield Asked(site, there)


async def test_buckets_are_listed_with_who_vouches_for_them(site: Site) -> None:
    """As a table and in JSON; one that nobody vouches for is refused."""
    async with asked(site) as node:
        rows = await node.rows("buckets")
        assert [(row["bucket"], row["public"], row["names"]) for row in rows] == [
            (7, False, 3), (9, True, 0), (11, True, 0), (99, None, 0),
        ]  # fmt: skip
        assert [row["bucket"] for row in await node.rows("buckets", "--owner", site.node.hex())] == [9]
        table = (await node.cli("buckets")).stdout.decode().splitlines()
        assert tuple(table[0].split()) == BUCKET_HEADS
        owner = address_of(OWNER.public)[:OWNER_CELLS]
        assert table[1].split() == f"7 private 4 2.0 MiB 3 1 2.0 MiB 1 50 B 30 B {owner}".split()
        assert table[4].split()[:2] == ["99", "refused"]
        assert [rows[0][name] for name in TOTALS] == [1, 2 * MIB + 5, 1, 50, 30]


def test_a_bucket_s_row_fits_into_a_hundred_columns(capsys: pytest.CaptureFixture[str]) -> None:
    """Also where a million pieces went out a million times."""
    figures = {name: 2**40 - 1 if name.endswith("bytes") else 999_999 for name in ("pieces", "bytes", "names", *TOTALS)}
    row: Any = {"bucket": 123_456, "public": False, "authority": "settings", "address": "6S" * 24} | figures
    say_table(BUCKET_HEADS, [_cells(row)])
    lines = capsys.readouterr().out.splitlines()
    assert "1.0 TiB" in lines[1]
    assert max(map(len, lines)) <= 100


async def test_pieces_are_found_by_bucket_kind_and_beginning(site: Site) -> None:
    """With who holds each."""
    async with asked(site) as node:
        assert [row["cid"] for row in await node.rows("pieces", "--bucket", "7", "--kind", "dag")] == [node.there.node]
        assert [row["kind"] for row in await node.rows("pieces", "--cid", node.there.file[:20])] == ["multipart"]
        assert {row["cid"] for row in await node.rows("pieces", "--vault", site.node.hex())} == {
            node.there.own, node.there.parts[1],
        }  # fmt: skip
        table = (await node.cli("pieces", "--bucket", "9")).stdout.decode()
        assert f"{OWNER.public.hex()[:16]}/7" in table
        assert f"{site.node.hex()[:16]}/9" in table
        assert "kept" in table


async def test_names_cannot_drive_the_terminal(site: Site) -> None:
    """Anybody who may write to a bucket chooses them; in JSON they are as they came."""
    async with asked(site) as node:
        assert [row["name"] for row in await node.rows("names", "7")] == list(NAMES)
        table = (await node.cli("names", "7")).stdout.decode()
        assert "evil[bold]\\u202e\\u2066" in table
        assert "\u202e" not in table
        assert "60 s" in table
        assert [row["name"] for row in await node.rows("names", "7", "--filter", "index")] == ["site/index"]


async def test_every_kind_is_verified(site: Site) -> None:
    """Exit code 0 for what is intact, 1 for what is not, and for what is not there."""
    async with asked(site) as node:
        for cid, kind in ((node.there.file, "multipart"), (node.there.node, "dag"), (node.there.parts[1], "raw")):
            verdict = await node.rows("verify", cid, "--bucket", "7")
            assert (verdict["intact"], verdict["kind"], verdict["bucket"]) == (True, kind, 7)
        told = (await node.cli("verify", node.there.own)).stdout.decode()
        assert told.splitlines()[1].split()[-1] == "intact"
        missing = await node.cli("verify", node.there.own, "--bucket", "7")
        assert (missing.returncode, b"no piece" in missing.stderr) == (1, True)
        path = next((site.paths.segments / "px").glob("*.seg"))
        content = bytearray(path.read_bytes())
        at = content.index(b"\x02" * 64)
        content[at] ^= 1
        path.write_bytes(content)
        broken = await node.cli("verify", node.there.file)
        assert broken.returncode == 1
        assert b"damaged" in broken.stdout


def test_a_stopped_node_keeps_it_to_itself(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What it holds is asked of a running one; the error says so."""
    assert main(["init", "--data-dir", str(tmp_path / "n")]) == 0
    config = str(tmp_path / "n" / "edge-node.toml")
    for verb in (["buckets"], ["pieces"], ["names", "7"], ["verify", "b" + "a" * 58]):
        assert main(["store", *verb, "--config", config]) == 1
        assert "no node answers" in capsys.readouterr().err
