"""The record kinds the store registers with the journal."""

from edge_node.journal import Database, Kind, Record, SegmentClass
from edge_node.store import file_rows, name_rows, records, reference_rows, rows, usage
from edge_node.store.streams import records as stream_records
from edge_node.store.streams import retention_rows
from edge_node.store.streams import rows as stream_rows

PIECES = "pieces"  # pieces, files, references and deletes change the same rows: they keep the log's order
PIECES_SCHEMA = rows.SCHEMA + reference_rows.SCHEMA + file_rows.SCHEMA
EVENTS = "events"


def _replay_nothing(_record: Record) -> None:
    return None


def _replay_piece(record: Record) -> records.PieceRecord:
    return records.decode_piece(record.payload)


def _replay_reference(record: Record) -> records.ReferenceRecord:
    return records.decode_reference(record.payload)


def _replay_multipart(record: Record) -> records.MultipartRecord:
    return records.decode_multipart(record.payload)


def _replay_name(record: Record) -> records.NameChange:
    return records.decode_name(record.payload)


def _replay_events(record: Record) -> stream_rows.EventsItem:
    return stream_rows.item_of(stream_records.decode_events(record.payload))


def _replay_evidence(record: Record) -> stream_records.EvidenceRecord:
    return stream_records.decode_evidence(record.payload)


def _replay_retention(record: Record) -> stream_records.RetentionRecord:
    return stream_records.decode_retention(record.payload)


STORE_KINDS = (
    Kind(
        number=records.PIECE_KIND,
        version=records.VERSION,
        segment_class=SegmentClass.PX,
        database=Database.INDEX,
        schema=PIECES_SCHEMA,
        apply=rows.apply_pieces,
        replay=_replay_piece,
        family=PIECES,
    ),
    Kind(
        number=records.DELETE_KIND,
        version=records.VERSION,
        segment_class=SegmentClass.RC,
        database=Database.INDEX,
        schema=PIECES_SCHEMA,
        apply=rows.apply_deletes,
        replay=_replay_reference,
        frees_space=True,
        family=PIECES,
    ),
    Kind(
        number=records.REFERENCE_KIND,
        version=records.VERSION,
        segment_class=SegmentClass.RC,
        database=Database.INDEX,
        schema=PIECES_SCHEMA,
        apply=rows.apply_references,
        replay=_replay_reference,
        family=PIECES,
    ),
    Kind(
        number=records.EXTENT_KIND,
        version=records.VERSION,
        segment_class=SegmentClass.PX,
        database=Database.INDEX,
        schema=usage.SCHEMA,
        apply=rows.apply_extents,
        replay=_replay_nothing,
        family="extents",  # its one row per segment says the same before and after a piece's
    ),
    Kind(
        number=stream_records.EVENTS_KIND,
        version=stream_records.VERSION,
        segment_class=SegmentClass.EV,
        database=Database.INDEX,
        schema=stream_rows.SCHEMA,
        apply=stream_rows.apply_events,
        replay=_replay_events,
        family=EVENTS,
    ),
    Kind(
        number=stream_records.EVIDENCE_KIND,
        version=stream_records.VERSION,
        segment_class=SegmentClass.RC,
        database=Database.INDEX,
        schema=stream_rows.EVIDENCE_SCHEMA,
        apply=stream_rows.apply_evidence,
        replay=_replay_evidence,
        family="evidence",
    ),
    Kind(
        number=stream_records.RETENTION_KIND,
        version=stream_records.VERSION,
        segment_class=SegmentClass.RC,
        database=Database.INDEX,
        schema=retention_rows.ANCHORS_SCHEMA,
        apply=retention_rows.apply_retention,
        replay=_replay_retention,
        frees_space=True,
        family=EVENTS,  # it removes rows of bodies: theirs and its order is the log's
    ),
    Kind(
        number=records.MULTIPART_KIND,
        version=records.VERSION,
        segment_class=SegmentClass.RC,
        database=Database.INDEX,
        schema=PIECES_SCHEMA,
        apply=file_rows.apply_multiparts,
        replay=_replay_multipart,
        family=PIECES,
    ),
    Kind(
        number=records.NAME_KIND,
        version=records.VERSION,
        segment_class=SegmentClass.RC,
        database=Database.META,
        schema=name_rows.SCHEMA,
        apply=name_rows.apply_names,
        replay=_replay_name,
        family="names",
    ),
)
