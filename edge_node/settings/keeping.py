"""The sections of what is kept: the journal, events on their way in and out, their retention, and pieces."""

from typing import Annotated

import msgspec

from edge_node.base.limits import EVENT_BODY_MAX_BYTES, MIB, PIECE_MAX_BYTES
from edge_node.settings.section import Reload, Section, about


class JournalSettings(Section, frozen=True):
    """The durable log."""

    segment_bytes: Annotated[
        int, about("Size at which a segment is sealed; smaller on small disks."), msgspec.Meta(ge=MIB)
    ] = 256 * MIB
    preallocate_bytes: Annotated[int, about("Step by which the open segment is extended."), msgspec.Meta(ge=0)] = (
        16 * MIB
    )
    reserve_bytes: Annotated[
        int, about("Ballast released so that deletes work on a full disk, bytes."), msgspec.Meta(ge=0)
    ] = 32 * MIB
    free_min_bytes: Annotated[
        int,
        about("Writes are refused below this much free space (at most an eighth of the disk).", Reload.LIVE),
        msgspec.Meta(ge=0),
    ] = 256 * MIB
    queue_records_max: Annotated[int, about("Records that may wait for the write stage."), msgspec.Meta(ge=64)] = 8_192
    queue_bytes_max: Annotated[int, about("Bytes that may wait for the write stage."), msgspec.Meta(ge=MIB)] = 64 * MIB
    gather_ms: Annotated[
        float, about("Idle wait for company before a round, milliseconds.", Reload.LIVE), msgspec.Meta(ge=0, le=2)
    ] = 0.0


class IngestSettings(Section, frozen=True):
    """What one body, stream or device may ask of the event store."""

    body_bytes_max: Annotated[
        int, about("Largest event body, bytes.", Reload.LIVE), msgspec.Meta(ge=1, le=EVENT_BODY_MAX_BYTES)
    ] = EVENT_BODY_MAX_BYTES
    events_per_body_max: Annotated[int, about("Most events in one body.", Reload.LIVE), msgspec.Meta(ge=1)] = 10_000
    late_max_s: Annotated[
        int, about("How old an event may be on arrival, seconds (30 days).", Reload.LIVE), msgspec.Meta(ge=0)
    ] = 2_592_000
    queue_bodies_max: Annotated[int, about("Bodies waiting for verification.", Reload.LIVE), msgspec.Meta(ge=1)] = 1_024
    queue_bytes_max: Annotated[int, about("Bytes waiting for verification.", Reload.LIVE), msgspec.Meta(ge=MIB)] = (
        32 * MIB
    )
    device_bodies_per_s: Annotated[
        float, about("Signed bodies a second from one key; 0: unlimited.", Reload.LIVE), msgspec.Meta(ge=0)
    ] = 0.0
    page_events_max: Annotated[int, about("Most events in one page of a stream.", Reload.LIVE), msgspec.Meta(ge=1)] = (
        1_000
    )
    page_bytes_max: Annotated[int, about("Most bytes of bodies in one page.", Reload.LIVE), msgspec.Meta(ge=1)] = (
        4 * MIB
    )


class SubscriptionSettings(Section, frozen=True):
    """Subscriptions to streams."""

    open_max: Annotated[int, about("Subscriptions in all.", Reload.LIVE), msgspec.Meta(ge=1)] = 2_048
    per_key_max: Annotated[int, about("Subscriptions of one key.", Reload.LIVE), msgspec.Meta(ge=1)] = 256
    tail_bytes_max: Annotated[
        int,
        about("Newest events kept in memory for those who listen, all streams together, bytes.", Reload.LIVE),
        msgspec.Meta(ge=0),
    ] = 64 * MIB
    lag_events_max: Annotated[
        int, about("Events a subscriber may fall behind before its policy counts.", Reload.LIVE), msgspec.Meta(ge=1)
    ] = 10_000


class RetentionSettings(Section, frozen=True):
    """How long events are kept (docs/specs/retention.md); by default for ever."""

    age_s: Annotated[
        int, about("Events older than this may be removed, seconds; 0: no limit.", Reload.LIVE), msgspec.Meta(ge=0)
    ] = 0
    bytes_max: Annotated[
        int,
        about("The oldest events of a stream beyond this many bytes may be removed; 0: no limit.", Reload.LIVE),
        msgspec.Meta(ge=0),
    ] = 0
    events_min: Annotated[
        int, about("Newest events of a stream that stay whatever their age and size.", Reload.LIVE), msgspec.Meta(ge=0)
    ] = 0
    rules: Annotated[
        tuple[str, ...],
        about(
            "Streams with limits of their own, each as `prefix age=30d bytes=10GiB keep=1000`; the longest prefix wins"
            " and replaces the three values above; a prefix alone: for ever.",
            Reload.LIVE,
        ),
    ] = ()
    interval_s: Annotated[
        float, about("Time between two rounds over all streams, seconds.", Reload.LIVE), msgspec.Meta(ge=1)
    ] = 60.0


class StoreSettings(Section, frozen=True):
    """What owners may keep."""

    piece_bytes_max: Annotated[
        int, about("Largest piece, bytes.", Reload.LIVE), msgspec.Meta(ge=1, le=PIECE_MAX_BYTES)
    ] = PIECE_MAX_BYTES
    owner_bytes_max: Annotated[
        int, about("Bytes one owner may keep; 0: no limit.", Reload.LIVE), msgspec.Meta(ge=0)
    ] = 0
    key_bytes_per_day_max: Annotated[
        int, about("Bytes one key may add in 24 hours; 0: no limit.", Reload.LIVE), msgspec.Meta(ge=0)
    ] = 0
