"""The sections of what is kept: what their types let through."""

import msgspec
import pytest

from edge_node.base.limits import EVENT_BODY_MAX_BYTES, PIECE_MAX_BYTES
from edge_node.settings.keeping import (
    IngestSettings,
    JournalSettings,
    RetentionSettings,
    StoreSettings,
    SubscriptionSettings,
)


@pytest.mark.parametrize(
    ("section", "field", "last", "beyond"),
    [
        (JournalSettings, "gather_ms", 2, 2.1),
        (IngestSettings, "body_bytes_max", EVENT_BODY_MAX_BYTES, EVENT_BODY_MAX_BYTES + 1),
        (SubscriptionSettings, "open_max", 1, 0),
        (RetentionSettings, "age_s", 0, -1),
        (StoreSettings, "piece_bytes_max", PIECE_MAX_BYTES, PIECE_MAX_BYTES + 1),
    ],
)
def test_limits_hold_at_their_edge(section: type[msgspec.Struct], field: str, last: float, beyond: float) -> None:
    """The last value that is taken, and one beyond it."""
    assert getattr(msgspec.convert({field: last}, section), field) == last
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({field: beyond}, section)


def test_nothing_is_removed_unless_somebody_says_so() -> None:
    """Events stay for ever by default."""
    assert (RetentionSettings().age_s, RetentionSettings().bytes_max, RetentionSettings().rules) == (0, 0, ())
