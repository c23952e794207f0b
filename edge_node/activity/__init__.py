"""It happened: what was stored and read, recorded with the client's signed words, for eras to hash."""

from edge_node.activity.capture import Capture
from edge_node.activity.errors import (
    AckBackwards,
    AckBeyondSent,
    AckOfAnotherRequest,
    AckOfAnotherSigner,
    AckRefused,
    AckUnasked,
    ActivityError,
)
from edge_node.activity.kinds import ACTIVITY_KINDS
from edge_node.activity.reading import Reading
from edge_node.activity.record import (
    Action,
    ActivityRecord,
    Part,
    PartDigest,
    decode_activity,
    encode_activity,
    evidence_of,
    identity_of,
    leaf_of,
)
from edge_node.activity.rows import Totals, list_totals

__all__ = [
    "ACTIVITY_KINDS",
    "AckBackwards",
    "AckBeyondSent",
    "AckOfAnotherRequest",
    "AckOfAnotherSigner",
    "AckRefused",
    "AckUnasked",
    "Action",
    "ActivityError",
    "ActivityRecord",
    "Capture",
    "Part",
    "PartDigest",
    "Reading",
    "Totals",
    "decode_activity",
    "encode_activity",
    "evidence_of",
    "identity_of",
    "leaf_of",
    "list_totals",
]
