"""The prepare stage of ingest: verify, shape and hash bodies in a worker thread, a batch at a time."""

from collections.abc import Sequence
from dataclasses import dataclass

from edge_node.base.errors import Refusal
from edge_node.base.ids import Cid
from edge_node.store.errors import BadSignature, BodyFault
from edge_node.trust.signed_event import EventHeader, verify_event
from edge_node.wire.cid import raw_piece_cid
from edge_node.wire.event_body import BodyForm, inspect_body


@dataclass(frozen=True, slots=True)
class Prepared:
    """A body whose signature and shape hold: what it is, how many events it has, its raw-piece CID."""

    form: BodyForm
    count: int
    cid: Cid


def prepare_body(header: EventHeader, body: bytes, items_max: int) -> Prepared:
    """Signature first, so that nobody without a key makes us parse; BadSignature or a refusal of the shape."""
    if not verify_event(header, body):
        raise BadSignature(header.key)
    shape = inspect_body(header.content_type, body, items_max=items_max)
    return Prepared(shape.form, shape.count, raw_piece_cid(body))


def prepare_bodies(bodies: Sequence[tuple[EventHeader, bytes]], items_max: int) -> list[Prepared | Refusal]:
    """`prepare_body` for each; a refusal, or a fault of ours, takes its body's place and harms no neighbour."""
    results: list[Prepared | Refusal] = []
    for header, body in bodies:
        try:
            results.append(prepare_body(header, body, items_max))
        except Refusal as refusal:
            results.append(refusal)
        except Exception as fault:  # noqa: BLE001  (the boundary of one body: a parser's fault must not end ingest)
            results.append(BodyFault(fault))
    return results
