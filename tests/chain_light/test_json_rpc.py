"""Calls are told apart by their ids alone; what is no message is refused, whatever it is."""

import contextlib
import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.chain_light.json_rpc import (
    BATCH_MAX,
    DEPTH_MAX,
    MESSAGE_MAX_BYTES,
    Answer,
    Call,
    Notice,
    Refused,
    encode_calls,
    read_message,
    size_of,
    subscription_text,
)
from edge_node.chain_light.source_errors import AnswerTooLarge, EndpointRefused, MalformedAnswer, MethodMissing

RESULTS = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


def message(**members):
    return json.dumps({"jsonrpc": "2.0", **members}).encode()


def value_of(result):
    return json.loads(bytes(result))


def test_one_call_is_an_object():
    """Names and parameters go out as they stand; lists and nulls among them too."""
    sent = json.loads(encode_calls(7, [Call("chain_getBlockHash", ([1, 2], None, "0x00"))]))
    assert sent == {"jsonrpc": "2.0", "id": 7, "method": "chain_getBlockHash", "params": [[1, 2], None, "0x00"]}


def test_more_calls_are_a_batch_with_ids_that_follow():
    """So many ids are used up as there are calls."""
    sent = json.loads(encode_calls(7, [Call("a"), Call("b")]))
    assert [(one["id"], one["method"], one["params"]) for one in sent] == [(7, "a", []), (8, "b", [])]


@given(results=st.lists(RESULTS, min_size=1, max_size=8), order=st.randoms(use_true_random=False))
def test_answers_come_in_any_order(results, order):
    """Whatever they are and wherever they stand in a batch, ids lead back to the calls."""
    answers = [{"jsonrpc": "2.0", "id": number, "result": result} for number, result in enumerate(results)]
    order.shuffle(answers)
    found = {frame.id: value_of(frame.result) for frame in read_message(json.dumps(answers).encode())}
    assert found == dict(enumerate(results))


def test_an_answer_keeps_its_result_unread():
    """The result's bytes are the message's own."""
    (frame,) = read_message(b'{"jsonrpc":"2.0","id":3,"result":{ "a" : [1,2] },"more":{}}')
    assert isinstance(frame, Answer)
    assert (frame.id, bytes(frame.result), size_of(frame.result)) == (3, b'{ "a" : [1,2] }', 15)


def test_a_null_error_is_none():
    """Some proxies write both members."""
    assert read_message(message(id=1, result=None, error=None)) == [Answer(1, msgspec.Raw(b"null"))]


def test_a_refusal_is_told_with_what_the_endpoint_adds():
    """Nodes put the reason for which an extrinsic is not taken into `data`."""
    error = {"code": 1010, "message": "Invalid Transaction", "data": "Transaction is outdated"}
    (refused,) = read_message(message(id=2, error=error))
    assert refused == Refused(2, 1010, "Invalid Transaction: Transaction is outdated")
    raised = refused.error("author_submitExtrinsic")
    assert isinstance(raised, EndpointRefused)
    assert (raised.method, raised.code) == ("author_submitExtrinsic", 1010)


@pytest.mark.parametrize("data", [{"deep": [1]}, 7, None, "x" * 1_023])
def test_additions_that_are_no_short_text_are_left_out(data):
    """The message alone is told then."""
    assert read_message(message(id=2, error={"code": 1, "message": "no", "data": data})) == [Refused(2, 1, "no")]


def test_words_are_tamed():
    """An endpoint writes nothing to our terminals."""
    (refused,) = read_message(message(id=2, error={"code": 1, "message": "\x1b[2J" * 900, "data": "\x07"}))
    assert refused.words.isprintable()
    assert len(refused.words) == 200


def test_an_unknown_method_is_told_as_such():
    """-32601 is what JSON-RPC has for it; nodes use it for methods they keep to themselves as well."""
    (refused,) = read_message(message(id=2, error={"code": -32601, "message": "Method not found"}))
    assert isinstance(refused.error("grandpa_proveFinality"), MethodMissing)


@pytest.mark.parametrize(("code", "wants"), [(-32005, True), (-32010, True), (-32600, False), (4, False)])
def test_who_takes_no_batches_says_so(code, wants):
    """Then the calls are made one by one; such an error has no id, since no call was read."""
    (refused,) = read_message(message(id=None, error={"code": code, "message": "no batches"}))
    assert refused.id is None
    assert refused.wants_no_batch is wants


@pytest.mark.parametrize("subscription", ["Xy7", 12])
def test_a_notice_names_its_subscription(subscription):
    """Nodes give texts, some proxies numbers."""
    params = {"subscription": subscription, "result": "0x00"}
    (notice,) = read_message(message(method="grandpa_justifications", params=params))
    assert notice == Notice("grandpa_justifications", str(subscription), msgspec.Raw(b'"0x00"'))


def test_a_notice_without_a_result_is_a_subscriptions_end():
    """The server closes a subscription with an error in the result's place."""
    (notice,) = read_message(message(method="chain_newHead", params={"subscription": "a", "error": "lagged"}))
    assert notice == Notice("chain_newHead", "a", None)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"   ",
        b"null",
        b"7",
        b"[]",
        b"{}",
        b"[{}]",
        b"[[]]",
        b"\xff\xfe",
        b'{"jsonrpc":"2.0"}',
        b'{"jsonrpc":"1.0","id":1,"result":1}',
        b'{"id":1,"result":1}',
        b'{"jsonrpc":"2.0","id":1}',
        b'{"jsonrpc":"2.0","id":null,"result":1}',
        b'{"jsonrpc":"2.0","result":1}',
        b'{"jsonrpc":"2.0","id":true,"result":1}',
        b'{"jsonrpc":"2.0","id":1.5,"result":1}',
        b'{"jsonrpc":"2.0","id":{},"result":1}',
        b'{"jsonrpc":"2.0","id":1,"result":1}x',
        b'{"jsonrpc":"2.0","id":1,"result":nul}',
        b'{"jsonrpc":"2.0","id":1,"result":"a',
        b'{"jsonrpc":"2.0","id":1,"error":"no"}',
        b'{"jsonrpc":"2.0","id":1,"error":{}}',
        b'{"jsonrpc":"2.0","id":1,"error":{"code":99999999999}}',
        b'{"jsonrpc":"2.0","id":1,"error":{"code":1,"data":"\\ud800"}}',
        b'{"jsonrpc":"2.0","id":1,"error":{"code":1,"data":"\xff"}}',
        b'{"jsonrpc":"2.0","method":"m"}',
        b'{"jsonrpc":"2.0","method":"m","params":[]}',
        b'{"jsonrpc":"2.0","method":"m","params":{"result":1}}',
        b'{"jsonrpc":"2.0","method":"m","id":1,"params":{"subscription":"a","result":1}}',
        b'{"jsonrpc":"2.0","id":1,"result":' + b"[" * 200_000 + b"]" * 200_000 + b"}",
        b"[" * 200_000,
    ],
    ids=lambda raw: raw[:40].decode("latin-1"),
)
def test_what_is_no_message_is_refused(raw):
    """The reason is a fact that fits a line."""
    with pytest.raises(MalformedAnswer) as caught:
        read_message(raw)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 250


def test_depth_has_a_bound():
    """At the bound it is read, one deeper it is not: in the result, and where nobody looks."""
    within, beyond = b"[" * (DEPTH_MAX - 1) + b"]" * (DEPTH_MAX - 1), b"[" * DEPTH_MAX + b"]" * DEPTH_MAX
    assert read_message(b'{"jsonrpc":"2.0","id":1,"result":' + within + b"}")
    for member in (b"result", b"other"):
        with pytest.raises(MalformedAnswer, match="deeper"):
            read_message(b'{"jsonrpc":"2.0","id":1,"result":1,"' + member + b'":' + beyond + b"}")


def test_size_has_a_bound():
    """At the bound it is read, one byte more it is not."""
    head, tail = b'{"jsonrpc":"2.0","id":1,"result":"', b'"}'
    full = head + b"0" * (MESSAGE_MAX_BYTES - len(head) - len(tail)) + tail
    assert len(read_message(full)) == 1
    with pytest.raises(AnswerTooLarge):
        read_message(full + b" ")


def test_a_batch_has_a_bound():
    """More answers than the most calls we make at once are nobody's answers."""
    one = message(id=1, result=0)
    assert len(read_message(b"[" + b",".join([one] * BATCH_MAX) + b"]")) == BATCH_MAX
    with pytest.raises(MalformedAnswer):
        read_message(b"[" + b",".join([one] * (BATCH_MAX + 1)) + b"]")


def test_a_subscriptions_id_has_a_bound():
    """It is kept as long as the subscription."""
    assert subscription_text("a" * 128) == "a" * 128
    with pytest.raises(AnswerTooLarge):
        subscription_text("a" * 129)
    with pytest.raises(AnswerTooLarge):
        subscription_text(10**128)


@given(st.binary(max_size=200))
def test_no_bytes_do_anything_else(raw):
    """Frames or a refusal."""
    with contextlib.suppress(MalformedAnswer, AnswerTooLarge):
        assert read_message(raw)
