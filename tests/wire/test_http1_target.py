"""Targets, queries and hosts."""

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.wire.http1_errors import MalformedHost, MalformedTarget
from edge_node.wire.http1_target import (
    check_host,
    decode_component,
    decode_path,
    host_name,
    is_literal_address,
    is_loopback_name,
    parse_query,
    split_target,
)

PRINTABLE = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=20)


@pytest.mark.parametrize(
    ("target", "parts"),
    [
        ("/", ("/", "", None)),
        ("/a/b?c=d?e", ("/a/b", "c=d?e", None)),
        ("/?", ("/", "", None)),
        ("http://node", ("/", "", "node")),
        ("https://node:1/a?b", ("/a", "b", "node:1")),
        ("http://node?b", ("/", "b", "node")),
    ],
)
def test_targets_are_split(target: str, parts: tuple[str, str, str | None]) -> None:
    """Origin form and absolute form give path, query and authority, still encoded."""
    assert split_target("GET", target) == parts


@pytest.mark.parametrize("target", ["a", "*", "node:80", "ftp://node/", "http:///a", "http:/a"])
def test_other_forms_are_refused(target: str) -> None:
    """What is neither a path nor an http URL is refused for GET."""
    with pytest.raises(MalformedTarget):
        split_target("GET", target)


def test_star_is_for_options() -> None:
    """OPTIONS may speak to the server as a whole."""
    assert split_target("OPTIONS", "*").path == "*"


@given(PRINTABLE)
def test_component_decoding_undoes_encoding(text: str) -> None:
    """What a client percent-encodes comes back, once."""
    assert decode_component(quote(text, safe="")) == text
    assert decode_component(quote(quote(text, safe=""), safe="")) == quote(text, safe="")


@pytest.mark.parametrize("text", ["%", "%1", "%g0", "%00", "%0a", "%7f", "%ff", "%c0%af", "%ed%a0%80"])
def test_unsafe_escapes_are_refused(text: str) -> None:
    """Half escapes, controls, bad and overlong UTF-8 and surrogates are refused."""
    with pytest.raises(MalformedTarget):
        decode_component(text)


@pytest.mark.parametrize("path", ["/.", "/..", "/a/./b", "/a/..", "/%2e", "/a/%2E%2e/b", "/a/.%2e", "/a%2f..%2fb"])
def test_dot_segments_are_refused(path: str) -> None:
    """Plain or encoded, they would mean another path to a proxy."""
    with pytest.raises(MalformedTarget):
        decode_path(path)


@pytest.mark.parametrize(
    ("path", "plain"), [("/a", "/a"), ("/a%20b", "/a b"), ("/%C3%A4", "/ä"), ("/...", "/..."), ("/a.", "/a.")]
)
def test_paths_are_decoded_once(path: str, plain: str) -> None:
    """Escapes become text; dots inside names are names."""
    assert decode_path(path) == plain


def test_queries_are_pairs_in_order() -> None:
    """Names may repeat or lack a value; plus is a space, escaped plus a plus."""
    assert parse_query("a=1&b&a=%2B+x&&c=d=e") == [("a", "1"), ("b", ""), ("a", "+ x"), ("c", "d=e")]
    assert parse_query("") == []
    with pytest.raises(MalformedTarget):
        parse_query("a=%zz")


@pytest.mark.parametrize(
    "host", [b"node", b"node:80", b"a.b-c_d.example", b"127.0.0.1:8091", b"[::1]", b"[fe80::1]:443"]
)
def test_good_hosts_pass(host: bytes) -> None:
    """Names and addresses with or without a port."""
    check_host(host)


@pytest.mark.parametrize(
    "host", [b"", b":80", b"a b", b"a/b", b"a@b", b"a:b", b"a:123456", b"::1", b"[::1", b"[x]", b".a", b"\xff"]
)
def test_bad_hosts_are_refused(host: bytes) -> None:
    """Everything else."""
    with pytest.raises(MalformedHost):
        check_host(host)


@pytest.mark.parametrize(
    ("host", "name"),
    [("Node:80", "node"), ("node.", "node"), ("[::1]:80", "::1"), ("[FE80::1]", "fe80::1"), ("1.2.3.4:5", "1.2.3.4")],
)
def test_host_names_lose_port_brackets_and_case(host: str, name: str) -> None:
    """Only the name is compared."""
    assert host_name(host) == name


def test_addresses_and_loopback_names_are_told_apart() -> None:
    """`localhost` and its children mean this machine; a literal address is no name; both look-alikes are not."""
    assert is_loopback_name("localhost")
    assert is_loopback_name("node.localhost")
    assert not is_loopback_name("localhost.example")
    assert is_literal_address("127.0.0.1")
    assert is_literal_address("::1")
    assert not is_literal_address("127.0.0.1.example")
    assert not is_literal_address("0x7f.1")
