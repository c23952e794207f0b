"""The record kinds of activity, as the journal knows them."""

from edge_node.activity.note import NOTE_KIND, NOTE_VERSION, NoteRecord, decode_note
from edge_node.activity.record import ACTIVITY_KIND, VERSION, ActivityRecord, decode_activity
from edge_node.activity.rows import SCHEMA, apply_notes, apply_records
from edge_node.journal import Database, Kind, Record, SegmentClass

FAMILY = "activity"  # a record takes out the notes of its window: they keep the log's order


def _replay_record(record: Record) -> ActivityRecord:
    return decode_activity(record.payload)


def _replay_note(record: Record) -> NoteRecord:
    return decode_note(record.payload)


ACTIVITY_KINDS = (
    Kind(
        number=ACTIVITY_KIND,
        version=VERSION,
        segment_class=SegmentClass.RC,
        database=Database.INDEX,
        schema=SCHEMA,
        apply=apply_records,
        replay=_replay_record,
        family=FAMILY,
    ),
    Kind(
        number=NOTE_KIND,
        version=NOTE_VERSION,
        segment_class=SegmentClass.RC,
        database=Database.INDEX,
        schema=SCHEMA,
        apply=apply_notes,
        replay=_replay_note,
        family=FAMILY,
    ),
)
