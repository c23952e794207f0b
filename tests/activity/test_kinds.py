"""What the journal is told of activity."""

from edge_node.activity.kinds import ACTIVITY_KINDS
from edge_node.activity.note import NOTE_KIND, NOTE_VERSION, NoteRecord, encode_note
from edge_node.activity.record import ACTIVITY_KIND, VERSION
from edge_node.journal import Database, Position, Record, SegmentClass
from tests.activity.rig import NODE, NOW_MS
from tests.activity.test_record import VECTORS
from tests.activity.test_rows import part, record


def test_numbers_classes_and_places():
    """A record and its notes lie in `rc`, are made into index rows, and keep the log's order among each other."""
    assert [(kind.number, kind.version) for kind in ACTIVITY_KINDS] == [(15, 1), (16, 1)]
    assert {kind.segment_class for kind in ACTIVITY_KINDS} == {SegmentClass.RC}
    assert {kind.database for kind in ACTIVITY_KINDS} == {Database.INDEX}
    assert {kind.family for kind in ACTIVITY_KINDS} == {"activity"}
    assert not any(kind.frees_space for kind in ACTIVITY_KINDS)


def test_replay_gives_what_the_live_write_handed_over():
    """From bytes comes the item that `apply` was given when they were written."""
    activity, note_kind = ACTIVITY_KINDS
    position = Position(SegmentClass.RC, 1, 64)
    payload = bytes.fromhex(VECTORS["a piece is stored"]["payload_hex"])
    item = activity.replay(Record(position, 1, ACTIVITY_KIND, VERSION, b"", payload))
    assert item.bytes == 17
    note = NoteRecord(NOTE_KIND, NOTE_VERSION, NODE, NOW_MS, 2, [])
    assert note_kind.replay(Record(position, 2, NOTE_KIND, NOTE_VERSION, b"", encode_note(note))) == note
    assert record(1, part(0, (0, 1))).kind == activity.number
