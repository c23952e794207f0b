"""Warp proofs: from one set's last block to the next one's, up to the newest finalized block (Substrate, sync/warp)."""

from typing import Final, NamedTuple

from edge_node.base.errors import RemoteError
from edge_node.base.limits import MIB
from edge_node.chain_light.anchor import Anchor, advance
from edge_node.chain_light.finality import Verify
from edge_node.chain_light.finality_errors import EmptyWarp, NoSetChange, WarpBroken
from edge_node.chain_light.header import HEADER_BYTES_MIN, Header, read_header
from edge_node.chain_light.justification import JUSTIFICATION_BYTES_MIN, Justification, read_justification
from edge_node.trust.keys import verify_signature
from edge_node.wire.scale import MalformedScale, Scale

WARP_BYTES_MAX: Final = 8 * MIB  # what nodes send at most
_FRAGMENT_BYTES_MIN: Final = HEADER_BYTES_MIN + JUSTIFICATION_BYTES_MIN


class WarpOutcome(NamedTuple):
    """How far a proof leads: `finished` when its sender knew of no more, `accepted` fragments were looked at."""

    anchor: Anchor
    finished: bool
    accepted: int


def verify_fragment(
    anchor: Anchor, header: Header, justification: Justification, *, verify: Verify = verify_signature
) -> Anchor:
    """The anchor at `header`, which `justification` finalizes; raises what advance does."""
    return advance(anchor, (header,), justification, verify=verify)


def verify_warp(
    anchor: Anchor, raw: bytes | memoryview, *, fragments_max: int, verify: Verify = verify_signature
) -> WarpOutcome:
    """Follow a proof from `anchor` through at most `fragments_max` fragments; ask for the rest from where it led.

    Each fragment but the last of a finished proof hands over to another set, or announces one. A finished proof
    without fragments is no progress and no error: its sender has nothing newer. WarpBroken for everything that is
    wrong with the proof, with the anchor that the fragments before it led to; ForcedChangeSeen and
    ConflictingFinality have theirs. 100 fragments of 100 authorities take half a second: offload it.
    """
    accepted, finished = 0, False
    try:
        if len(raw) > WARP_BYTES_MAX:
            raise MalformedScale(f"a warp proof above {WARP_BYTES_MAX} bytes", 0)
        scale = Scale(raw)
        count = scale.length(_FRAGMENT_BYTES_MIN)
        if count == 0:
            return _empty(anchor, scale)
        while accepted < min(count, fragments_max):
            header, justification = read_header(scale), read_justification(scale)
            finished = accepted == count - 1 and _finished(scale)
            ahead = verify_fragment(anchor, header, justification, verify=verify)
            if not finished and (ahead.voters.id, ahead.pending) == (anchor.voters.id, anchor.pending):
                raise NoSetChange(header.number)
            anchor, accepted = ahead, accepted + 1
    except RemoteError as cause:
        raise WarpBroken(anchor, accepted, cause) from cause
    return WarpOutcome(anchor, finished, accepted)


def _finished(scale: Scale) -> bool:
    """What follows the last fragment, and is the end."""
    finished = scale.flag()
    scale.end()
    return finished


def _empty(anchor: Anchor, scale: Scale) -> WarpOutcome:
    if not _finished(scale):
        raise EmptyWarp
    return WarpOutcome(anchor, finished=True, accepted=0)
