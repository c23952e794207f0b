"""Tokens of every make through the npm SDK: what each opens, and with what status the others are refused."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from tests.interop.conftest import Ask
from tests.interop.contents import content, is_whole, raw_cid
from tests.interop.driving import Driver
from tests.interop.place import ABSENT, EDITHS, PRIVATE, PUBLIC

pytestmark = pytest.mark.needs_node

Links = Sequence[Mapping[str, Any]]

HOUR_MS = 3_600_000
RAW = content(1_000, 42)
CID = raw_cid(RAW)
ALL = ["get", "put", "delete"]

PLAIN: Links = ({"signer": "owner", "operations": ALL},)
BEARER: Links = ({"signer": "owner", "operations": ["get"], "bucket": PRIVATE},)
GRANT = {"signer": "owner", "operations": ["put", "get"], "bucket": PRIVATE, "subject": "bob"}
ACCEPTED: Links = (GRANT, {"signer": "bob", "from": True})
BY_HAND: Links = (GRANT, {"signer": "bob", "operations": ["get"], "pieceCid": CID, "expiresIn": 60_000})
SCOPED: Links = ({"signer": "owner", "operations": ["get"], "bucket": PRIVATE, "pieceCid": CID},)
WALLET: Links = (
    {"signer": "owner", "operations": ALL, "subject": "bob", "wrapped": True},
    {"signer": "bob", "from": True},
)
DELEGATED: Links = (
    GRANT | {"canDelegate": True},
    {"signer": "bob", "operations": ["get"], "subject": "carol", "expiresIn": HOUR_MS},
    {"signer": "carol", "from": True},
)
DEEP: Links = (
    {"signer": "owner", "operations": ALL, "subject": "bob", "canDelegate": True, "wrapped": True},
    {"signer": "bob", "operations": ALL, "subject": "carol", "canDelegate": True, "expiresIn": 4 * HOUR_MS},
    {"signer": "carol", "operations": ALL, "subject": "bob", "canDelegate": True, "expiresIn": 3 * HOUR_MS},
    {"signer": "bob", "operations": ALL, "subject": "carol", "expiresIn": 2 * HOUR_MS},
    {"signer": "carol", "from": True},
)


@pytest.fixture(scope="module")
def piece(sdk: Driver) -> None:
    """It lies in the private bucket and in the public one."""
    for bucket in (PRIVATE, PUBLIC):
        assert sdk("files.put", bucket=bucket, size=1_000, seed=42)["cid"] == CID


@pytest.fixture
def stored(piece: None, ask: Ask) -> Ask:
    """Ask, while the piece is there."""
    return ask


@pytest.mark.parametrize(
    ("who", "links"),
    [
        ("owner", PLAIN),
        ("owner", BEARER),
        ("carol", BEARER),
        ("bob", ACCEPTED),
        ("bob", BY_HAND),
        ("carol", SCOPED),
        ("bob", WALLET),
        ("carol", DELEGATED),
        ("carol", DEEP),
    ],
    ids=["plain", "bearer", "bearer-by-another", "accepted", "by-hand", "piece", "wallet", "delegated", "five-deep"],
)
def test_tokens_that_open_a_read(stored: Ask, who: str, links: Links) -> None:
    """The SDK's ordinary one, bearers in anybody's hands, accepted grants, a browser wallet's, five links."""
    answer = stored("tokens.use", who=who, links=links, action="get", bucket=PRIVATE, cid=CID)
    assert is_whole(answer["done"], RAW), answer


@pytest.mark.parametrize(
    ("who", "links"), [("owner", PLAIN), ("bob", ACCEPTED), ("bob", WALLET)], ids=["plain", "accepted", "wallet"]
)
def test_tokens_that_open_a_store(stored: Ask, who: str, links: Links) -> None:
    """Pieces, nodes and names by whoever has the right to put."""
    answer = stored("tokens.use", who=who, links=links, action="put", bucket=PRIVATE, seed=9)
    assert answer["done"]["cid"] == raw_cid(content(100, 9))
    for action in ("putNode", "putName"):
        more = {"name": "n", "cid": CID} if action == "putName" else {}
        assert "done" in stored("tokens.use", who=who, links=links, action=action, bucket=PRIVATE, **more)


REFUSED: dict[str, tuple[str, Links, dict[str, Any], str]] = {
    "stranger": ("bob", ({"signer": "bob", "operations": ALL},), {}, "PERMISSION_DENIED"),
    "owner-of-another": ("edith", ({"signer": "edith", "operations": ALL},), {}, "PERMISSION_DENIED"),
    "wrong-bucket": ("bob", ({**BEARER[0], "bucket": EDITHS},), {}, "PERMISSION_DENIED"),
    "wrong-operation": ("bob", ({**BEARER[0], "operations": ["put"]},), {}, "PERMISSION_DENIED"),
    "wrong-piece": ("bob", ({**BEARER[0], "pieceCid": raw_cid(b"x")},), {}, "PERMISSION_DENIED"),
    "subject-s-grant-sent-by-another": ("carol", (GRANT,), {}, "PERMISSION_DENIED"),
    "child-by-another": ("carol", (GRANT, {"signer": "carol", "from": True}), {}, "PERMISSION_DENIED"),
    "over-delegated": (
        "carol",
        (GRANT, {"signer": "bob", "operations": ["get"], "subject": "carol"}, {"signer": "carol", "from": True}),
        {},
        "PERMISSION_DENIED",
    ),
    "child-with-more": (
        "bob",
        ({**GRANT, "operations": ["put"]}, {"signer": "bob", "operations": ["get", "put"]}),
        {},
        "PERMISSION_DENIED",
    ),
    "expired": ("bob", ({**BEARER[0], "expiresIn": -1},), {}, "UNAUTHENTICATED"),
    "child-outlives": (
        "bob",
        ({**GRANT, "expiresIn": 60_000}, {"signer": "bob", "operations": ["get"], "expiresIn": 120_000}),
        {},
        "PERMISSION_DENIED",
    ),
    "forged": ("bob", BEARER, {"kind": "forged"}, "UNAUTHENTICATED"),
    "cut-short": ("bob", BEARER, {"kind": "short"}, "UNAUTHENTICATED"),
    "none": ("bob", BEARER, {"kind": "none"}, "UNAUTHENTICATED"),
    "no-base58": ("bob", BEARER, {"text": "0OIl"}, "UNAUTHENTICATED"),
    "long": ("bob", BEARER, {"repeat": 12_000}, "UNAUTHENTICATED"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_tokens_that_open_nothing(stored: Ask, name: str) -> None:
    """Each with a status that ends the SDK's tries, and with words that hold nothing of the token."""
    who, links, change, status = REFUSED[name]
    more = {"change": change} if change else {}
    answer = stored("tokens.use", who=who, links=links, action="get", bucket=PRIVATE, cid=CID, **more)
    assert "refused" in answer, answer
    assert answer["refused"]["code"] == status, answer["refused"]["message"]
    assert answer["refused"]["message"]


def test_a_token_beyond_the_limit_ends_its_own_call(stored: Ask, request: pytest.FixtureRequest) -> None:
    """Metadata of a gRPC call has 16 KiB; a WebSocket's may be longer, and the token is looked at."""
    status = {"grpc": "INVALID_ARGUMENT", "ws": "UNAUTHENTICATED"}[request.node.callspec.params["ask"]]
    change = {"repeat": 60_000}
    answer = stored("tokens.use", who="bob", links=BEARER, action="get", bucket=PRIVATE, cid=CID, change=change)
    assert answer["refused"]["code"] == status, answer
    assert "larger than" in answer["refused"]["message"] or status == "UNAUTHENTICATED"
    read = stored("tokens.use", who="bob", links=BEARER, action="get", bucket=PRIVATE, cid=CID)
    assert is_whole(read["done"], RAW), read


def test_anybody_reads_a_public_bucket_and_its_owner_alone_writes(stored: Ask) -> None:
    """A stranger's own token reads; it stores nothing."""
    links = ({"signer": "carol", "operations": ALL},)
    read = stored("tokens.use", who="carol", links=links, action="get", bucket=PUBLIC, cid=CID)
    assert is_whole(read["done"], RAW), read
    put = stored("tokens.use", who="carol", links=links, action="put", bucket=PUBLIC)
    assert put["refused"]["code"] == "PERMISSION_DENIED"


def test_a_bucket_that_nobody_has_is_named(stored: Ask) -> None:
    """Applications look for the words."""
    for action in ("put", "get", "putNode", "getNode", "putName", "getName"):
        answer = stored("tokens.use", who="owner", links=PLAIN, action=action, bucket=ABSENT, cid=CID, name="n")
        assert (answer["refused"]["code"], answer["refused"]["message"]) == ("NOT_FOUND", "no bucket 99")


def test_the_ordinary_token_alone_opens_nothing(stored: Ask) -> None:
    """It names no bucket and holds for a month: without its sender's signature on the request it is nobody's."""
    for who in ("owner", "bob"):
        answer = stored(
            "tokens.use", who=who, links=PLAIN, action="get", bucket=PRIVATE, cid=CID, signer=who != "owner"
        )
        assert answer["refused"]["code"] in {"UNAUTHENTICATED", "PERMISSION_DENIED"}, answer


def test_a_right_on_a_node_covers_what_lies_below_it(stored: Ask) -> None:
    """A path from the node named in the token leads to its links; another node stays closed."""
    leaf = stored("dag.put", bucket=PRIVATE, data="leaf below")["cid"]
    links = [{"cid": leaf, "name": "leaf", "size": 1}]
    root = stored("dag.put", bucket=PRIVATE, data="root above", links=links)["cid"]
    token: Links = ({"signer": "owner", "operations": ["get"], "bucket": PRIVATE, "pieceCid": root},)
    use = {"who": "bob", "links": token, "action": "getNode", "bucket": PRIVATE}
    assert stored("tokens.use", cid=root, path="leaf", **use)["done"]["data"] == "leaf below"
    other = stored("dag.put", bucket=PRIVATE, data="another")["cid"]
    assert stored("tokens.use", cid=other, **use)["refused"]["code"] == "PERMISSION_DENIED"
