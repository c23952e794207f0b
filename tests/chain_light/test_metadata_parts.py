"""The parts of metadata: values that compare and hash as they should."""

from edge_node.chain_light.metadata_parts import Hasher, Pallet, Storage, StorageEntry


def test_hashers_have_their_numbers_on_the_wire():
    """The order is frame-metadata's, where the 128-bit twox stands before the 64-bit one."""
    names = ["BLAKE2_128", "BLAKE2_256", "BLAKE2_128_CONCAT", "TWOX_128", "TWOX_256", "TWOX_64_CONCAT", "IDENTITY"]
    assert [hasher.name for hasher in Hasher] == names
    assert [hasher.value for hasher in Hasher] == list(range(7))


def test_parts_are_values():
    """Equal parts are equal and may be keys; an entry is a value that is absent with a default until said otherwise."""
    entry = StorageEntry("Number", 4)
    assert (entry.key, entry.hashers, entry.optional, entry.default) == (None, (), False, b"")
    assert Pallet("System", 0, Storage("System", (entry,))) == Pallet("System", 0, Storage("System", (entry,)))
    assert len({entry, StorageEntry("Number", 4)}) == 1
