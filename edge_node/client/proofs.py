"""Believing nobody: a stored event checked against its CID and its device's signature, offline.

docs/specs/http.md (Reading a stream), docs/specs/signed-event.md, docs/specs/cid.md.
"""

import binascii
from dataclasses import dataclass

from edge_node.base.errors import EdgeNodeError
from edge_node.base.ids import Cid
from edge_node.client.errors import ProofBroken
from edge_node.client.models import Event, Page, Proof
from edge_node.trust.signed_event import EventHeader, parse_event_header, verify_event
from edge_node.wire.cid import content_matches, format_cid, parse_cid
from edge_node.wire.event_body import inspect_body, split_items

ITEMS_MAX = 1_000_000  # more than any node takes in one body: a reader's own limit, not the node's


@dataclass(frozen=True, slots=True)
class VerifiedBody:
    """A body whose hash is its CID and whose header its key has signed; `items` are its events, byte for byte.

    Who the key belongs to is for the reader to know: compare `header.key` with the keys of your devices.
    """

    header: EventHeader
    cid: Cid
    body: bytes
    items: tuple[bytes, ...]


def verify_body(body: bytes, signature: str, content_type: str, cid: str) -> VerifiedBody:
    """Check one body against the text of its Edge-Signature header and of its CID; ProofBroken if one does not hold."""
    named, header = _read_names(signature, content_type, cid)
    if not content_matches(named, body):
        raise ProofBroken(f"the body does not hash to {cid}")
    if not verify_event(header, body):
        raise ProofBroken(f"the signature under key {header.key} is not valid for these bytes")
    return VerifiedBody(header, named, body, _split(header.content_type, body))


def _read_names(signature: str, content_type: str, cid: str) -> tuple[Cid, EventHeader]:
    try:
        return parse_cid(cid), parse_event_header(signature, content_type)
    except EdgeNodeError as error:
        raise ProofBroken(str(error)) from error


def _split(content_type: str, body: bytes) -> tuple[bytes, ...]:
    try:
        inspect_body(content_type, body, items_max=ITEMS_MAX)
        return tuple(split_items(content_type, body))
    except EdgeNodeError as error:
        raise ProofBroken(str(error)) from error


def verify_proof(proof: Proof) -> VerifiedBody:
    """Check one proof of a page by itself; ProofBroken if it does not hold."""
    try:
        body = binascii.a2b_base64(proof.body_base64, strict_mode=True)
    except binascii.Error as error:
        raise ProofBroken(f"body_base64 of {proof.cid}: {error}") from error
    verified = verify_body(body, proof.signature, proof.content_type, proof.cid)
    if proof.count != len(verified.items):
        raise ProofBroken(f"{proof.cid} holds {len(verified.items)} events, the page says {proof.count}")
    return verified


def verify_page(page: Page) -> list[VerifiedBody]:
    """Check every proof of a page and every event against them; the bodies in the page's order.

    ProofBroken names the first body or offset that does not hold, and a page without proofs. What only the node knows
    (offsets, receive times, `late`) is no part of a signature; offsets are checked for being consistent.
    """
    if page.proofs is None:
        raise ProofBroken("the page carries no proofs; read it with proof=1")
    bodies = {proof.first_offset: (proof, verify_proof(proof)) for proof in page.proofs}
    for _, verified in bodies.values():
        _check_place(page, verified)
    _check_offsets(page)
    for event in page.events:
        found = bodies.get(event.offset - event.item)
        if found is None:
            raise ProofBroken(f"no proof covers offset {event.offset}")
        _check_event(event, *found)
    return [verified for _, verified in bodies.values()]


def _check_place(page: Page, verified: VerifiedBody) -> None:
    header = verified.header
    if header.stream != page.stream or header.audience.hex() != page.vault:
        raise ProofBroken(
            f"{format_cid(verified.cid)} was signed for stream {header.stream} of vault {header.audience}"
        )


def _check_offsets(page: Page) -> None:
    offsets = [event.offset for event in page.events]
    if offsets != list(range(offsets[0], offsets[0] + len(offsets)) if offsets else []):
        raise ProofBroken("the offsets of the page have gaps")
    if offsets and page.next != offsets[-1] + 1:
        raise ProofBroken(f"the page ends at offset {offsets[-1]} and goes on at {page.next}")


def _check_event(event: Event, proof: Proof, verified: VerifiedBody) -> None:
    header = verified.header
    if not 0 <= event.item < len(verified.items) or verified.items[event.item] != event.content:
        raise ProofBroken(f"the event at offset {event.offset} is not item {event.item} of {proof.cid}")
    said = (event.cid, event.key, event.seq, event.t, event.q, event.content_type)
    signed = (proof.cid, header.key.hex(), header.seq, header.t_ms, int(header.quality), header.content_type)
    if said != signed:
        raise ProofBroken(f"what the page says of offset {event.offset} is not what was signed")
