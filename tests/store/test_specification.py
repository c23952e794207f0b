"""The specification is enough: its own program gives back what the store keeps, whatever its kind."""

import os
import re
import subprocess
import sys
from pathlib import Path

import msgspec

from edge_node.base.limits import MIB
from edge_node.store import bucket_errors
from edge_node.store.dag import DEPTH_MAX, NODE_BYTES_MAX, PATH_CHARACTERS_MAX, REACHED_BYTES_MAX, REACHED_NODES_MAX
from edge_node.store.files import PARTS_MAX
from edge_node.store.name_record import NAME_CHARACTERS_MAX, RECORD_BYTES_MAX
from edge_node.store.names import NAMES_MAX
from edge_node.trust.access import Verb
from edge_node.wire.cid import cid_digest, raw_piece_cid
from tests.store.rig import JOURNAL, bucket_of, opened

SPECIFICATION = (Path(__file__).parents[2] / "docs/specs/store-records.md").read_text()
ONE = bucket_of("ann", 1)


def read_as_a_stranger(root: Path, cid: bytes) -> bytes:
    """Run the program printed in the specification."""
    match = re.search(r"```python\n(.*?)```", SPECIFICATION, re.DOTALL)
    assert match is not None
    command = [sys.executable, "-c", match[1], str(root), cid.hex()]
    done = subprocess.run(command, capture_output=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


async def test_a_stranger_reads_what_was_stored(tmp_path: Path) -> None:
    """A small piece, a large one, a node, a file over both, from several segments."""
    small, large, node = b"small", os.urandom(2 * MIB + 9), b"\x0a\x04Leaf"
    parts = [cid_digest(raw_piece_cid(part)) for part in (large, small)]
    async with opened(tmp_path, journal=msgspec.structs.replace(JOURNAL, segment_bytes=MIB)) as store:
        access = store.may_in(ONE, Verb.PUT)
        cids = [(await store.put_in(ONE, content)).cid for content in (small, large)]
        cids.append((await store.dag.put(access, ONE, node)).cid)
        cids.append((await store.files.put_multipart(access, ONE, parts, len(large + small))).cid)
    for cid, content in zip(cids, (small, large, node, large + small), strict=True):
        assert read_as_a_stranger(tmp_path, cid) == content


def test_its_figures_are_those_of_the_code() -> None:
    """Every limit it names is the one that is kept, and every refusal has its name and status."""
    text = " ".join(SPECIFICATION.split())
    for said in (
        f"1 to {PARTS_MAX:,} parts", f"above {NODE_BYTES_MAX:,} bytes", f"at most {PATH_CHARACTERS_MAX:,} characters",
        f"at most {DEPTH_MAX} nodes", f"at most {REACHED_NODES_MAX:,} nodes and {REACHED_BYTES_MAX // MIB} MiB",
        f"1 to {NAME_CHARACTERS_MAX} characters", f"At most {RECORD_BYTES_MAX:,} bytes", f"at most {NAMES_MAX:,} names",
    ):  # fmt: skip
        assert said in text
    known = {one.slug: one.status for one in vars(bucket_errors).values() if hasattr(one, "slug")}
    for slug, status in re.findall(r"\| `([a-z-]+)` \| (\d{3}) \|", SPECIFICATION):
        assert known.get(slug, int(status)) == int(status)
    for slug in known.keys() - {"internal", "no-bucket", "not-a-node"}:
        assert f"`{slug}`" in SPECIFICATION or slug.startswith("store"), slug
