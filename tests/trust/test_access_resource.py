"""The resource tree: how paths are made, read and matched."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.base.ids import StreamName, VaultId
from edge_node.trust.access_resource import (
    RESOURCE_MAX_CHARACTERS,
    MalformedResource,
    Resource,
    bucket_names_resource,
    bucket_piece_resource,
    bucket_resource,
    parse_resource,
    piece_resource,
    shorten_resource,
    stream_resource,
    vault_resource,
    within,
)

VAULT = VaultId(b"\xab" * 32)
OWNER = "vault/" + "ab" * 32
SEGMENTS = st.lists(st.sampled_from(["a", "b", "ab", "a.b", ""]), min_size=1, max_size=5)


def test_resources_are_paths_in_one_tree() -> None:
    """Every builder writes below its vault."""
    assert vault_resource(VAULT) == OWNER
    assert stream_resource(VAULT) == OWNER + "/streams"
    assert stream_resource(VAULT, StreamName("site/a")) == OWNER + "/streams/site/a"
    assert piece_resource(VAULT) == OWNER + "/pieces"
    assert piece_resource(VAULT, "baebb4i") == OWNER + "/pieces/baebb4i"


def test_a_bucket_is_a_scope_of_its_owner() -> None:
    """Pieces, what is reached through one, and names stand below it."""
    bucket = OWNER + "/buckets/7"
    assert bucket_resource(VAULT, 7) == bucket
    assert bucket_names_resource(VAULT, 7) == bucket + "/names"
    assert bucket_piece_resource(VAULT, 7) == bucket + "/pieces"
    assert bucket_piece_resource(VAULT, 7, "baeb") == bucket + "/pieces/baeb"
    assert bucket_piece_resource(VAULT, 7, "baeb", through="baer") == bucket + "/pieces/baer/baeb"
    assert bucket_piece_resource(VAULT, 7, "baeb", through="baeb") == bucket + "/pieces/baeb"


def test_a_bucket_covers_its_own_alone() -> None:
    """Not the bucket whose number begins alike, not the vault's own pieces; a right on a root covers what is in it."""
    root = bucket_piece_resource(VAULT, 7, "baer")
    assert within(vault_resource(VAULT), bucket_resource(VAULT, 7))
    assert within(root, bucket_piece_resource(VAULT, 7, "baeb", through="baer"))
    for other in (
        bucket_piece_resource(VAULT, 7, "baeb"),
        bucket_piece_resource(VAULT, 7, "baer2"),
        bucket_piece_resource(VAULT, 7),
        bucket_names_resource(VAULT, 7),
    ):
        assert not within(root, other)
        assert within(bucket_resource(VAULT, 7), other)
        assert not within(bucket_resource(VAULT, 70), other)
        assert not within(bucket_resource(VAULT, 0), other)
        assert not within(piece_resource(VAULT), other)
    assert not within(bucket_resource(VAULT, 7), bucket_resource(VAULT, 70))


@pytest.mark.parametrize(
    "path",
    ["/0", "/7", "/18446744073709551615", "/7/pieces", "/7/pieces/baer", "/7/pieces/baer/baeb", "/7/names"],
)
def test_paths_of_buckets_are_read(path: str) -> None:
    """Each in its one spelling."""
    assert parse_resource(OWNER + "/buckets" + path) == OWNER + "/buckets" + path


@pytest.mark.parametrize(
    "path",
    [
        "", "/", "/07", "/-1", "/x", "/7/", "/7/names/a", "/7/pieces/", "/7/pieces/a/b/c", "/7/pieces//b", "/7/streams",
        "/184467440737095516150",
    ],
)  # fmt: skip
def test_other_paths_of_buckets_are_refused(path: str) -> None:
    """Leading zeros, depths and scopes that there are not."""
    with pytest.raises(MalformedResource):
        parse_resource(OWNER + "/buckets" + path)


@pytest.mark.parametrize(
    ("scope", "resource", "covered"),
    [
        ("site", "site", True),
        ("site", "site/a", True),
        ("site", "sitex", False),
        ("site", "site.a", False),
        ("site/a", "site", False),
        ("site/a", "site/ab", False),
        ("site/a", "site/a/b/c", True),
    ],
)
def test_prefixes_cover_whole_segments(scope: str, resource: str, covered: bool) -> None:
    """`site` covers `site/a` and never `sitex`."""
    got = within(stream_resource(VAULT, StreamName(scope)), stream_resource(VAULT, StreamName(resource)))
    assert got is covered


def test_scopes_do_not_cover_each_other() -> None:
    """Streams are no pieces, a vault is no other vault, a part is not the whole."""
    assert within(vault_resource(VAULT), piece_resource(VAULT))
    assert not within(stream_resource(VAULT), piece_resource(VAULT))
    assert not within(piece_resource(VAULT), vault_resource(VAULT))
    assert not within(vault_resource(VaultId(b"\xac" * 32)), stream_resource(VAULT))


@given(SEGMENTS, SEGMENTS)
def test_within_is_the_prefix_order_of_segments(scope: list[str], resource: list[str]) -> None:
    """The string comparison equals comparing lists of segments."""
    got = within(Resource("v/" + "/".join(scope)), Resource("v/" + "/".join(resource)))
    assert got == (resource[: len(scope)] == scope)


@pytest.mark.parametrize(
    "text",
    [
        OWNER,
        OWNER + "/streams",
        OWNER + "/streams/site/a.b_c-d",
        OWNER + "/streams/" + "s" * 127,
        OWNER + "/pieces",
        OWNER + "/pieces/baebb4i",
    ],
)
def test_every_form_is_read(text: str) -> None:
    """What the builders write is read back."""
    assert parse_resource(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "vault",
        "vault/",
        OWNER[:-1],
        OWNER + "0",
        OWNER.upper(),
        "/" + OWNER,
        OWNER + "/",
        OWNER + "\n",
        OWNER + "/streams/",
        OWNER + "/streams/Site",
        OWNER + "/streams/" + "s" * 128,
        OWNER + "/streams/%2e",
        OWNER + "/pieces/",
        OWNER + "/pieces/a/b",
        OWNER + "/secrets",
        OWNER + "/streams/" + "s" * RESOURCE_MAX_CHARACTERS,
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    """No wildcard, no empty segment, no unknown scope, no upper-case hex, nothing after the end."""
    with pytest.raises(MalformedResource) as caught:
        parse_resource(text)
    assert caught.value.status == 400


def test_shortened_resources_keep_their_path() -> None:
    """A log line shows eight digits of the owner and the rest of the path."""
    assert shorten_resource(stream_resource(VAULT, StreamName("site/a"))) == "vault/abababab…/streams/site/a"
    assert shorten_resource("maintenance/scrub") == "maintenance/scrub"
