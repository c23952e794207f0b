"""FileApi through the npm SDK, over gRPC and over WebSocket."""

import json
from pathlib import Path
from typing import Any

import pytest

from edge_node.base.limits import KIB, MIB
from tests.interop.conftest import Ask
from tests.interop.contents import content, is_whole, multipart_cid, raw_cid
from tests.interop.driving import CaseError, Driver
from tests.interop.place import EDITHS, PRIVATE, PUBLIC

pytestmark = pytest.mark.needs_node

VECTORS = {
    one["id"]: one for one in json.loads((Path(__file__).parents[1] / "vectors/ddc.json").read_text())["vectors"]
}
# The empty piece is left out: the SDK refuses to send it. Those without content are CIDs of contents nobody gave.
RAW = [
    name
    for name, one in VECTORS.items()
    if one.get("contentLength") and ("contentHex" in one or "contentRule" in one) and one["contentType"] == "raw-piece"
]
SIZES = [1, 2, 16 * KIB + 1, MIB - 1, MIB, MIB + 1, 4_000_000, 4_091_904, 4_091_905, 9 * MIB + 7]


def refused(ask: Ask, case: str, **args: Any) -> dict[str, Any]:
    """The error a case ends with."""
    with pytest.raises(CaseError) as caught:
        ask(case, **args)
    return dict(caught.value.facts)


@pytest.mark.parametrize("size", SIZES)
def test_a_raw_piece_comes_back_as_it_went(ask: Ask, size: int) -> None:
    """Its CID is the BLAKE3 of its content; reading with `authenticate` makes the SDK hash it too."""
    raw = content(size, size % 251)
    cid = ask("files.put", bucket=PRIVATE, size=size, seed=size % 251)["cid"]
    assert cid == raw_cid(raw)
    assert is_whole(ask("files.get", bucket=PRIVATE, cid=cid), raw)
    assert is_whole(ask("files.get", bucket=PRIVATE, cid=cid, authenticate=True), raw)


def test_the_largest_raw_piece_comes_back_as_it_went(ask: Ask) -> None:
    """128 MiB in messages of about 4 MB, each one acknowledged."""
    raw = content(128 * MIB, 5)
    cid = ask("files.put", bucket=PRIVATE, size=len(raw), seed=5)["cid"]
    assert cid == raw_cid(raw)
    seen = ask("files.get", bucket=PRIVATE, cid=cid, authenticate=True)
    assert is_whole(seen, raw)
    assert seen["messages"] <= 40


@pytest.mark.parametrize("name", RAW)
def test_raw_vectors_get_their_cid(ask: Ask, name: str) -> None:
    """Every raw vector whose content is given is named as the vector says."""
    vector = VECTORS[name]
    given = {"hex": vector["contentHex"]} if "contentHex" in vector else {"size": vector["contentLength"]}
    cid = ask("files.put", bucket=EDITHS, who="edith", **given)["cid"]
    assert cid == vector["cidString"]
    assert ask("files.get", bucket=EDITHS, who="edith", cid=cid, authenticate=True)["size"] == vector["contentLength"]


def test_the_multipart_vector_gets_its_cid(ask: Ask) -> None:
    """Parts of 4096, 4096 and 1000 bytes: the whole is named by its BLAKE3, and read back as one."""
    vector = VECTORS["multipart-tree-small"]
    whole = content(vector["wholeLength"])
    parts, at = [], 0
    for size, cid in zip((4096, 4096, 1000), vector["partPlainCids"], strict=True):
        part = whole[at : at + size]
        assert ask("files.put", bucket=PRIVATE, hex=part.hex(), part=at)["cid"] == cid
        parts.append(cid)
        at += size
    joined = ask("files.join", bucket=PRIVATE, parts=parts, totalSize=len(whole), partSize=4096)
    assert joined["cid"] == vector["cidString"]
    assert is_whole(ask("files.get", bucket=PRIVATE, cid=joined["cid"], authenticate=True), whole)


def test_a_part_size_that_the_sdk_rounds_up_does_not_matter(ask: Ask) -> None:
    """5 MiB parts are announced as 8 MiB; their real lengths count, also in ranges over their borders."""
    sizes = [5 * MIB, 5 * MIB, 1_000]
    parts = [
        ask("files.put", bucket=PRIVATE, size=size, seed=seed, part=seed * 5 * MIB)["cid"]
        for seed, size in enumerate(sizes)
    ]
    whole = b"".join(content(size, seed) for seed, size in enumerate(sizes))
    cid = ask("files.join", bucket=PRIVATE, parts=parts, totalSize=len(whole), partSize=5 * MIB)["cid"]
    assert cid == multipart_cid(whole)
    for start, end in ((0, 0), (5 * MIB - 3, 5 * MIB + 3), (10 * MIB - 1, len(whole) - 1), (0, len(whole) - 1)):
        seen = ask("files.get", bucket=PRIVATE, cid=cid, range={"start": start, "end": end})
        assert is_whole(seen, whole[start : end + 1])


@pytest.mark.parametrize(
    ("start", "end"), [(0, 0), (0, MIB - 1), (MIB - 2, MIB + 1), (3 * MIB + 5, 3 * MIB + 5), (1, 3 * MIB + 5)]
)
def test_a_range_is_inclusive_at_both_ends(ask: Ask, start: int, end: int) -> None:
    """Also over the borders of what is stored together, and with `authenticate`, which checks nothing then."""
    raw = content(3 * MIB + 6, 9)
    cid = ask("files.put", bucket=PRIVATE, size=len(raw), seed=9)["cid"]
    for authenticate in (False, True):
        asked = {"start": start, "end": end}
        seen = ask("files.get", bucket=PRIVATE, cid=cid, range=asked, authenticate=authenticate)
        assert is_whole(seen, raw[start : end + 1])


@pytest.mark.parametrize(("start", "end"), [(5, 4), (100, 100), (0, 100), (2**53, 2**53)])
def test_a_range_outside_the_piece_is_refused(ask: Ask, start: int, end: int) -> None:
    """With a status that the SDK does not try again on."""
    cid = ask("files.put", bucket=PRIVATE, size=100, seed=1)["cid"]
    error = refused(ask, "files.get", bucket=PRIVATE, cid=cid, range={"start": start, "end": end})
    assert error["code"] == "OUT_OF_RANGE"


def test_chunks_of_any_size_make_the_same_piece(ask: Ask) -> None:
    """12,345-byte messages, and chunks that the SDK joins to large ones first."""
    for exact in (True, False):
        cid = ask("files.put", bucket=PRIVATE, size=3_000_000, seed=2, chunk=12_345, exact=exact)["cid"]
        assert cid == raw_cid(content(3_000_000, 2))


def test_the_stream_says_how_large_a_piece_is(ask: Ask) -> None:
    """The SDK's own tests announce 128 MiB for a last part of 1 MiB."""
    source = {"size": MIB, "seed": 3, "chunk": MIB}
    cid = ask("files.put", bucket=PRIVATE, declared=128 * MIB, part=0, **source)["cid"]
    assert cid == raw_cid(content(MIB, 3))


def test_more_than_was_announced_is_refused(ask: Ask) -> None:
    """A size may be an upper bound, never a lower one."""
    error = refused(ask, "files.put", bucket=PRIVATE, declared=1_000, size=1_001, chunk=500, exact=True)
    assert error["code"] == "INVALID_ARGUMENT"


def test_parts_that_do_not_add_up_are_refused(ask: Ask) -> None:
    """A total that is not the sum, a part that is not there, a part of another bucket."""
    parts = [ask("files.put", bucket=PRIVATE, size=1_000, seed=seed, part=0)["cid"] for seed in (20, 21)]
    join = {"bucket": PRIVATE, "partSize": MIB}
    assert refused(ask, "files.join", parts=parts, totalSize=2_001, **join)["code"] == "INVALID_ARGUMENT"
    missing = [parts[0], raw_cid(b"nobody has this")]
    assert refused(ask, "files.join", parts=missing, totalSize=1_015, **join)["code"] == "NOT_FOUND"
    elsewhere = join | {"bucket": PUBLIC}
    assert refused(ask, "files.join", parts=parts, totalSize=2_000, **elsewhere)["code"] == "NOT_FOUND"


def test_what_one_bucket_holds_another_does_not(ask: Ask) -> None:
    """The same owner, the same content identifier, another bucket."""
    cid = ask("files.put", bucket=PRIVATE, size=777, seed=77)["cid"]
    assert refused(ask, "files.get", bucket=PUBLIC, cid=cid)["code"] == "NOT_FOUND"


def test_a_file_of_257_mib_goes_in_parts(sdk: Driver) -> None:
    """FileStorage splits it at 128 MiB, joins it and reads it back whole."""
    raw = content(257 * MIB, 6)
    seen = sdk("client.large", bucket=PRIVATE, size=len(raw), seed=6, chunk=4 * MIB)
    assert seen["cid"] == multipart_cid(raw)
    assert is_whole(seen, raw)
