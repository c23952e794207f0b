"""The values that are there before anything is written."""

import pytest

from edge_node.chain_light.codec import encode_value
from edge_node.chain_light.values import Chosen
from edge_node.devnet.pallets import sdk_profile
from edge_node.devnet.runtime.defaults import zero_of
from edge_node.devnet.runtime.type_book import TypeBook


@pytest.mark.parametrize(
    ("text", "zero", "raw"),
    [
        ("u32", 0, bytes(4)),
        ("bool", False, b"\0"),
        ("str", "", b"\0"),
        ("Compact<u128>", 0, b"\0"),
        ("Vec<u8>", b"", b"\0"),
        ("Vec<u16>", [], b"\0"),
        ("[u8; 3]", bytes(3), bytes(3)),
        ("[u16; 2]", [0, 0], bytes(4)),
        ("(u8, bool)", (0, False), bytes(2)),
        ("Option<u8>", None, b"\0"),
        ("BoundedVec<u16>", [], b"\0"),
        ("StoredState", Chosen("Live"), b"\0"),
        ("StorageNodeMode", Chosen("Full"), b"\1"),
        ("Perquintill", 0, bytes(8)),
        ("Digest", {"logs": []}, b"\0"),
        ("ExtraFlags", 0, bytes(16)),
        ("DispatchError", Chosen("Other"), b"\0"),
        ("MultiAddress", Chosen("Id", bytes(32)), bytes(33)),
    ],
)
def test_the_zero_of_each_form(text, zero, raw):
    """And its bytes."""
    book = TypeBook(sdk_profile())
    kind = book.id_of(text)
    assert zero_of(book.registry(), kind) == zero
    assert encode_value(book.registry(), kind, zero) == raw
