"""The headers of bucket content."""

from edge_node.base.ids import PublicKey
from edge_node.gateway.ddc_headers import PREFLIGHT, STANDING, cache_headers, open_to_pages, type_headers
from edge_node.serving import problem_response
from edge_node.serving.refusals import PathUnknown
from edge_node.trust.access_errors import UnknownKey


def test_a_page_is_sandboxed_without_its_origin() -> None:
    """Scripts run, in an origin of their own: nothing else is allowed, and the node's origin least of all."""
    assert dict(STANDING)["content-security-policy"] == "sandbox allow-scripts"


def test_pages_of_any_origin_may_read_and_never_with_credentials() -> None:
    """The wildcard, and no header that would let a browser send what it keeps for this origin."""
    for headers in (STANDING, PREFLIGHT):
        assert dict(headers)["access-control-allow-origin"] == "*"
        assert "access-control-allow-credentials" not in dict(headers)
    assert dict(PREFLIGHT)["access-control-allow-methods"] == "GET, HEAD, OPTIONS"


def test_who_may_keep_what_for_how_long() -> None:
    """Content under its CID for ever, under a name for the record's time; a private bucket's only the asker."""
    assert dict(cache_headers(public=True, max_age_s=None)) == {"cache-control": "public, immutable, max-age=31536000"}
    assert dict(cache_headers(public=False, max_age_s=30)) == {
        "cache-control": "private, max-age=30",
        "vary": "Authorization, Token",
    }


def test_what_cannot_be_shown_is_kept_as_a_file() -> None:
    """Bytes of no known type are never laid out."""
    assert dict(type_headers("application/octet-stream"))["content-disposition"] == "attachment"
    assert dict(type_headers("image/png")) == {"content-type": "image/png"}


def test_a_refusal_is_readable_and_asks_for_a_token() -> None:
    """A page learns why; the challenge names what these paths take."""
    refused = dict(open_to_pages(problem_response(UnknownKey(PublicKey(bytes(32))))).headers)
    assert refused.items() >= dict(STANDING).items()
    assert refused["www-authenticate"].startswith("Bearer")
    assert "www-authenticate" not in dict(open_to_pages(problem_response(PathUnknown("/7/x"))).headers)
