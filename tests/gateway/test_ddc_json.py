"""Nodes and names in JSON over HTTP."""

import base64
import json
from pathlib import Path
from typing import Any

import httpx
import pytest
import trio

from edge_node.activity import Action
from edge_node.base.ids import Digest
from edge_node.gateway.ddc_json import NAME_BODY_BYTES, NODE_BODY_BYTES
from edge_node.store.records import NAME_KIND, PIECE_KIND
from edge_node.trust.token_book import TokenBook
from edge_node.trust.token_revocations import TokenRevocation
from edge_node.wire.cid import CidKind, format_cid, make_cid, parse_cid, read_cid
from tests.gateway.ddc_house import OWNER, PRIVATE, PUBLIC, STRANGER, House, house
from tests.gateway.rig import CLOCK
from tests.gateway.tickets import Tickets
from tests.gateway.wallet import GET, GET_REQUEST, PUT, STORE_REQUEST, text_of
from tests.serving.rig import read_answer


def b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def slug_of(answer: httpx.Response) -> str:
    return str(answer.json()["type"]).rpartition(":")[2]


def token(bucket: int = PUBLIC, **changed: Any) -> str:
    return text_of(OWNER.token(bucket=bucket, **({"operations": [GET, PUT]} | changed)))


async def post(at: House, path: str, message: object, **headers: str) -> httpx.Response:
    """Send a message, with the owner's token unless told otherwise."""
    said = {"content-type": "application/json"} | {name.replace("_", "-"): value for name, value in headers.items()}
    if "token" not in said:
        said["token"] = token(int(path.rpartition("/")[2]))
    content = message if isinstance(message, bytes) else json.dumps(message).encode()
    return await at.client.post(path, content=content, headers=said)


def record_of(name: str, cid: bytes, ttl: int | None = None) -> dict[str, Any]:
    """A signed record in JSON."""
    record = OWNER.record(name, cid)
    said: dict[str, Any] = {"name": record.name, "cid": b64(record.cid)}
    signature = record.signature
    said["signature"] = {"signer": b64(signature.signer), "value": b64(signature.value)}
    return said if ttl is None else said | {"ttl": ttl}


async def test_a_node_goes_in_and_comes_out(tmp_path: Path) -> None:
    """Under the CID of its canonical form, whatever order its members were written in; the same as over gRPC."""
    leaf = {"data": b64(b"Leaf")}
    async with house(tmp_path) as at:
        put = await post(at, f"/v1/dag/{PUBLIC}", {"bucketId": str(PUBLIC), "node": leaf})
        cid = read_cid(base64.b64decode(put.json()["cid"]))
        assert put.status_code == 200
        assert format_cid(cid) == "baear4iabdflqj54bobjiaainv3et2a6wavyqtumdrlg4hqgb7hh2hv6nnq"  # vector dag-leaf
        links = [{"size": "6", "name": "a/leaf", "cid": b64(cid)}]
        root = (await post(at, f"/v1/dag/{PUBLIC}", {"node": {"tags": [{"key": "k"}], "links": links}})).json()["cid"]
        root_text = format_cid(read_cid(base64.b64decode(root)))
        got = await at.get(f"/v1/dag/{PUBLIC}/{root_text}")
        assert got.json() == {"node": {"links": links, "tags": [{"key": "k"}]}}
        assert got.headers["cache-control"] == "no-store"
        assert (await at.get(f"/v1/dag/{PUBLIC}/{root_text}/a/leaf")).json() == {"node": leaf}
        assert at.answers.held == at.bodies.held == 0


async def test_every_store_is_recorded_in_its_own_ticket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever stored, and what; a name's record has no CID."""
    async with house(tmp_path) as at:
        tickets = Tickets(at.store.journal, monkeypatch)
        put = await post(at, f"/v1/dag/{PUBLIC}", {"node": {"data": b64(b"Leaf")}})
        assert (await post(at, f"/v1/cns/{PUBLIC}", {"record": record_of("my/site", await_cid())})).status_code == 200
        stored = [
            (others, record.action, record.holder, record.bucket, bytes(record.parts[0].cid))
            for others, record in tickets.recorded()
        ]
        who = Action.STORE, bytes(OWNER.account), PUBLIC
        assert stored == [([PIECE_KIND], *who, base64.b64decode(put.json()["cid"])), ([NAME_KIND], *who, b"")]


async def test_the_empty_node(tmp_path: Path) -> None:
    """Its answer has a node, and nothing in it."""
    async with house(tmp_path) as at:
        cid = read_cid(base64.b64decode((await post(at, f"/v1/dag/{PUBLIC}", {"node": {}})).json()["cid"]))
        assert (await at.get(f"/v1/dag/{PUBLIC}/{format_cid(cid)}")).json() == {"node": {}}


async def test_a_name_goes_in_and_comes_out(tmp_path: Path) -> None:
    """With slashes, its signature byte for byte; an empty message for one that is not there."""
    cid = await_cid()
    async with house(tmp_path) as at:
        said = record_of("my/site", cid)
        put = await post(at, f"/v1/cns/{PUBLIC}", {"record": said})
        assert (put.status_code, put.json()) == (200, {})
        assert (await at.get(f"/v1/cns/{PUBLIC}/my/site")).json() == {"record": said}
        assert (await at.get(f"/v1/cns/{PUBLIC}/my%2Fsite")).json() == {"record": said}
        nobody = await at.get(f"/v1/cns/{PUBLIC}/nobody")
        assert (nobody.status_code, nobody.json()) == (200, {})


def await_cid() -> bytes:
    """Any CID."""
    return bytes(make_cid(CidKind.RAW_PIECE, Digest(bytes(32))))


async def test_who_may(tmp_path: Path) -> None:
    """As over gRPC: the owner's token with its request, once; a bucket's own without; nobody else, and no URL's."""
    message = {"node": {"data": b64(b"x")}}
    path = f"/v1/dag/{PRIVATE}"
    async with house(tmp_path) as at:
        ordinary = text_of(OWNER.token())
        request = OWNER.request(STORE_REQUEST, PRIVATE)
        for headers, status in (
            ({"token": ordinary, "request": request}, 200),
            ({"token": ordinary, "request": request}, 401),
            ({"token": ordinary}, 401),
            ({"token": "", "authorization": f"Bearer {token(PRIVATE)}"}, 401),
            ({"token": token(PRIVATE)}, 200),
            ({"token": token(PUBLIC)}, 403),
            ({"token": token(PRIVATE, operations=[GET])}, 403),
            ({"token": text_of(STRANGER.token(bucket=PRIVATE))}, 403),
        ):
            assert (await post(at, path, message, **headers)).status_code == status, headers
        json_type = {"content-type": "application/json"}
        bearer = json_type | {"authorization": f"Bearer {token(PRIVATE)}"}
        assert (await at.client.post(path, content=json.dumps(message), headers=bearer)).status_code == 200
        in_url = f"{path}?token={token(PRIVATE)}"
        assert slug_of(await at.client.post(in_url, content=json.dumps(message), headers=json_type)) == "token-missing"
        cid = format_cid(read_cid(base64.b64decode((await post(at, path, message)).json()["cid"])))
        assert (await at.get(f"{path}/{cid}")).status_code == 401
        asked = {"token": ordinary, "request": OWNER.request(GET_REQUEST, PRIVATE, parse_cid(cid))}
        assert (await at.get(f"{path}/{cid}", **asked)).json() == message


@pytest.mark.parametrize("origin", ["https://evil.example", "null"])
async def test_pages_of_other_origins_store_nothing(tmp_path: Path, origin: str) -> None:
    """A stranger's page, or one of a bucket, whose origin is none: refused before its token is looked at."""
    async with house(tmp_path) as at:
        for path, message in ((f"/v1/dag/{PUBLIC}", {"node": {}}), (f"/v1/cns/{PUBLIC}", {"record": {}})):
            got = await post(at, path, message, origin=origin)
            assert (got.status_code, slug_of(got)) == (403, "origin-refused")
            form = await post(at, path, message, content_type="text/plain")
            assert (form.status_code, slug_of(form)) == (415, "content-type")


async def test_a_cache_takes_no_stores(tmp_path: Path) -> None:
    """It serves reads."""
    async with house(tmp_path, mode="cache") as at:
        for path, message in ((f"/v1/dag/{PUBLIC}", {"node": {}}), (f"/v1/cns/{PUBLIC}", {"record": {}})):
            assert slug_of(await post(at, path, message)) == "cache-door"
        assert (await at.get(f"/v1/cns/{PUBLIC}/nobody")).status_code == 200


async def test_messages_that_are_refused(tmp_path: Path) -> None:
    """Each by its own name, with nothing stored."""
    cid, other = await_cid(), bytes(make_cid(CidKind.DAG_NODE, Digest(bytes(32))))
    forged = record_of("name", cid)
    forged["name"] = "another"
    async with house(tmp_path) as at:
        dag, cns = f"/v1/dag/{PUBLIC}", f"/v1/cns/{PUBLIC}"
        for path, message, status, slug in (
            (dag, b"{", 400, "malformed-message"),
            (dag, {"node": {"data": "!"}}, 400, "malformed-message"),
            (dag, {"bucketId": str(PRIVATE), "node": {}}, 400, "malformed-message"),
            (dag, {"node": {}, "cid": b64(other)}, 422, "cid-mismatch"),
            (dag, {"node": {}, "cid": "AAAA"}, 400, "malformed-cid"),
            (dag, {"node": {"data": b64(bytes(4_000_001))}}, 400, "node-too-large"),
            (cns, {"record": {"name": "name", "cid": b64(cid)}}, 400, "name-unsigned"),
            (cns, {"record": forged}, 400, "name-forged"),
            (cns, {"record": record_of("name", cid, ttl=300)}, 400, "name-forged"),
            (cns, {"record": record_of("", cid)}, 400, "malformed-name"),
            ("/v1/dag/99", {"node": {}}, 404, "no-bucket"),
            ("/v1/dag/18446744073709551616", {"node": {}}, 404, "no-such-path"),
        ):
            got = await post(at, path, message, token=token())
            assert (got.status_code, slug_of(got)) == (status, slug), message
        for path, status, slug in (
            (f"{dag}/nothing", 400, "malformed-cid"),
            (f"{dag}/{format_cid(read_cid(other))}", 404, "unknown-piece"),
            (f"{dag}/{await at.put(b'a file')}", 400, "not-a-node"),
        ):
            got = await at.get(path)
            assert (got.status_code, slug_of(got)) == (status, slug), path
        coded = await post(at, dag, {"node": {}}, content_encoding="gzip")
        assert slug_of(coded) == "content-encoding"
        assert at.answers.held == at.bodies.held == 0


@pytest.mark.parametrize(("kind", "limit"), [("dag", NODE_BODY_BYTES), ("cns", NAME_BODY_BYTES)])
async def test_a_body_beyond_its_limit(tmp_path: Path, kind: str, limit: int) -> None:
    """Is refused by its announced length, before any of it is read."""
    async with house(tmp_path) as at:
        head = [f"POST /v1/{kind}/{PUBLIC} HTTP/1.1", "Host: 127.0.0.1", "Content-Type: application/json"]
        head += [f"Token: {token()}", f"Content-Length: {limit + 1}", "", ""]
        async with await trio.open_tcp_stream("127.0.0.1", httpx.URL(at.url).port or 0) as stream:
            await stream.send_all("\r\n".join(head).encode())
            answer = await read_answer(stream)
        assert (answer.status, answer.problem["type"]) == (413, "urn:edge-node:problem:body-too-large")
        assert at.bodies.held == 0


async def test_the_largest_node(tmp_path: Path) -> None:
    """4,000,000 bytes go in and come out; what one reader holds meanwhile is given back."""
    data = bytes(3_999_995)  # and five of its field's head
    async with house(tmp_path) as at:
        put = await post(at, f"/v1/dag/{PUBLIC}", {"node": {"data": b64(data)}})
        cid = format_cid(read_cid(base64.b64decode(put.json()["cid"])))
        got = await at.get(f"/v1/dag/{PUBLIC}/{cid}")
        assert base64.b64decode(got.json()["node"]["data"]) == data
        assert at.answers.held == at.bodies.held == 0


async def test_a_right_that_ends_while_a_body_comes_keeps_nothing(tmp_path: Path) -> None:
    """It is looked at again when the body is there, however slowly it came."""
    record = record_of("late", make_cid(CidKind.RAW_PIECE, Digest(bytes(32))))
    said = json.dumps({"node": {"data": b64(b"late")}}).encode(), json.dumps({"record": record}).encode()
    async with house(tmp_path) as at:
        written = at.store.journal.stats().next_sequence
        for kind, body in zip(("dag", "cns"), said, strict=True):
            text = token(expires_ms=CLOCK.now_ms() + 60_000)
            head = [f"POST /v1/{kind}/{PUBLIC} HTTP/1.1", "Host: 127.0.0.1", "Content-Type: application/json"]
            head += [f"Token: {text}", f"Content-Length: {len(body)}", "", ""]
            known = len(at.rows)
            async with await trio.open_tcp_stream("127.0.0.1", httpx.URL(at.url).port or 0) as stream:
                await stream.send_all("\r\n".join(head).encode() + body[:-1])
                while len(at.rows) == known:
                    await trio.sleep(0.001)
                chain = TokenBook(at.revocations).open(text, CLOCK.now_ms())
                at.revocations.apply(TokenRevocation.of_token(chain.last.digest, CLOCK.now_ms()))
                await stream.send_all(body[-1:])
                answer = await read_answer(stream)
            assert (answer.status, answer.problem["type"]) == (401, "urn:edge-node:problem:token-revoked")
        assert at.store.journal.stats().next_sequence == written
        assert at.bodies.held == 0
