"""What is kept when a chain contradicts itself."""

from edge_node.chain_light.anchor_record import Evidence
from edge_node.chain_light.conflict import CONFLICT, OTHER_AUTHORITIES, authorities_evidence, conflict_evidence
from edge_node.chain_light.grandpa import encode_justification
from edge_node.chain_light.header import encode_header
from tests.chain_light import electorate as el

START = el.genesis()
ONE, OTHER = el.block(START.header), el.block(START.header, extra=1)
OURS = el.justify(ONE, range(3))


def evidence(ours, theirs):
    """Evidence of both, as it is read back from the disk."""
    found = conflict_evidence(
        START.hash, START.voters, ours, theirs, why="block 1 twice", source="ws://a.example", found_ms=5
    )
    assert Evidence.decode(found.encode()) == found
    return dict(found.parts)


def test_both_proofs_and_who_signed_both_sides_are_kept():
    """In one round two thirds and two thirds share a third: each of those is named with both votes."""
    theirs = el.justify(OTHER, range(1, 4))
    parts = evidence(encode_justification(OURS), theirs)
    assert parts["ours"] == encode_justification(OURS)
    assert parts["theirs"] == encode_justification(theirs)
    named = {parts[name][:32] for name in parts if name.startswith("equivocation")}
    assert named == {el.voter(1).public, el.voter(2).public}
    assert all(len(parts[name]) == 32 + 2 * (53 + 64) for name in parts if name.startswith("equivocation"))


def test_other_rounds_and_a_checkpoint_name_nobody():
    """Voters may change their mind between rounds; a checkpoint has no votes. The proofs are kept all the same."""
    theirs = el.justify(OTHER, range(1, 4), round_number=2)
    assert set(evidence(encode_justification(OURS), theirs)) == {"ours", "theirs", "set"}
    assert evidence(b"", theirs)["ours"] == b""


def test_more_votes_than_are_needed_do_not_hinder_keeping_them():
    """Whatever the other side looks like, it is kept whole."""
    theirs = el.justify(OTHER, [0, 1, 2, 3] * 3)
    assert set(evidence(encode_justification(OURS), theirs)) == {"ours", "theirs", "set"}


def test_a_state_that_names_others_is_kept_with_its_proof():
    """Header, set and every node of the proof."""
    found = authorities_evidence(START.hash, START, (b"node", b"other"), why="differs", source="", found_ms=5)
    assert found.kind == OTHER_AUTHORITIES != CONFLICT
    assert dict(found.parts)["header"] == encode_header(START.header)
    assert [part for name, part in found.parts if name.startswith("proof")] == [b"node", b"other"]
