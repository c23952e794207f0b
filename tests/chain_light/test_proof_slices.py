"""Many keys in several questions: how many at once, and their answers as one proof."""

import pytest

from edge_node.base.ids import Hash256
from edge_node.chain_light import proof_slices
from edge_node.chain_light.errors import BadAnswer
from edge_node.chain_light.proof_slices import ANSWER_BYTES, KEYS_FIRST, KEYS_MAX, ProofBeyondBounds, Slices
from edge_node.chain_light.trie_errors import DuplicateEntry, ProofTooLarge


def test_answers_that_share_nodes_are_one_proof():
    """Each entry once; within one answer an entry that stands twice is refused."""
    slices = Slices()
    slices.add(1, [b"a", b"b"])
    slices.add(1, [b"b", b"c"])
    assert slices.entries == [b"a", b"b", b"c"]
    with pytest.raises(DuplicateEntry) as twice:
        slices.add(1, [b"x", b"d", b"x"])
    assert isinstance(twice.value.entry, Hash256)


def test_too_much_in_all_is_nobodys_fault(monkeypatch):
    """By number and by bytes; what stands in several answers counts once. At the bounds it is taken."""
    monkeypatch.setattr(proof_slices, "PROOF_ENTRIES_MAX", 3)
    monkeypatch.setattr(proof_slices, "PROOF_BYTES_MAX", 10)
    slices = Slices()
    for _ in range(5):
        slices.add(1, [b"12345", b"67890"])
    with pytest.raises(ProofBeyondBounds, match="more than 10 bytes") as beyond:
        slices.add(1, [b"1"])
    assert not isinstance(beyond.value, BadAnswer)
    many = Slices()
    many.add(3, [b"1", b"2", b"3"])
    with pytest.raises(ProofBeyondBounds, match="more than 3 entries"):
        many.add(1, [b"4"])


def test_one_answer_that_is_too_large_is_a_bad_one(monkeypatch):
    """No question is for so much."""
    monkeypatch.setattr(proof_slices, "PROOF_ENTRIES_MAX", 3)
    monkeypatch.setattr(proof_slices, "PROOF_BYTES_MAX", 10)
    Slices().add(1, [b"12345", b"67890", b""])
    for answer, what in (([b"123456", b"78901"], "10 bytes"), ([b"1", b"2", b"3", b"4"], "3 entries")):
        with pytest.raises(ProofTooLarge, match=what):
            Slices().add(1, answer)


def test_short_answers_are_asked_for_in_longer_questions():
    """Twice as many each time, up to the bound."""
    slices, asked = Slices(), []
    for number in range(7):
        asked.append(slices.keys)
        slices.add(slices.keys, [bytes((number,)) * 100])
    assert asked == [KEYS_FIRST, 32, 64, 128, KEYS_MAX, KEYS_MAX, KEYS_MAX]
    slices.add(slices.keys, [])
    assert slices.keys == KEYS_MAX


def test_long_answers_are_asked_for_in_shorter_questions():
    """As many keys as make a megabyte; one at least."""
    slices = Slices()
    slices.add(KEYS_FIRST, [bytes((n,)) + bytes(ANSWER_BYTES // 4 - 1) for n in range(KEYS_FIRST)])
    assert slices.keys == 4
    slices.add(1, [bytes(2 * ANSWER_BYTES)])
    assert slices.keys == 1
    slices.add(1, [b"short"])
    assert slices.keys == 2
