"""What a bucket URL's path may mean."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.gateway.ddc_path import BucketPath, index_of, is_directory, plan_path, with_slash
from edge_node.serving.refusals import PathUnknown
from edge_node.wire.http1_errors import MalformedTarget

ANY_TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20)


@pytest.mark.parametrize(
    ("raw", "planned"),
    [
        ("/7/root", BucketPath(7, "root", None)),
        ("/7/root/", BucketPath(7, "root", "")),
        ("/7/root/a/b.css", BucketPath(7, "root", "a/b.css")),
        ("/7/root/a/", BucketPath(7, "root", "a/")),
        ("/7/a%2Fb/c%2Fd", BucketPath(7, "a/b", "c/d")),
        ("/7/%2541/%2525", BucketPath(7, "%41", "%25")),
        ("/18446744073709551615/x", BucketPath(2**64 - 1, "x", None)),
    ],
)
def test_parts_are_decoded_once_after_they_were_parted(raw: str, planned: BucketPath) -> None:
    """An escaped slash stays in its part; what decodes to an escape stays one."""
    assert plan_path(raw) == planned


@pytest.mark.parametrize("raw", ["/7/", "/7//x", "/18446744073709551616/x", "/x/y", f"/{'9' * 5_000}/x", "/²/x"])
def test_what_is_no_bucket_s_path_is_unknown(raw: str) -> None:
    """No root, no number of 64 bits, however long it is or whatever else counts as a digit."""
    with pytest.raises(PathUnknown):
        plan_path(raw)


def test_controls_are_no_part_of_a_path() -> None:
    """Escaped or not."""
    with pytest.raises(MalformedTarget):
        plan_path("/7/a/b%0A")


def test_the_longest_name_comes_first() -> None:
    """A name is one or more whole segments; what follows is a path below it."""
    assert list(plan_path("/7/a").names) == [("a", None)]
    assert list(plan_path("/7/a/").names) == [("a", "")]
    assert list(plan_path("/7/a/b/c").names) == [("a/b/c", None), ("a/b", "c"), ("a", "b/c")]
    assert list(plan_path("/7/a/b/").names) == [("a/b", ""), ("a", "b/")]
    assert list(plan_path("/7/a%2Fb/c").names) == [("a/b/c", None), ("a/b", "c")]


def test_only_so_many_names_are_looked_for() -> None:
    """Neither one that is too long to exist nor one of many segments: a path of slashes costs no thousand look-ups."""
    assert list(plan_path(f"/7/{'a' * 255}/b").names) == [("a" * 255, "b")]
    assert list(plan_path(f"/7/{'a' * 253}/b").names) == [("a" * 253 + "/b", None), ("a" * 253, "b")]
    assert list(plan_path(f"/7/{'a' * 256}").names) == []
    assert [name for name, _ in plan_path("/7/" + "a/" * 100).names] == ["/".join("a" * n) for n in range(8, 0, -1)]
    assert [name for name, _ in plan_path("/7/a" + "/" * 1_000).names] == ["a"]


def test_a_directory_is_asked_for_by_its_slash() -> None:
    """Its index is the link that a file of that name would have."""
    asked = [None, "", "docs", "docs/", "a/docs/"]
    assert [is_directory(path) for path in asked] == [False, True, False, True, True]
    indexes = ["index.html", "index.html", "docs/index.html", "docs/index.html", "a/docs/index.html"]
    assert [index_of(path) for path in asked] == indexes


@pytest.mark.parametrize(
    ("raw", "query", "place"),
    [
        ("/7/root", "", "./root/"),
        ("/7/root/a/docs", "token=x&y", "./docs/?token=x&y"),
        ("/7/a%2Fb", "", "./a%2Fb/"),
        ("/7/root/javascript:x", "", "./javascript:x/"),
    ],
)
def test_where_a_directory_lies(raw: str, query: str, place: str) -> None:
    """The same place with a slash, in this bucket whatever the names are."""
    assert with_slash(raw, query) == place


@given(root=ANY_TEXT, path=ANY_TEXT)
def test_whatever_is_escaped_comes_back(root: str, path: str) -> None:
    """Any root and path survive escaping."""
    raw = "".join(f"%{byte:02X}" for byte in root.encode()), "".join(f"%{byte:02x}" for byte in path.encode())
    try:
        planned = plan_path(f"/1/{raw[0]}/{raw[1]}")
    except MalformedTarget:
        assert any(ord(character) < 32 or ord(character) == 127 for character in root + path)
    else:
        assert planned == BucketPath(1, root, path)
