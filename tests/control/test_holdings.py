"""What the store holds: the beginnings of CIDs, pieces, buckets and names."""

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.base.limits import MIB
from edge_node.control.errors import BadParameter
from edge_node.control.holdings import cid_span
from edge_node.trust.account import address_of
from edge_node.wire.cid import format_cid, parse_cid, raw_piece_cid
from tests.control.buckets import NAMES, PARTS, RULES, fill
from tests.control.rig import at_the_door, refused
from tests.gateway.rig import Site, key_of
from tests.trust.wallets import OWNER


@given(st.binary(min_size=1, max_size=4), st.integers(0, 59))
def test_a_cid_lies_in_the_span_of_each_of_its_beginnings(content: bytes, length: int) -> None:
    """And outside that of another's."""
    cid = raw_piece_cid(content)
    least, most = cid_span(format_cid(cid)[:length])
    assert least <= bytes(cid) <= most
    other = raw_piece_cid(content + b"x")
    if length > 7 + 8:
        assert not least <= bytes(other) <= most


@pytest.mark.parametrize("text", ["x", "B", "b1", "b8", "b" + "a" * 65, "b ", "bé"])
def test_what_begins_no_cid_is_refused(text: str) -> None:
    """Instead of an empty list, which would say that there is none."""
    with pytest.raises(BadParameter):
        cid_span(text)


async def test_buckets_with_what_they_hold(site: Site) -> None:
    """Those of the settings, and those that only hold something still; each with its owner and figures."""
    await fill(site)
    async with at_the_door(site, ddc=RULES) as door:
        page = await door.view.get("/v1/buckets")
        rows = {row["bucket"]: row for row in page["buckets"]}
        assert (list(rows), page["next"]) == ([7, 9, 11, 99], None)
        figures = {number: (row["pieces"], row["bytes"], row["names"]) for number, row in rows.items()}
        assert figures == {7: (4, 2 * MIB + 5 + 8, 3), 9: (1, MIB + 5, 0), 11: (0, 0, 0), 99: (1, 10, 0)}
        assert {number: (row["public"], row["authority"]) for number, row in rows.items()} == {
            7: (False, "settings"), 9: (True, "settings"), 11: (True, "settings"), 99: (None, None),
        }  # fmt: skip
        told = ("stores", "stored_bytes", "reads", "sent_bytes", "acked_bytes")
        assert [rows[7][name] for name in told] == [1, 2 * MIB + 5, 1, 50, 30]
        assert [rows[9][name] for name in told] == [0] * 5
        assert (rows[9]["owner"], rows[7]["address"]) == (site.node.hex(), address_of(OWNER.public))
        mine = await door.view.get("/v1/buckets", {"owner": site.node.hex()})
        assert [row["bucket"] for row in mine["buckets"]] == [9]
        first = await door.view.get("/v1/buckets", {"limit": 3})
        rest = await door.view.get("/v1/buckets", {"after": first["next"]})
        assert [row["bucket"] for row in (*first["buckets"], *rest["buckets"])] == [7, 9, 11, 99]
        for query in ({"owner": "x"}, {"after": "x/y"}, {"limit": 0}):
            async with refused(400, "bad-parameter"):
                await door.view.get("/v1/buckets", query)


async def test_pieces_by_bucket_and_kind(site: Site) -> None:
    """Each with who holds it; a filter of both leaves what is both."""
    there = await fill(site)
    async with at_the_door(site, ddc=RULES) as door:

        async def cids(**query: Any) -> list[str]:
            return [row["cid"] for row in (await door.view.get("/v1/pieces", query))["pieces"]]

        assert await cids(bucket=7) == sorted((*there.parts, there.file, there.node), key=parse_cid)
        assert await cids(bucket=9) == [there.parts[1]]
        assert await cids(bucket=7, kind="dag") == [there.node]
        assert await cids(kind="multipart") == [there.file]
        assert await cids(bucket=8) == []
        rows = {row["cid"]: row for row in (await door.view.get("/v1/pieces"))["pieces"]}
        kinds = {there.file: "multipart", there.node: "dag", there.own: "raw", there.parts[0]: "raw"}
        assert {cid: rows[cid]["kind"] for cid in kinds} == kinds
        assert rows[there.own]["references"] == [{"vault": site.node.hex(), "bucket": None}]
        assert rows[there.parts[1]]["owners"] == 2
        assert {one["bucket"] for one in rows[there.parts[1]]["references"]} == {7, 9}
        for query in ({"kind": "piece"}, {"bucket": "x"}, {"bucket": -1}):
            async with refused(400, "bad-parameter"):
                await door.view.get("/v1/pieces", query)


async def test_a_multipart_tells_its_parts(site: Site) -> None:
    """In order; and the document of every kind says what it is and through which bucket it is held."""
    there = await fill(site)
    async with at_the_door(site, ddc=RULES) as door:
        file = await door.view.get(f"/v1/pieces/{there.file}")
        assert (file["kind"], file["bytes"], file["parts_count"]) == ("multipart", sum(map(len, PARTS)), 2)
        assert [(part["cid"], part["bytes"]) for part in file["parts"]] == [
            (cid, len(part)) for cid, part in zip(there.parts, PARTS, strict=True)
        ]
        assert [(one["bucket"], one["vault"]) for one in file["owners"]] == [(7, OWNER.public.hex())]
        node = await door.view.get(f"/v1/pieces/{there.node}")
        assert (node["kind"], node["parts"], node["bytes"]) == ("dag", [], 8)


async def test_content_is_read_through_its_bucket(site: Site) -> None:
    """Of every kind; not through another, not by the vault itself, and not by viewers."""
    there = await fill(site)
    whole = b"".join(PARTS)
    async with at_the_door(site, ddc=RULES) as door:
        scope = {"vault": OWNER.public.hex(), "bucket": 7}
        path = f"/v1/pieces/{there.file}/content"
        page = await door.control.get(path, {**scope, "from": MIB - 3, "length": 6})
        assert base64.b64decode(page["content_base64"]) == whole[MIB - 3 : MIB + 3] == b"\x01\x01\x01\x02\x02\x02"
        assert page["bytes"] == len(whole)
        node = await door.control.get(f"/v1/pieces/{there.node}/content", scope)
        assert base64.b64decode(node["content_base64"]) == b"\x0a\x06a node"
        for query in ({"vault": OWNER.public.hex()}, {**scope, "bucket": 9}, {"bucket": 7}):
            async with refused(404, "unknown-piece"):
                await door.control.get(path, query)
        async with refused(403, "access-denied"):
            await door.view.get(path, scope)


async def test_names_of_a_bucket(site: Site) -> None:
    """As they came, in the order of their bytes; a page at a time, and by part of the name."""
    there = await fill(site)
    async with at_the_door(site, ddc=RULES) as door:
        page = await door.view.get("/v1/names", {"bucket": 7})
        assert [row["name"] for row in page["names"]] == list(NAMES)
        assert {(row["cid"], row["ttl_s"], row["signer"]) for row in page["names"]} == {
            (there.node, 60, key_of("writer").public.hex())
        }
        first = await door.view.get("/v1/names", {"bucket": 7, "limit": 2})
        rest = await door.view.get("/v1/names", {"bucket": 7, "after": first["next"]})
        assert ([row["name"] for row in rest["names"]], first["next"]) == ([NAMES[2]], NAMES[1])
        found = await door.view.get("/v1/names", {"bucket": 7, "filter": "index"})
        assert [row["name"] for row in found["names"]] == ["site/index"]
        assert (await door.view.get("/v1/names", {"bucket": 8}))["names"] == []
        async with refused(400, "bad-parameter"):
            await door.view.get("/v1/names")
