"""DagApi through the npm SDK, over gRPC and over WebSocket."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.interop.conftest import Ask
from tests.interop.contents import content, dag_cid, raw_cid
from tests.interop.place import EDITHS, PRIVATE, PUBLIC
from tests.interop.test_files import refused

pytestmark = pytest.mark.needs_node

VECTORS = {
    one["id"]: one for one in json.loads((Path(__file__).parents[1] / "vectors/ddc.json").read_text())["vectors"]
}


def put(ask: Ask, data: str, *links: tuple[str, str], bucket: int = PRIVATE) -> str:
    """Store a node with links (cid, name)."""
    named = [{"cid": cid, "name": name, "size": 1} for cid, name in links]
    return str(ask("dag.put", bucket=bucket, data=data, links=named)["cid"])


@pytest.mark.parametrize("name", ["dag-leaf", "dag-empty"])
def test_dag_vectors_get_their_cid(ask: Ask, name: str) -> None:
    """The empty node too, which must come back as a node and not as nothing."""
    vector = VECTORS[name]
    given: dict[str, Any] = {"data": vector["dataUtf8"]} if "dataUtf8" in vector else {"hex": ""}
    cid = ask("dag.put", bucket=EDITHS, who="edith", **given)["cid"]
    assert cid == vector["cidString"]
    seen = ask("dag.get", bucket=EDITHS, who="edith", cid=cid, authenticate=True)["node"]
    assert seen == {"data": vector.get("dataUtf8", ""), "links": [], "tags": []}


def test_a_node_comes_back_with_links_and_tags(ask: Ask) -> None:
    """The SDK encodes what it got anew and compares the hash with the CID."""
    links = [{"cid": raw_cid(b"a"), "name": "a/b.txt", "size": 7}, {"cid": raw_cid(b"b"), "name": "", "size": 0}]
    tags = [{"key": "Content-Type", "value": "text/plain"}, {"key": "", "value": ""}]
    cid = ask("dag.put", bucket=PRIVATE, data="grüße", links=links, tags=tags)["cid"]
    seen = ask("dag.get", bucket=PRIVATE, cid=cid, authenticate=True)["node"]
    assert seen == {"data": "grüße", "links": links, "tags": tags}


def test_paths_lead_from_node_to_node(ask: Ask) -> None:
    """First the whole rest of the path as one name, then segment by segment."""
    leaf, other = put(ask, "leaf"), put(ask, "other")
    middle = put(ask, "middle", (leaf, "leaf"))
    root = put(ask, "root", (middle, "a"), (other, "a/b"), (leaf, "assets/styles.css"))
    for path, data in (("a", "middle"), ("a/leaf", "leaf"), ("a/b", "other"), ("assets/styles.css", "leaf")):
        assert ask("dag.get", bucket=PRIVATE, cid=root, path=path)["node"]["data"] == data


def test_a_path_to_nowhere_is_not_found(ask: Ask) -> None:
    """A name that no link has, a link to what is not there, a node that is not there."""
    nowhere = dag_cid(b"\x0a\x05never")
    root = put(ask, "root", (nowhere, "gone"))
    for cid, path in ((root, "nobody"), (root, "gone"), (nowhere, None)):
        assert refused(ask, "dag.get", bucket=PRIVATE, cid=cid, path=path)["code"] == "NOT_FOUND"


def test_a_node_of_another_bucket_is_not_found(ask: Ask) -> None:
    """Also as the end of a path that begins in the right one."""
    elsewhere = put(ask, "only in the private bucket")
    root = put(ask, "root of another", (elsewhere, "x"), bucket=PUBLIC)
    for asked in ({"cid": elsewhere}, {"cid": root, "path": "x"}):
        assert refused(ask, "dag.get", bucket=PUBLIC, **asked)["code"] == "NOT_FOUND"


def test_a_node_that_could_not_be_read_back_is_refused(ask: Ask) -> None:
    """The SDK takes messages up to 4 MiB: 4,000,000 bytes of node fit, one more is told so at once."""
    data_max = 4_000_000 - len(b"\x0a" + b"\x80\x92\xf4\x01")
    cid = ask("dag.put", bucket=PRIVATE, size=data_max)["cid"]
    assert ask("dag.get", bucket=PRIVATE, cid=cid, authenticate=True)["node"]["data"] == data_max
    assert cid == dag_cid(b"\x0a" + varint(data_max) + content(data_max))
    assert refused(ask, "dag.put", bucket=PRIVATE, size=data_max + 1)["code"] == "INVALID_ARGUMENT"


def varint(value: int) -> bytes:
    """Protobuf's form of a length."""
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])
