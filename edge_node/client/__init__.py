"""The Python client: devices that sign and queue their readings, and a node read without trusting it."""

from edge_node.client.anchors import VerifiedAnchor, verify_anchor, verify_chain, verify_removed
from edge_node.client.device import Device
from edge_node.client.errors import (
    AnswerNotUnderstood,
    ClientError,
    Conflict,
    ContentMismatch,
    KeyMissing,
    NodeRefusal,
    NodeUnavailable,
    NodeUnreachable,
    NotAllowed,
    NotAuthenticated,
    NotProcessable,
    NotThere,
    ProofBroken,
    RequestInvalid,
    SlowDown,
)
from edge_node.client.models import (
    AnchorEntry,
    AnchorList,
    Bearer,
    Event,
    Gap,
    Info,
    Page,
    PieceReceipt,
    Proof,
    Readiness,
    Receipt,
    RoomState,
    StreamInfo,
)
from edge_node.client.node import Node
from edge_node.client.offline_queue import OfflineQueue, QueueCounts, WhenFull
from edge_node.client.progress import Progress
from edge_node.client.proofs import VerifiedBody, verify_body, verify_page, verify_proof
from edge_node.client.queue_errors import (
    QueueDamaged,
    QueueError,
    QueueForeign,
    QueueFull,
    QueueInUse,
    QueueStorage,
)
from edge_node.client.queue_rows import QueuedBody, RefusedBody
from edge_node.client.readings import UnspeakableReading
from edge_node.client.sender import SendReport
from edge_node.client.subscription import Subscription
from edge_node.client.tls import BadPin

__all__ = [
    "AnchorEntry",
    "AnchorList",
    "AnswerNotUnderstood",
    "BadPin",
    "Bearer",
    "ClientError",
    "Conflict",
    "ContentMismatch",
    "Device",
    "Event",
    "Gap",
    "Info",
    "KeyMissing",
    "Node",
    "NodeRefusal",
    "NodeUnavailable",
    "NodeUnreachable",
    "NotAllowed",
    "NotAuthenticated",
    "NotProcessable",
    "NotThere",
    "OfflineQueue",
    "Page",
    "PieceReceipt",
    "Progress",
    "Proof",
    "ProofBroken",
    "QueueCounts",
    "QueueDamaged",
    "QueueError",
    "QueueForeign",
    "QueueFull",
    "QueueInUse",
    "QueueStorage",
    "QueuedBody",
    "Readiness",
    "Receipt",
    "RefusedBody",
    "RequestInvalid",
    "RoomState",
    "SendReport",
    "SlowDown",
    "StreamInfo",
    "Subscription",
    "UnspeakableReading",
    "VerifiedAnchor",
    "VerifiedBody",
    "WhenFull",
    "verify_anchor",
    "verify_body",
    "verify_chain",
    "verify_page",
    "verify_proof",
    "verify_removed",
]
