"""Follow a batch of answers about finality from an anchor, as far as they lead: each step with what proved it."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from edge_node.base.errors import RemoteError
from edge_node.base.ids import Hash256
from edge_node.chain_light.anchor import Anchor, advance
from edge_node.chain_light.finality import Verify
from edge_node.chain_light.finality_errors import ConflictingFinality, ForcedChangeSeen
from edge_node.chain_light.finality_proof import decode_finality_proof
from edge_node.chain_light.header import Header, hash_header
from edge_node.chain_light.justification import Justification, decode_justification, encode_justification
from edge_node.trust.keys import verify_signature

TRAIL_MAX: Final = 64  # of thousands of headers between two proofs the newest are remembered


class Answer(NamedTuple):
    """A finality proof for a block (SCALE), and that block's own header, which the proof leaves out."""

    proof: bytes
    header: Header | None


class Step(NamedTuple):
    """From one anchor to a later one. `trail` has height and hash of the newest blocks between, `after` the last."""

    before: Anchor
    after: Anchor
    justification: bytes
    trail: tuple[tuple[int, Hash256], ...]

    @property
    def is_hand_off(self) -> bool:
        """Whether another set votes on what follows."""
        return self.before.voters.id != self.after.voters.id


class Followed(NamedTuple):
    """The steps that were proved, and what ended them: None where all was good.

    A RemoteError is the answer's fault; ForcedChangeSeen comes with its own step; ConflictingFinality is the chain's.
    """

    steps: tuple[Step, ...]
    fault: RemoteError | ForcedChangeSeen | ConflictingFinality | None

    def anchor(self, start: Anchor) -> Anchor:
        """How far it led."""
        return self.steps[-1].after if self.steps else start


def follow_answers(anchor: Anchor, answers: Sequence[Answer], *, verify: Verify = verify_signature) -> Followed:
    """Follow finality proofs, lowest first; one of a block that is final already is passed over.

    16 of them of 100 votes each take 0.1 s: offload it.
    """
    steps = list[Step]()
    for answer in answers:
        try:
            proof = decode_finality_proof(answer.proof)
        except RemoteError as fault:
            return Followed(tuple(steps), fault)
        headers = proof.unknown_headers if answer.header is None else (answer.header, *proof.unknown_headers)
        if not headers or headers[-1].number <= anchor.header.number:
            continue
        taken, wrong = _step(anchor, headers, proof.justification, verify)
        steps += taken
        if wrong is not None:
            return Followed(tuple(steps), wrong)
        anchor = steps[-1].after
    return Followed(tuple(steps), None)


def follow_justification(
    anchor: Anchor, raw: bytes, headers: Sequence[Header], *, verify: Verify = verify_signature
) -> Followed:
    """Follow one justification (SCALE) for the last of `headers`, which lead on from the anchor. Offload it."""
    try:
        justification = decode_justification(raw)
    except RemoteError as fault:
        return Followed((), fault)
    return Followed(*_step(anchor, headers, justification, verify))


def _step(
    anchor: Anchor, headers: Sequence[Header], justification: Justification, verify: Verify
) -> tuple[tuple[Step, ...], RemoteError | ForcedChangeSeen | ConflictingFinality | None]:
    """One step, or none, and what was wrong or alarming about it."""
    alarm: ForcedChangeSeen | None = None
    try:
        ahead = advance(anchor, headers, justification, verify=verify)
    except ForcedChangeSeen as forced:
        ahead, alarm = forced.anchor, forced
    except (RemoteError, ConflictingFinality) as fault:
        return (), fault
    if ahead is anchor:
        return (), None
    trail = tuple((header.number, hash_header(header)) for header in headers[-TRAIL_MAX:])
    above = tuple(block for block in trail if block[0] > anchor.header.number)
    return (Step(anchor, ahead, encode_justification(justification), above),), alarm
