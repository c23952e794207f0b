"""The content of buckets over HTTP, as browsers, players and programs ask for it."""

import os
from pathlib import Path

import httpx
import pytest
import trio

from edge_node.base import counters
from edge_node.base.refusals import REFUSAL_RING
from edge_node.settings import DdcSettings
from edge_node.trust.access import Verb
from edge_node.trust.auth_token import parse_token
from edge_node.trust.token_revocations import TokenRevocation
from edge_node.trust.token_rights import ANYBODY
from edge_node.wire.cid import parse_cid
from tests.gateway.ddc_house import MIB, OWNER, PRIVATE, PUBLIC, STRANGER, House, house
from tests.gateway.wallet import GET, GET_REQUEST, PUT, Wallet, text_of

PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)
PAGE = b"<!doctype html><title>a page</title><script>alert(1)</script>"
# On every answer of these paths, whatever it is.
GUARDED = {
    "access-control-allow-origin": "*",
    "content-security-policy": "sandbox allow-scripts",
    "cross-origin-resource-policy": "cross-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


def is_guarded(answer: httpx.Response) -> None:
    """The headers that make a page of a bucket a stranger here, and none that would undo them."""
    assert dict(answer.headers) | GUARDED == dict(answer.headers)
    assert not {"set-cookie", "service-worker-allowed", "access-control-allow-credentials"} & set(answer.headers)


def slug_of(answer: httpx.Response) -> str:
    assert answer.headers["content-type"] == "application/problem+json"
    return str(answer.json()["type"]).rpartition(":")[2]


def bearer(*, bucket: int = PRIVATE, by: Wallet = OWNER, **changed: object) -> str:
    """A token that stands in a URL."""
    return text_of(by.token(bucket=bucket, **({"operations": [GET]} | changed)))  # type: ignore[arg-type]


@pytest.mark.parametrize("size", [0, 5, 65_537, 5 * MIB + 3])
async def test_a_public_bucket_s_piece_by_its_cid(tmp_path: Path, size: int) -> None:
    """Anybody reads it, whole, with what lets everybody keep it for ever."""
    content = os.urandom(size)
    async with house(tmp_path) as at:
        cid = await at.put(content)
        got = await at.get(f"/{PUBLIC}/{cid}")
        assert (got.status_code, got.content) == (200, content)
        said = {"etag": f'"{cid}"', "accept-ranges": "bytes", "cache-control": "public, immutable, max-age=31536000"}
        assert dict(got.headers) | said == dict(got.headers)
        is_guarded(got)
        head = await at.client.head(f"/{PUBLIC}/{cid}")
        assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", str(size))
        assert at.rows[-1].holder == ANYBODY
        assert at.answers.held == 0


async def test_ranges_of_pieces_and_of_joined_ones(tmp_path: Path) -> None:
    """206 with exactly those bytes, over the borders of extents and parts; what a player asks first is answered so."""
    parts = [os.urandom(MIB + 7), os.urandom(10), os.urandom(2 * MIB)]
    whole = b"".join(parts)
    async with house(tmp_path) as at:
        for cid in (await at.put(whole), await at.put_parts(parts)):
            for start, stop in ((0, len(whole)), (MIB - 1, MIB + 20), (len(whole) - 1, len(whole))):
                got = await at.get(f"/{PUBLIC}/{cid}", range=f"bytes={start}-{stop - 1}")
                assert (got.status_code, got.content) == (206, whole[start:stop])
                assert got.headers["content-range"] == f"bytes {start}-{stop - 1}/{len(whole)}"
                is_guarded(got)
            beyond = await at.get(f"/{PUBLIC}/{cid}", range=f"bytes={len(whole)}-")
            assert (beyond.status_code, beyond.headers["content-range"]) == (416, f"bytes */{len(whole)}")
            assert slug_of(beyond) == "range-not-satisfiable"
            is_guarded(beyond)
            known = await at.get(f"/{PUBLIC}/{cid}", if_none_match=f'"{cid}"')
            assert (known.status_code, known.content) == (304, b"")
            is_guarded(known)
            other = await at.get(f"/{PUBLIC}/{cid}", range="bytes=0-1", if_range='"other"')
            assert (other.status_code, other.content) == (200, whole)


async def test_what_a_type_is_told_by(tmp_path: Path) -> None:
    """A link's or name's extension, else a signature; no page without a page's name, and what is unknown is a file."""
    async with house(tmp_path) as at:
        page, picture, video = await at.put(PAGE), await at.put(PNG), await at.put_parts([PNG[:4], PNG[4:]])
        links = {"a.html": page, "a": page, "p.txt": picture, "p": picture, "sub/x.svg": page}
        root = await at.put_node({name: parse_cid(cid) for name, cid in links.items()})
        await at.put_name("page.html", parse_cid(page))
        await at.put_name("page", parse_cid(page))
        for path, media_type, kept in (
            (page, "application/octet-stream", True),
            (f"{root}/a", "application/octet-stream", True),
            ("page", "application/octet-stream", True),
            ("page.html", "text/html; charset=utf-8", False),
            (f"{root}/a.html", "text/html; charset=utf-8", False),
            (f"{root}/sub/x.svg", "image/svg+xml", False),
            (f"{root}/p.txt", "text/plain; charset=utf-8", False),
            (f"{root}/p", "image/png", False),
            (picture, "image/png", False),
            (video, "image/png", False),
        ):
            got = await at.get(f"/{PUBLIC}/{path}")
            assert (got.status_code, got.headers["content-type"]) == (200, media_type), path
            assert got.headers.get("content-disposition") == ("attachment" if kept else None)
            assert (await at.get(f"/{PUBLIC}/{path}", range="bytes=1-2")).headers["content-type"] == media_type
            is_guarded(got)


async def test_a_private_bucket_wants_a_token(tmp_path: Path) -> None:
    """In the URL or in a header; only the asker keeps the answer. Without one, a page may read why."""
    async with house(tmp_path) as at:
        cid = await at.put(b"secret", PRIVATE)
        target = f"/{PRIVATE}/{cid}"
        none = await at.get(target)
        assert (none.status_code, slug_of(none)) == (401, "token-missing")
        assert none.headers["www-authenticate"].startswith("Bearer")
        is_guarded(none)
        token = bearer()
        ways: list[tuple[str, dict[str, str]]] = [
            (f"{target}?token={token}", {}),
            (f"{target}?source=developer-console&token={token}", {}),
            (target, {"token": token}),
            (target, {"authorization": f"Bearer {token}"}),
        ]
        for asked, headers in ways:
            got = await at.get(asked, **headers)
            assert (got.status_code, got.content) == (200, b"secret")
            assert got.headers["cache-control"] == "private, immutable, max-age=31536000"
            assert got.headers["vary"] == "Authorization, Token"
            is_guarded(got)
        assert at.rows[-1].holder == OWNER.account


async def test_tokens_that_open_nothing_here(tmp_path: Path) -> None:
    """Another bucket's, another operation's, another owner's, an ended, forged or revoked one, one for all buckets."""
    async with house(tmp_path) as at:
        cid = await at.put(b"secret", PRIVATE)
        forged = OWNER.token(bucket=PRIVATE, operations=[GET])
        forged.payload.bucketId = PRIVATE
        forged.payload.expiresAt += 1
        revoked = OWNER.token(bucket=PRIVATE, operations=[GET], can_delegate=True)
        digest = revoked_digest(text_of(revoked))
        at.revocations.apply(digest)
        for token, status, slug in (
            (bearer(bucket=PUBLIC), 403, "access-denied"),
            (bearer(operations=[PUT]), 403, "access-denied"),
            (bearer(by=STRANGER), 403, "access-denied"),
            (bearer(expires_ms=1), 401, "token-ended"),
            (bearer(piece=bytes(parse_cid(await at.put(b"another", PRIVATE)))), 403, "access-denied"),
            (text_of(OWNER.token()), 401, "token-in-url"),
            (text_of(forged), 401, "token-forged"),
            (text_of(revoked), 401, "token-revoked"),
            ("0OIl", 401, "token-unreadable"),
            ("z" * 4_000, 401, "token-too-long"),
        ):
            got = await at.get(f"/{PRIVATE}/{cid}?token={token}")
            assert (got.status_code, slug_of(got)) == (status, slug), token
            assert token not in got.text
        assert b"secret" not in got.content
        assert (await at.get(f"/{PRIVATE}/{cid}?token=")).status_code == 401


def revoked_digest(text: str) -> TokenRevocation:
    """What an operator says to revoke one token."""
    return TokenRevocation.of_token(parse_token(text).last.digest, t_ms=1)


async def test_the_owner_s_ordinary_token_counts_in_a_header_with_its_request(tmp_path: Path) -> None:
    """Once, as over gRPC."""
    async with house(tmp_path) as at:
        cid = await at.put(b"secret", PRIVATE)
        request = OWNER.request(GET_REQUEST, PRIVATE, parse_cid(cid))
        said = {"token": text_of(OWNER.token()), "request": request}
        assert (await at.get(f"/{PRIVATE}/{cid}", **said)).content == b"secret"
        assert slug_of(await at.get(f"/{PRIVATE}/{cid}", **said)) == "request-replayed"


async def test_a_token_for_a_root_opens_what_lies_below_it(tmp_path: Path) -> None:
    """By paths and by the CIDs of what it leads to; nothing else of the bucket."""
    async with house(tmp_path) as at:
        inside, outside = await at.put(b"inside", PRIVATE), await at.put(b"outside", PRIVATE)
        inner = await at.put_node({"deep.txt": parse_cid(inside)}, number=PRIVATE)
        root = await at.put_node({"a.txt": parse_cid(inside), "dir": parse_cid(inner)}, number=PRIVATE)
        token = bearer(piece=bytes(parse_cid(root)))
        for path in (f"{root}/a.txt", f"{root}/dir/deep.txt", inside, f"{inner}/deep.txt"):
            got = await at.get(f"/{PRIVATE}/{path}?token={token}")
            assert (got.status_code, got.content) == (200, b"inside"), path
        assert (await at.get(f"/{PRIVATE}/{outside}?token={token}")).status_code == 403


async def test_a_token_stays_between_its_owner_and_the_node(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is in no log, no refusal, no audit row and no answer but the redirect of who sent it."""
    async with house(tmp_path) as at:
        page = await at.put(PAGE, PRIVATE)
        root = await at.put_node({"index.html": parse_cid(page)}, number=PRIVATE)
        tokens = [bearer(), bearer(bucket=PUBLIC), text_of(OWNER.token())]
        for token in tokens:
            for path in (page, root + "/", root + "/nothing", "no-name"):
                got = await at.get(f"/{PRIVATE}/{path}?token={token}", range="bytes=99999-")
                assert token not in f"{got.headers}{got.text}"
        moved = await at.get(f"/{PRIVATE}/{root}?token={tokens[0]}")
        assert moved.headers["location"] == f"./{root}/?token={tokens[0]}"
        is_guarded(moved)
        told = caplog.text + "".join(capsys.readouterr()) + repr(list(REFUSAL_RING.since())) + repr(list(at.rows))
        assert not [token for token in tokens if token in told]


async def test_a_public_bucket_takes_no_token_for_all_buckets_in_a_url(tmp_path: Path) -> None:
    """Though it needs none: who sends it shows it to logs and histories."""
    async with house(tmp_path) as at:
        cid = await at.put(b"public")
        got = await at.get(f"/{PUBLIC}/{cid}?token={text_of(OWNER.token())}")
        assert slug_of(got) == "token-in-url"


async def test_one_bucket_does_not_hold_what_another_does(tmp_path: Path) -> None:
    """The private bucket's content is not found through the public one, by CID, link or name."""
    async with house(tmp_path) as at:
        cid = await at.put(b"secret", PRIVATE)
        root = await at.put_node({"link": parse_cid(cid)})
        await at.put_name("name", parse_cid(cid))
        for path in (cid, f"{root}/link", "name"):
            got = await at.get(f"/{PUBLIC}/{path}")
            assert got.status_code == 404, path
            assert b"secret" not in got.content
        assert slug_of(await at.get(f"/99/{cid}")) == "no-bucket"
        assert (await at.get(f"/99/{cid}")).json()["detail"] == "no bucket 99"


async def test_a_page_of_any_origin_may_ask_first(tmp_path: Path) -> None:
    """A preflight is answered without looking at anything, for reading only; nothing else is open to other origins."""
    async with house(tmp_path) as at:
        asked = {"origin": "https://app.example", "access-control-request-method": "GET"}
        got = await at.client.options(f"/{PRIVATE}/whatever", headers=asked)
        assert (got.status_code, got.content) == (204, b"")
        assert got.headers["access-control-allow-methods"] == "GET, HEAD, OPTIONS"
        assert {"range", "token"} <= {
            one.strip().lower() for one in got.headers["access-control-allow-headers"].split(",")
        }
        is_guarded(got)
        for path in ("/info", f"/v1/dag/{PUBLIC}/x", f"/v1/cns/{PUBLIC}/x", "/api/v1/pieces"):
            other = await at.client.options(path, headers=asked)
            assert not [name for name in other.headers if name.startswith("access-control")]
            read = await at.client.get(path, headers={"origin": "null"})
            assert not [name for name in read.headers if name.startswith("access-control")]


async def test_content_is_never_a_service_worker(tmp_path: Path) -> None:
    """A browser that wants to install it says so; it would answer for the whole origin."""
    async with house(tmp_path) as at:
        script = await at.put(b"self.onfetch = event => event.respondWith(new Response('mine'))")
        await at.put_name("sw.js", parse_cid(script))
        counted = counters.refusals("service-worker-refused")
        got = await at.get(f"/{PUBLIC}/sw.js", service_worker="script")
        assert (got.status_code, slug_of(got)) == (403, "service-worker-refused")
        assert counters.refusals("service-worker-refused") == counted + 1
        assert (await at.get(f"/{PUBLIC}/sw.js")).status_code == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
async def test_nothing_is_changed_here(tmp_path: Path, method: str) -> None:
    """Reading only: 405 with what there is."""
    async with house(tmp_path) as at:
        got = await at.client.request(method, f"/{PUBLIC}/x", content=b"x")
        assert (got.status_code, got.headers["allow"]) == (405, "GET, HEAD, OPTIONS")


async def test_a_crowd_of_slow_readers_holds_no_more_than_its_room(tmp_path: Path) -> None:
    """Anybody's share is by address; who finds no room is told to come back, and what was held is given back."""
    async with house(tmp_path, answers_bytes_max=9 * MIB) as at:
        cid = await at.put(os.urandom(16 * MIB))
        async with at.client.stream("GET", f"/{PUBLIC}/{cid}") as slow:
            assert slow.status_code == 200
            refused = await at.get(f"/{PUBLIC}/{cid}")
            assert (refused.status_code, slug_of(refused)) == (503, "overloaded")
            assert refused.headers["retry-after"]
            is_guarded(refused)
        with trio.fail_after(10):
            while at.answers.held:
                await trio.sleep(0.01)
        assert (await at.get(f"/{PUBLIC}/{cid}", range="bytes=0-9")).status_code == 206


async def test_a_right_that_ends_ends_the_reading(tmp_path: Path) -> None:
    """A bucket that is closed while it is read slowly: the answer is cut short, which its length shows."""
    async with house(tmp_path) as at:
        cid = await at.put(os.urandom(40 * MIB))
        got = 0

        async def read_slowly() -> None:
            nonlocal got
            async with at.client.stream("GET", f"/{PUBLIC}/{cid}") as answer:
                async for chunk in answer.aiter_raw():
                    if not got:
                        at.buckets.apply(DdcSettings(buckets=(f"{PUBLIC} owner={OWNER.account.hex()}",)))
                    got += len(chunk)

        with pytest.raises(httpx.RemoteProtocolError):
            await read_slowly()
        assert got < 40 * MIB
        assert (await at.get(f"/{PUBLIC}/{cid}")).status_code == 401


async def test_damage_is_told_and_never_served(tmp_path: Path) -> None:
    """What the disk lost is a 500 that names the piece; the rest of the bucket is served."""
    async with house(tmp_path) as at:
        cid, fine = await at.put(os.urandom(1_000)), await at.put(b"fine")
        await spoil(at, cid)
        got = await at.get(f"/{PUBLIC}/{cid}")
        assert (got.status_code, slug_of(got)) == (500, "piece-damaged")
        is_guarded(got)
        assert (await at.get(f"/{PUBLIC}/{fine}")).content == b"fine"


async def spoil(at: House, cid: str) -> None:
    """Flip a byte of a small piece on the disk."""
    bucket = await at.bucket(PUBLIC)
    file = await at.files.open(at.may(bucket, Verb.GET), bucket, parse_cid(cid))
    assert file.piece is not None
    assert file.piece.inline is not None
    for segment in (at.store.root / "seg").rglob("*"):
        if segment.is_file() and (place := segment.read_bytes().find(file.piece.inline)) >= 0:
            with segment.open("r+b") as opened:
                opened.seek(place)
                opened.write(bytes([file.piece.inline[0] ^ 1]))
