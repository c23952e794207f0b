"""Results have one form each; what has another is refused before anybody verifies it."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.base.ids import Hash256
from edge_node.base.limits import MIB
from edge_node.chain_light import rpc_answers as answers
from edge_node.chain_light.header import (
    DigestItem,
    DigestKind,
    Header,
    MalformedHeader,
    hash_header,
    json_of_header,
)
from edge_node.chain_light.source_errors import AnswerTooLarge, MalformedAnswer

HASH = Hash256(bytes(range(32)))
HEX = f"0x{HASH}"
HEADER = Header(HASH, 7, HASH, HASH, (DigestItem(DigestKind.PRERUNTIME, b"BABE", b"\x02\x00"),))


def result(value):
    return msgspec.Raw(json.dumps(value).encode())


def test_a_hash_in_either_case():
    """Nodes write lower case; some proxies do not."""
    assert answers.hash_of(result(HEX)) == HASH
    assert answers.hash_of(result("0x" + HEX[2:].upper())) == HASH


@pytest.mark.parametrize(
    "wrong", [None, 7, "", "0x", HEX[2:], HEX[:-1], HEX[:-2], f"0x {HEX[3:]}", "0x" + "é" * 64, []]
)
def test_what_is_no_hash(wrong):
    """Neither another length, nor other letters, nor nothing."""
    with pytest.raises(MalformedAnswer):
        answers.hash_of(result(wrong))
    with pytest.raises(AnswerTooLarge):
        answers.hash_of(result(HEX + "00"))


def test_hashes_are_as_many_as_were_asked_for():
    """Null is an answer: the chain is not that high."""
    assert answers.hashes_of(result([HEX, None]), 2) == [HASH, None]
    for count, wrong in ((3, [HEX, None]), (1, HEX), (1, None), (1, [7])):
        with pytest.raises(MalformedAnswer):
            answers.hashes_of(result(wrong), count)


@given(st.binary(max_size=600))
def test_bytes_are_hex(raw):
    """Round trip; null is no value."""
    assert answers.bytes_of(result(f"0x{raw.hex()}")) == raw
    assert answers.bytes_of(result(None)) is None


def test_long_hex_is_read_in_pieces():
    """A call into C holds the interpreter; what comes of pieces is the same."""
    raw = bytes(range(256)) * 5_000
    assert answers.unhex(f"0x{raw.hex()}", len(raw)) == raw
    with pytest.raises(AnswerTooLarge):
        answers.unhex(f"0x{raw.hex()}", len(raw) - 1)
    for wrong in (f"0x{raw.hex()}0", f"0x{raw.hex()[:-2]}0g", f"0x{raw.hex()[:600_000]} 0{raw.hex()[600_000:]}"):
        with pytest.raises(MalformedAnswer):
            answers.unhex(wrong, len(raw) + 8)


def test_a_header_is_read_and_may_be_missing():
    """Its hash is what its members say, so a changed one shows."""
    assert answers.header_of(result(json_of_header(HEADER))) == HEADER
    assert answers.header_of(result(None)) is None
    assert hash_header(answers.header_of(result(json_of_header(HEADER) | {"number": "0x8"}))) != hash_header(HEADER)
    for wrong in ({}, json_of_header(HEADER) | {"number": 7}, json_of_header(HEADER) | {"digest": {"logs": ["0x07"]}}):
        with pytest.raises(MalformedHeader):
            answers.header_of(result(wrong))
    with pytest.raises(MalformedAnswer):
        answers.header_of(result([]))


def test_a_notice_of_a_justification_has_the_bound_of_one():
    """1 MiB, and one byte more."""
    assert len(answers.new_justification_of(result("0x" + "00" * MIB))) == MIB
    with pytest.raises(AnswerTooLarge):
        answers.new_justification_of(result("0x" + "00" * (MIB + 1)))
    with pytest.raises(MalformedAnswer):
        answers.new_justification_of(result(None))


def test_a_proof_is_of_the_block_that_was_asked_for():
    """It says which; another one's nodes would only be found to prove nothing."""
    assert answers.proof_of(result({"at": HEX, "proof": ["0x00", "0x0102"]}), HASH) == [b"\x00", b"\x01\x02"]
    for wrong in ({"at": HEX}, {"proof": []}, {"at": HEX, "proof": [7]}, {"at": HEX, "proof": ["00"]}, None, [],
                  {"at": f"0x{'00' * 32}", "proof": []}, {"at": HEX, "proof": ["0x"] * 65_537}):  # fmt: skip
        with pytest.raises(MalformedAnswer):
            answers.proof_of(result(wrong), HASH)


def test_a_page_of_keys_is_in_order_under_its_prefix():
    """No key twice, none before where the page begins, no more than asked for."""
    page = ["0xaa", "0xaa01", "0xaa02"]
    assert answers.keys_of(result(page), b"\xaa", None, 3) == [b"\xaa", b"\xaa\x01", b"\xaa\x02"]
    assert answers.keys_of(result(page[1:]), b"\xaa", b"\xaa", 3) == [b"\xaa\x01", b"\xaa\x02"]
    assert answers.keys_of(result([]), b"\xaa", None, 3) == []
    assert answers.keys_of(result(["0x"]), b"", None, 1) == [b""]
    for keys, prefix, after, count in (
        (page, b"\xaa", None, 2),
        (page, b"\xaa", b"\xaa", 3),
        (page[::-1], b"\xaa", None, 3),
        ([page[0], page[0]], b"\xaa", None, 3),
        (["0xbb"], b"\xaa", None, 3),
        (["0x", "0x"], b"", None, 2),
    ):
        with pytest.raises(MalformedAnswer):
            answers.keys_of(result(keys), prefix, after, count)


def test_metadata_is_bytes_with_a_bound():
    """Null is no metadata."""
    assert answers.metadata_of(result("0x6d657461")) == b"meta"
    with pytest.raises(MalformedAnswer):
        answers.metadata_of(result(None))
    with pytest.raises(AnswerTooLarge):
        answers.metadata_of(result("0x" + "00" * (answers.METADATA_BYTES_MAX + 1)))


def test_a_subscriptions_id_is_a_text_or_a_number():
    """Nothing else can be compared."""
    assert answers.subscription_of(result("abc")) == "abc"
    assert answers.subscription_of(result(12)) == "12"
    for wrong in (None, [], 1.5, True):
        with pytest.raises(MalformedAnswer):
            answers.subscription_of(result(wrong))


@pytest.mark.parametrize(
    "read",
    [
        answers.hash_of, answers.bytes_of, answers.metadata_of, answers.header_of,
        answers.new_justification_of,
        lambda raw: answers.hashes_of(raw, 1), lambda raw: answers.proof_of(raw, HASH),
        lambda raw: answers.keys_of(raw, b"", None, 8),
    ],
)  # fmt: skip
@pytest.mark.parametrize("raw", [b'"\xff"', b'"\\ud800"', b"[", b"1e999", b'"0x\xc3\xa9"', b""])
def test_broken_json_in_a_result_is_refused(read, raw):
    """A message's syntax is looked at before; an encoding that is none shows only when a result is read."""
    with pytest.raises((MalformedAnswer, MalformedHeader)):
        read(msgspec.Raw(raw))
