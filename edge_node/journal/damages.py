"""What a start says of the damage it found: a line of the log each, and a count."""

from collections.abc import Sequence

from edge_node.base.counters import LOG_DAMAGES
from edge_node.base.log import get_log
from edge_node.journal.footer import Cause
from edge_node.journal.settle import Damage

LOGGED_MAX = 100  # a disk that died in the middle has thousands; nobody reads them, and the first ones say where

log = get_log("journal")


def report_damages(damages: Sequence[Damage]) -> None:
    """Log each damaged stretch with what is known of the record in it, and count it by its cause."""
    for damage in damages:
        LOG_DAMAGES.labels(damage.cause.name.lower()).inc()
    for damage in damages[:LOGGED_MAX]:
        _report(damage)
    if len(damages) > LOGGED_MAX:
        log.error("stretches.damaged", more=len(damages) - LOGGED_MAX)


def _report(damage: Damage) -> None:
    name, segment, offset = damage.position
    say = log.error if damage.cause is Cause.ROT else log.warning
    say(
        "stretch.damaged",
        segment=f"{name.value}/{segment:08d}",
        offset=offset,
        length=damage.length,
        cause=damage.cause.name.lower(),
        kind=damage.kind,
        sequence=damage.sequence,
        cid=damage.cid.hex() or None,
    )
