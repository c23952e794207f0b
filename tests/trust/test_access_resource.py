"""The resource tree: how paths are made, read and matched."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.base.ids import StreamName, VaultId
from edge_node.trust.access_resource import (
    RESOURCE_MAX_CHARACTERS,
    MalformedResource,
    Resource,
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
