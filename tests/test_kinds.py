"""The numbers of the log's kinds: given out once, never changed."""

from edge_node.journal import Database, SegmentClass
from edge_node.kinds import NODE_KINDS


def test_numbers_and_places_are_those_of_every_released_log() -> None:
    """A number that moved would make old directories unreadable; new kinds only add rows here."""
    assert {kind.number: (kind.segment_class, kind.database) for kind in NODE_KINDS} == {
        1: (SegmentClass.PX, Database.INDEX),  # piece
        3: (SegmentClass.RC, Database.INDEX),  # delete
        4: (SegmentClass.RC, Database.META),  # device change
        6: (SegmentClass.PX, Database.INDEX),  # extent
        7: (SegmentClass.RC, Database.INDEX),  # reference
        8: (SegmentClass.EV, Database.INDEX),  # events
        9: (SegmentClass.RC, Database.INDEX),  # evidence
        10: (SegmentClass.RC, Database.META),  # request horizon
        11: (SegmentClass.RC, Database.INDEX),  # retention anchor
        12: (SegmentClass.RC, Database.INDEX),  # file of a bucket
        13: (SegmentClass.RC, Database.META),  # name of a bucket
        14: (SegmentClass.RC, Database.META),  # token revocation
        15: (SegmentClass.RC, Database.INDEX),  # activity
        16: (SegmentClass.RC, Database.INDEX),  # note of activity
    }


def test_deletes_and_revocations_work_on_a_full_disk() -> None:
    """Only what frees space or takes rights away, and what a signed delete may need first, is taken when it is low."""
    assert {kind.number for kind in NODE_KINDS if kind.frees_space} == {3, 4, 10, 11, 14}
