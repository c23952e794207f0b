"""Drafts: from what a real node says of itself, back and forth through a file, and never from what is open."""

import json

import pytest

from edge_node.base.ids import Hash256
from edge_node.chain_light import checkpoint_draft
from edge_node.chain_light.anchor import Anchor
from edge_node.chain_light.authorities import AuthoritySet
from edge_node.chain_light.authority_changes import Forced, Scheduled
from edge_node.chain_light.authority_state import Announcement, AuthorityState
from edge_node.chain_light.checkpoint import CheckpointKeys, open_checkpoint, sign_checkpoint
from edge_node.chain_light.checkpoint_draft import (
    DraftRefused,
    anchor_of,
    decode_draft,
    draft_checkpoint,
    encode_draft,
    read_sync_state,
)
from edge_node.chain_light.checkpoint_errors import MalformedCheckpoint
from edge_node.chain_light.pending_changes import PendingChange, PendingChanges
from edge_node.trust.signing_key import SigningKey
from edge_node.wire.strict_json import MalformedJson
from tests.chain_light.electorate import block, electorate, genesis, vector

NOW = 1_790_000_000_000
COLD = SigningKey.from_seed(b"\x0c" * 32)
FACTS = vector("light-sync-states")["chains"]["polkadot"]
SPEC = {"lightSyncState": {
    "finalizedBlockHeader": FACTS["header_scale"], "grandpaAuthoritySet": FACTS["authority_set_scale"],
    "babeEpochChanges": "0x00", "babeFinalizedBlockWeight": 1,
}}  # fmt: skip
HEAD = block(genesis().header, number=10)
HERE, OTHER = Hash256(b"\x11" * 32), Hash256(b"\x22" * 32)


def state(*standard: Announcement, forced: tuple[Announcement, ...] = ()) -> AuthorityState:
    return AuthorityState(AuthoritySet(3, electorate(4)), standard, forced, 10, ())


def scheduled(number: int, delay: int, *then: Announcement, where: Hash256 = HERE) -> Announcement:
    return Announcement(where, number, Scheduled(electorate(2), delay), then)


@pytest.mark.parametrize("form", [SPEC, {"jsonrpc": "2.0", "id": 1, "result": SPEC}, {"genesis": {}, **SPEC}])
def test_a_real_nodes_word_becomes_an_anchor(form: dict) -> None:
    """Polkadot's: its block, its set and their number; bare or as a call's result."""
    anchor = read_sync_state(json.dumps(form).encode())
    assert (anchor.header.number, anchor.hash.hex()) == (FACTS["number"], FACTS["hash"])
    assert (anchor.voters.id, len(anchor.voters.authorities)) == (FACTS["set_id"], FACTS["authority_count"])
    draft = draft_checkpoint(Hash256.parse(FACTS["genesis_hash"]), anchor, issued_ms=NOW, days=14, counter=None)
    assert (draft.counter, draft.expires_ms - NOW) == (NOW // 1_000, 14 * 86_400_000)
    opened = open_checkpoint(
        sign_checkpoint(decode_draft(encode_draft(draft)), [COLD]),
        keys=CheckpointKeys(release=frozenset(), operator=COLD.public),
        genesis=draft.genesis,
        now_ms=NOW,
    )
    assert opened.checkpoint == draft


@pytest.mark.parametrize(
    "raw",
    [b"", b"{", b"[" * 100_000, b"[]", b"{}", b'{"lightSyncState": {}}', b'{"lightSyncState": null}',
     json.dumps({"lightSyncState": {**SPEC["lightSyncState"], "finalizedBlockHeader": "0xzz"}}).encode(),
     json.dumps({"lightSyncState": {**SPEC["lightSyncState"], "finalizedBlockHeader": "0x00"}}).encode(),
     json.dumps({"lightSyncState": {**SPEC["lightSyncState"], "grandpaAuthoritySet": "0x04"}}).encode()],
)  # fmt: skip
def test_what_is_no_nodes_word_is_refused(raw: bytes) -> None:
    """In words, whatever came."""
    with pytest.raises(DraftRefused) as refused:
        read_sync_state(raw)
    assert str(refused.value).isprintable()


def test_what_is_announced_is_pending() -> None:
    """From before the block and due after it; what is over, and what comes only later, is not."""
    anchor = anchor_of(HEAD, state(scheduled(8, 5, scheduled(13, 2))))
    assert anchor.pending == PendingChanges((PendingChange(13, electorate(2)),))
    assert anchor_of(HEAD, state(scheduled(10, 1))).pending.last_of_set == 11
    assert anchor_of(HEAD, state(scheduled(5, 5))).pending.changes == ()
    assert anchor_of(HEAD, state(scheduled(11, 0))).pending.changes == ()
    assert anchor_of(HEAD, state()) == Anchor(HEAD, AuthoritySet(3, electorate(4)))


def test_what_is_open_is_waited_for() -> None:
    """Two forks that announce, or a change that nobody will sign: no place to begin."""
    with pytest.raises(DraftRefused, match="several forks"):
        anchor_of(HEAD, state(scheduled(8, 5), scheduled(9, 5, where=OTHER)))
    forced = Announcement(HERE, 9, Forced(1, Scheduled(electorate(2), 4)))
    with pytest.raises(DraftRefused, match="forced"):
        anchor_of(HEAD, state(forced=(forced,)))
    due = Announcement(HERE, 6, Forced(1, Scheduled(electorate(2), 4)))
    with pytest.raises(DraftRefused, match="forced"):
        anchor_of(HEAD, state(forced=(due,)))
    anchor_of(HEAD, state(forced=(Announcement(HERE, 5, Forced(1, Scheduled(electorate(2), 4))),)))


def test_a_file_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """Up to it the file is read, beyond it not."""
    raw = json.dumps(SPEC).encode()
    monkeypatch.setattr(checkpoint_draft, "STATE_FILE_MAX_BYTES", len(raw))
    read_sync_state(raw)
    with pytest.raises(DraftRefused, match=f"longer than {len(raw)} bytes"):
        read_sync_state(raw + b" ")


def test_a_draft_is_a_file() -> None:
    """What was written is read back, with a line's end behind it or not, and nothing else is."""
    draft = draft_checkpoint(genesis().hash, genesis(), issued_ms=NOW, days=1, counter=9)
    raw = encode_draft(draft)
    assert decode_draft(raw) == decode_draft(raw + b"\n") == draft
    with pytest.raises(MalformedJson):
        decode_draft(raw.replace(b",", b", "))
    with pytest.raises(DraftRefused, match="no object"):
        decode_draft(b"[]")
    with pytest.raises(MalformedCheckpoint):
        draft_checkpoint(genesis().hash, genesis(), issued_ms=NOW, days=367, counter=9)
