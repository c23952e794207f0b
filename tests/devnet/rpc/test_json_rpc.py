"""Requests read, answers written."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.devnet.rpc.json_rpc import (
    BATCH_MAX,
    INVALID_REQUEST,
    PARSE_ERROR,
    BadRequest,
    Request,
    RpcError,
    read_message,
    write_batch,
    write_error,
    write_note,
    write_result,
)


def one(value):
    asked, batch = read_message(json.dumps(value))
    assert not batch
    return asked[0]


def test_a_request_is_read():
    """With and without parameters; one without an id wants no answer."""
    assert one({"jsonrpc": "2.0", "id": 1, "method": "m", "params": [1, "a"]}) == Request(1, "m", [1, "a"], False)
    assert one({"jsonrpc": "2.0", "id": "x", "method": "m"}) == Request("x", "m", [], False)
    assert one({"jsonrpc": "2.0", "method": "m", "params": None}) == Request(None, "m", [], True)


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (7, INVALID_REQUEST),
        ({"id": 1, "method": "m"}, INVALID_REQUEST),
        ({"jsonrpc": "2.0", "id": 1}, INVALID_REQUEST),
        ({"jsonrpc": "2.0", "id": [1], "method": "m"}, INVALID_REQUEST),
        ({"jsonrpc": "2.0", "id": True, "method": "m"}, INVALID_REQUEST),
        ({"jsonrpc": "2.0", "id": 1, "method": "m", "params": {"a": 1}}, -32602),
    ],
)
def test_what_is_no_request_is_answered_so(value, code):
    """Never with silence, and with its id where that can be told."""
    bad = one(value)
    assert isinstance(bad, BadRequest)
    assert bad.error.code == code


def test_bytes_that_are_no_json():
    """Cut short, not UTF-8, or nested without an end."""
    for raw in (b"{", b"\xff", b'"' + b"\xc3" + b'"', b"", "\ud800".encode("utf-8", "surrogatepass")):
        (bad,), _ = read_message(raw)
        assert bad.error.code == PARSE_ERROR
    for raw in (b"[" * 100_000, b"[" * 17 + b"]" * 17, b'{"a":' * 50 + b"1" + b"}" * 50):
        (bad,), _ = read_message(raw)
        assert bad.error.code in (PARSE_ERROR, INVALID_REQUEST)


def test_batches_are_bounded():
    """At the limit and above; an empty one is none."""
    request = {"jsonrpc": "2.0", "id": 1, "method": "m"}
    asked, batch = read_message(json.dumps([request] * BATCH_MAX))
    assert batch
    assert len(asked) == BATCH_MAX
    for many in ([], [request] * (BATCH_MAX + 1)):
        (bad,), batch = read_message(json.dumps(many))
        assert (bad.error.code, batch) == (INVALID_REQUEST, False)


def test_answers_are_json():
    """Results, errors with and without data, batches, notifications around what is encoded already."""
    assert json.loads(write_result(1, {"a": None})) == {"jsonrpc": "2.0", "id": 1, "result": {"a": None}}
    error = json.loads(write_error("x", RpcError(1010, "Invalid Transaction", "why")))["error"]
    assert error == {"code": 1010, "message": "Invalid Transaction", "data": "why"}
    assert "data" not in json.loads(write_error(1, RpcError(-1, "m")))["error"]
    assert [one["id"] for one in json.loads(write_batch([write_result(1, 2), write_result(2, 3)]))] == [1, 2]
    note = json.loads(write_note("chain_newHead", "ab", b'{"n":1}'))
    assert note["params"] == {"subscription": "ab", "result": {"n": 1}}


@given(st.binary(max_size=200))
def test_no_bytes_break_the_reader(raw):
    """Whatever comes, there is something to answer."""
    asked, _ = read_message(raw)
    assert asked
