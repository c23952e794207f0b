"""A checkpoint before it is signed: from a node's own anchor, or from what a full node says of itself (pure).

`sync_state_genSyncSpec` of a node that an operator trusts has it all in `lightSyncState`; nothing there proves itself.
"""

from typing import Final

import msgspec

from edge_node.base.errors import Refusal
from edge_node.base.ids import Hash256
from edge_node.base.limits import MIB
from edge_node.chain_light.anchor import Anchor
from edge_node.chain_light.authority_changes import Forced, Scheduled
from edge_node.chain_light.authority_state import Announcement, AuthorityState, decode_authority_state
from edge_node.chain_light.checkpoint_payload import Checkpoint
from edge_node.chain_light.errors import ChainError
from edge_node.chain_light.finality_errors import OverlappingChanges, UnfitAuthorities
from edge_node.chain_light.header import Header, decode_header
from edge_node.chain_light.pending_changes import PendingChange, PendingChanges
from edge_node.wire.scale import MalformedScale
from edge_node.wire.strict_json import canonical, parse_canonical

STATE_FILE_MAX_BYTES: Final = 64 * MIB  # with a raw genesis in it a specification is some megabytes
_DAY_MS: Final = 86_400_000


class DraftRefused(ChainError, Refusal):
    """A file does not say what a checkpoint wants to know; `why` says what is missing or in the way."""

    slug = "checkpoint-draft-refused"
    remedy = (
        "Ask a node of your own for `sync_state_genSyncSpec` once more, at a moment when no change of authorities is "
        "under way, and give its answer as it came."
    )

    def __init__(self, why: str) -> None:
        self.why = why.encode("unicode_escape").decode("ascii")[:200]
        super().__init__(f"no checkpoint can be made of it: {self.why}")


class _LightSyncState(msgspec.Struct):
    header: str = msgspec.field(name="finalizedBlockHeader")
    authorities: str = msgspec.field(name="grandpaAuthoritySet")


class _SyncSpec(msgspec.Struct):
    """Of a chain specification in Substrate's JSON the one member that is looked at."""

    state: _LightSyncState = msgspec.field(name="lightSyncState")


def draft_checkpoint(genesis: Hash256, anchor: Anchor, *, issued_ms: int, days: int, counter: int | None) -> Checkpoint:
    """What would be signed; MalformedCheckpoint for what no reader takes.

    Without a `counter` it is the second of issue, which grows by itself.
    """
    return Checkpoint(
        genesis=genesis,
        anchor=anchor,
        issued_ms=issued_ms,
        expires_ms=issued_ms + days * _DAY_MS,
        counter=issued_ms // 1_000 if counter is None else counter,
    )


def encode_draft(checkpoint: Checkpoint) -> bytes:
    """A draft as a file: the payload that will be signed, byte for byte."""
    return canonical(checkpoint.to_payload())


def decode_draft(raw: bytes) -> Checkpoint:
    """The checkpoint in a draft; MalformedJson, MalformedCheckpoint."""
    payload = parse_canonical(raw.strip())
    if not isinstance(payload, dict):
        raise DraftRefused("it is no object")
    return Checkpoint.from_payload(payload)


def read_sync_state(raw: bytes) -> Anchor:
    """The anchor in the answer of `sync_state_genSyncSpec`, bare or as the result of a JSON-RPC call; DraftRefused."""
    if len(raw) > STATE_FILE_MAX_BYTES:
        raise DraftRefused(f"the file is longer than {STATE_FILE_MAX_BYTES} bytes")
    spec = _read_spec(raw)
    try:
        header = decode_header(bytes.fromhex(spec.state.header.removeprefix("0x")))
        state = decode_authority_state(bytes.fromhex(spec.state.authorities.removeprefix("0x")))
        return anchor_of(header, state)
    except ValueError:
        raise DraftRefused("lightSyncState holds what is no hex") from None
    except (MalformedScale, UnfitAuthorities, OverlappingChanges) as wrong:
        raise DraftRefused(f"lightSyncState: {wrong}") from None


def _read_spec(raw: bytes) -> _SyncSpec:
    try:
        value = msgspec.json.decode(raw)
        if isinstance(value, dict) and isinstance(value.get("result"), dict):
            value = value["result"]
        return msgspec.convert(value, _SyncSpec)
    except (msgspec.DecodeError, RecursionError) as wrong:
        raise DraftRefused(f"it is no specification with a lightSyncState: {wrong}") from None


def anchor_of(header: Header, state: AuthorityState) -> Anchor:
    """The finalized block with its voters and what is announced on the way to it; DraftRefused where that is open."""
    # What is listed is not in force yet; one that is overdue was announced on a fork that is dead.
    if any(_last_of_set(one) >= header.number for one in state.forced):
        raise DraftRefused("a forced change of authorities is announced: wait until it is in force")
    due = [one for one in _announced(state.standard) if one.number <= header.number < _last_of_set(one)]
    if due and not _is_line(state.standard):
        raise DraftRefused("several forks announce changes of authorities: wait until one of them is final")
    changes = (PendingChange(_last_of_set(one), _scheduled(one).authorities) for one in due)
    return Anchor(header, state.voters, PendingChanges(tuple(changes)))


def _announced(nodes: tuple[Announcement, ...]) -> list[Announcement]:
    """Every announcement of the tree, each before those that wait for it."""
    return [one for node in nodes for one in (node, *_announced(node.then))]


def _scheduled(one: Announcement) -> Scheduled:
    return one.change.change if isinstance(one.change, Forced) else one.change


def _last_of_set(one: Announcement) -> int:
    return one.number + _scheduled(one).delay


def _is_line(nodes: tuple[Announcement, ...]) -> bool:
    """Whether the tree has no forks."""
    return len(nodes) <= 1 and all(_is_line(node.then) for node in nodes)
