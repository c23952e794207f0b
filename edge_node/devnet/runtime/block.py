"""A block: what is in it, and how one is written on another (Substrate, block execution)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from edge_node.base.ids import Hash256
from edge_node.base.limits import MIB
from edge_node.chain_light.extrinsic import bare_extrinsic
from edge_node.chain_light.header import BABE, DigestItem, DigestKind, Header, hash_header
from edge_node.chain_light.trie_build import Trie
from edge_node.chain_light.values import Chosen, Value
from edge_node.devnet.pallets.system import BLOCK_HASH_COUNT
from edge_node.devnet.runtime.apply import apply_inherent, apply_signed
from edge_node.devnet.runtime.babe_block import begin_slot
from edge_node.devnet.runtime.dispatch import call_of, carry_out
from edge_node.devnet.runtime.form import Form
from edge_node.devnet.runtime.grandpa_block import ChangeOrder, end_block, order_change
from edge_node.devnet.runtime.invalid import InvalidExtrinsic
from edge_node.devnet.runtime.state import State
from edge_node.devnet.runtime.validators import Validator
from edge_node.devnet.runtime.validity import check_extrinsic
from edge_node.devnet.runtime.work import AuthContracts, Work
from edge_node.wire.scale import compact

EXTRINSICS_BYTES_MAX = 8 * MIB * 85 // 100  # a block has 8 MiB, of which signed extrinsics may fill 85 %
EXTRINSICS_STATE_VERSION = 0  # that of the runtime's state is its own matter


@dataclass(frozen=True, slots=True)
class Refused:
    """An extrinsic that did not come into the block it was meant for."""

    raw: bytes
    why: InvalidExtrinsic


@dataclass(frozen=True, slots=True)
class Block:
    """A block and the state after it. `refused` is what was offered and is not in it."""

    header: Header
    hash: Hash256
    extrinsics: tuple[bytes, ...]
    state: Trie = field(repr=False)
    refused: tuple[Refused, ...] = ()

    @property
    def number(self) -> int:
        """Its height."""
        return self.header.number


@dataclass(frozen=True, slots=True)
class Plan:
    """What the next block is made of: its slot and time, and what is to come into it.

    `extrinsics` are whole ones (`Chain.check` read them); whether they are valid by then, the block finds out.
    """

    slot: int
    now_ms: int
    extrinsics: Sequence[bytes] = ()
    changes: Sequence[ChangeOrder] = ()


@dataclass(frozen=True, slots=True)
class Rules:
    """What all blocks of one chain share."""

    form: Form
    genesis: Hash256
    validators: tuple[Validator, ...]
    contracts: AuthContracts


def begin_work(rules: Rules, parent: Block) -> Work:
    """The work of the block after `parent`, with what its header alone brings."""
    work = Work(rules.form, State(parent.state), parent.number + 1, rules.contracts, carry_out=carry_out)
    work.put("System", "Number", work.number)
    work.put("System", "ParentHash", parent.hash)
    work.put("System", "BlockHash", parent.number, parent.hash)
    if work.number > BLOCK_HASH_COUNT + 1:
        work.remove("System", "BlockHash", work.number - BLOCK_HASH_COUNT - 1)
    return work


def write_block(rules: Rules, parent: Block, plan: Plan) -> Block:
    """Write the next block: what is not valid in it is left out and told."""
    work = begin_work(rules, parent)
    place, begun = begin_slot(work, plan.slot)
    author, digest = rules.validators[place], [*begun]
    for order in plan.changes:
        order_change(work, order)
    included = [_write_time(work, plan.now_ms)]
    refused = _include(rules, work, author.account, plan.extrinsics, included)
    work.phase = Chosen("Finalization")
    digest += end_block(work)
    if work.code_changed:
        digest.append(DigestItem(DigestKind.RUNTIME_UPDATED, b"", b""))
    _close(work, digest)
    state = work.state.settle()
    header = Header(parent.hash, work.number, state.root, extrinsics_root(included), tuple(digest))
    seal = DigestItem(DigestKind.SEAL, BABE, author.seal(hash_header(header)))
    header = replace(header, digest=(*header.digest, seal))
    return Block(header, hash_header(header), tuple(included), state, tuple(refused))


def extrinsics_root(extrinsics: Iterable[bytes]) -> Hash256:
    """The root over a block's extrinsics, each under its place in compact form."""
    return Trie({compact(place): raw for place, raw in enumerate(extrinsics)}, EXTRINSICS_STATE_VERSION).root


def _write_time(work: Work, now_ms: int) -> bytes:
    call = call_of("Timestamp", "set", now=now_ms)
    work.phase = Chosen("ApplyExtrinsic", 0)
    apply_inherent(work, call)
    return bare_extrinsic(work.form.encode_call(call))


def _include(rules: Rules, work: Work, author: bytes, offered: Sequence[bytes], included: list[bytes]) -> list[Refused]:
    room, refused = EXTRINSICS_BYTES_MAX, list[Refused]()
    for raw in offered:
        work.phase = Chosen("ApplyExtrinsic", len(included))
        try:
            _require_room(raw, room)
            with work.layer():
                apply_signed(work, check_extrinsic(work, rules.genesis, raw), author)
        except InvalidExtrinsic as why:
            refused.append(Refused(raw, why))
            continue
        included.append(raw)
        room -= len(raw)
    return refused


def _require_room(raw: bytes, room: int) -> None:
    if len(raw) > room:
        raise InvalidExtrinsic("ExhaustsResources")


def _close(work: Work, digest: Sequence[DigestItem]) -> None:
    """Leave in the state what readers of the block look for there; the seal is not in it, since it signs it."""
    work.put("System", "Digest", {"logs": [_log(item) for item in digest]})
    work.put("System", "EventCount", len(work.events))
    work.put_raw("System", "Events", compact(len(work.events)) + b"".join(work.events))


def _log(item: DigestItem) -> Value:
    if item.kind is DigestKind.RUNTIME_UPDATED:
        return Chosen("RuntimeEnvironmentUpdated")
    name = "PreRuntime" if item.kind is DigestKind.PRERUNTIME else "Consensus"
    return Chosen(name, (item.engine, item.payload))
