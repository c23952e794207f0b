"""A checkpoint through QR codes: any order, any case, and whatever a camera or a hand gets wrong."""

import base64
import json
import re
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_node.base.digests import blake2b_256
from edge_node.chain_light.checkpoint import sign_checkpoint
from edge_node.chain_light.checkpoint_errors import CheckpointMisuse, CheckpointRefused
from edge_node.chain_light.checkpoint_payload import Checkpoint
from edge_node.chain_light.checkpoint_text import (
    MARK,
    PART_DATA_MAX,
    PARTS_MAX,
    TEXT_MAX_CHARS,
    PartsMissing,
    PartsMixed,
    PartsUnfit,
    PartUnreadable,
    document_of,
    join_parts,
    read_parts,
    write_parts,
)
from edge_node.trust.documents import DOCUMENT_MAX_BYTES
from edge_node.trust.signing_key import SigningKey

FILE = json.loads((Path(__file__).parents[1] / "vectors/chain/checkpoint.json").read_text())
DOCUMENT = FILE["vectors"][0]["envelope"].encode()
TEXTS = FILE["parts"]
KEYS = [SigningKey.from_seed(bytes([number]) * 32) for number in (11, 12)]


def of_many(count, counter=1):
    """A document with authorities whose keys do not compress."""
    payload = json.loads(FILE["vectors"][5]["payload"]) | {
        "authorities": [[blake2b_256(number.to_bytes(4)).hex(), 1] for number in range(count)],
        "counter": counter,
    }
    return sign_checkpoint(Checkpoint.from_payload(payload), KEYS)


LONG = of_many(100)
PARTS = write_parts(LONG)


def check(raw):
    return base64.b32encode(blake2b_256(raw)[:5]).decode()


def text_of(blob, number=1, total=1):
    """One text with whatever bytes in it, and right checks."""
    head = f"{MARK}/{number}/{total}/{check(blob)}/{base64.b32encode(blob).decode().rstrip('=')}"
    return f"{head}/{check(head.encode())}"


def test_the_vector_is_joined():
    """Texts that another program wrote, with a payload it did not compress, are the document they were made of."""
    assert join_parts(TEXTS) == DOCUMENT
    assert [part.number for part in read_parts(TEXTS)] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("count", [1, 4, 100, 600])
def test_round_trip(count):
    """What is written is read, in texts that a QR code of version 20 and level M holds in its alphanumeric mode."""
    raw = of_many(count)
    texts = write_parts(raw)
    assert join_parts(texts) == raw
    assert all(re.fullmatch(r"[0-9A-Z $%*+\-./:]{40,970}", text) for text in texts)
    assert len(texts) <= 1 + count * 65 // PART_DATA_MAX


def test_as_many_parts_as_fit():
    """A thousand authorities fit; a document of more parts than there are numbers for is copied as a file."""
    assert len(write_parts(of_many(1_000))) <= PARTS_MAX
    with pytest.raises(CheckpointMisuse, match="copy the file"):
        write_parts(of_many(1_700))


@settings(max_examples=40)
@given(st.permutations(range(len(PARTS))), st.data())
def test_any_order_case_and_spacing(order, data):
    """Parts come as they are scanned: in any order, twice, in lower case, broken by white space wherever."""
    texts = [PARTS[n] for n in (*order, data.draw(st.sampled_from(range(len(PARTS)))))]
    joined = data.draw(st.sampled_from(["", " ", "\r\n", "\n\n\t"])).join(texts)
    if data.draw(st.booleans()):
        joined = joined.lower()
    places = data.draw(st.lists(st.integers(0, len(joined)), max_size=4))
    for place in places:
        joined = joined[:place] + "\n" + joined[place:]
    assert join_parts([joined]) == LONG
    assert document_of(joined.encode()) == LONG


def test_a_file_is_either():
    """A file holds the document or its texts; both become the document."""
    assert document_of(LONG) == LONG
    assert document_of(b"\n " + LONG) == b"\n " + LONG
    assert document_of("\n".join(PARTS).encode()) == LONG


def test_missing_parts_are_named():
    """Until all are there the numbers of those that are not are told, and nothing else is lost."""
    with pytest.raises(PartsMissing, match=f"missing parts: 2, 4, of {len(PARTS)}") as refused:
        join_parts([text for number, text in enumerate(PARTS, 1) if number not in (2, 4)])
    assert (refused.value.missing, refused.value.total) == ((2, 4), len(PARTS))
    for nothing in ([], [""], ["\n"]):
        with pytest.raises(PartsMissing, match="no part"):
            join_parts(nothing)


@settings(max_examples=100)
@given(st.data())
def test_no_wrong_reading_passes(data):
    """One character read wrong is found, in the part that it stands in."""
    number = data.draw(st.integers(0, len(TEXTS) - 1))
    text = TEXTS[number]
    place = data.draw(st.integers(0, len(text) - 1))
    wrong = data.draw(st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/:-").filter(lambda c: c != text[place]))
    read = [*TEXTS[:number], text[:place] + wrong + text[place + 1 :], *TEXTS[number + 1 :]]
    with pytest.raises(PartUnreadable) as refused:
        join_parts(read)
    assert refused.value.place in {number, number + 1}, "a broken mark shows at the end of the part before"


def test_parts_of_two_checkpoints_are_not_mixed():
    """Yesterday's parts among today's are told apart before anything is joined."""
    with pytest.raises(PartsMixed):
        join_parts([*PARTS[:-1], write_parts(of_many(100, counter=2))[-1]])


UNREADABLE = {
    "another text": "https://example.org/CKPT1",
    "a later version": "CKPT2/1/1/AAAAAAAA/AAAA/AAAAAAAA",
    "a mark alone": MARK,
    "no number": f"{MARK}//1/AAAAAAAA/AAAA/AAAAAAAA",
    "number 0": text_of(b"x", number=0),
    "number above the total": text_of(b"x", number=2),
    "total 100": text_of(b"x", total=100),
    "a number with a zero before": text_of(b"x", number="01"),
    "a wrong check": text_of(b"x")[:-8] + "AAAAAAAA",
    "too much data": text_of(bytes(PART_DATA_MAX)),
    "letters that look alike": TEXTS[0].replace("A", "\u0410"),
    "a letter that becomes another as a capital": TEXTS[0].replace("I", "\u0131"),
    "longer than any": "CKPT1/" * TEXT_MAX_CHARS,
}


@pytest.mark.parametrize("text", UNREADABLE.values(), ids=UNREADABLE.keys())
def test_what_is_no_part_is_refused(text):
    """Other codes, other versions, other alphabets."""
    with pytest.raises(PartUnreadable, match="is not a part of a checkpoint"):
        join_parts([text])
    with pytest.raises(CheckpointRefused):
        document_of(text.encode())


ENTRY = bytes(32) + bytes(64)
UNFIT = {
    "no signature": b"\x00" + zlib.compress(b"{}"),
    "seventeen signatures": b"\x11" + b"".join(bytes([n]) * 96 for n in range(17)) + zlib.compress(b"{}"),
    "a signature cut": b"\x01" + ENTRY[:-1],
    "one key twice": b"\x02" + ENTRY * 2 + zlib.compress(b"{}"),
    "no payload": b"\x01" + ENTRY,
    "a payload that is not deflated": b"\x01" + ENTRY + b"{}",
    "a payload cut": b"\x01" + ENTRY + zlib.compress(b"{}" * 99)[:-5],
    "more behind the payload": b"\x01" + ENTRY + zlib.compress(b"{}") + b"x",
    "a payload that is a bomb": b"\x01" + ENTRY + zlib.compress(bytes(400_000)),
    "a payload longer than any": b"\x01" + ENTRY + zlib.compress(bytes(DOCUMENT_MAX_BYTES * 3 // 4)),
}


@pytest.mark.parametrize("blob", UNFIT.values(), ids=UNFIT.keys())
def test_what_makes_no_document_is_refused(blob):
    """Right checks on nonsense do not help it; a stream that would fill the memory is cut off."""
    assert len(base64.b32encode(blob)) <= 2_800
    with pytest.raises(PartsUnfit):
        join_parts(split_text(blob))


def split_text(blob):
    """Any bytes in as many texts as they want."""
    digits = base64.b32encode(blob).decode().rstrip("=")
    pieces = [digits[start : start + PART_DATA_MAX] for start in range(0, len(digits), PART_DATA_MAX)]
    heads = [f"{MARK}/{number}/{len(pieces)}/{check(blob)}/{piece}" for number, piece in enumerate(pieces, 1)]
    return [f"{head}/{check(head.encode())}" for head in heads]


def test_the_whole_has_a_check_of_its_own():
    """Parts with right checks, and not those of the whole they name; digits that are no whole number of bytes."""
    head = f"{MARK}/1/1/AAAAAAAA/{base64.b32encode(b'xxxxx').decode()}"
    with pytest.raises(PartsUnfit, match="whole"):
        join_parts([f"{head}/{check(head.encode())}"])
    odd = f"{MARK}/1/1/AAAAAAAA/AAA"
    with pytest.raises(PartsUnfit, match="whole number of bytes"):
        join_parts([f"{odd}/{check(odd.encode())}"])
