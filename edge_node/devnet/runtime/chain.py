"""A development chain in memory: its blocks, what is final of them, and what may come into the next one.

Pure: time, keys and chance are given by who holds it. It has no forks; whoever wants to see it lie takes its blocks
and changes them.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from edge_node.base.errors import LocalError, Refusal
from edge_node.base.ids import Hash256, PublicKey
from edge_node.chain_light.babe import slot_of
from edge_node.chain_light.grandpa import AuthoritySet, encode_justification
from edge_node.chain_light.header import genesis_header, hash_header
from edge_node.chain_light.trie_build import Trie
from edge_node.devnet.errors import DevnetError
from edge_node.devnet.pallets.babe import SLOT_MS
from edge_node.devnet.pallets.profile import Profile
from edge_node.devnet.runtime.block import Block, Plan, Rules, begin_work, write_block
from edge_node.devnet.runtime.dispatch import require_handlers
from edge_node.devnet.runtime.form import Form
from edge_node.devnet.runtime.genesis import Genesis, child_tries, genesis_state
from edge_node.devnet.runtime.grandpa_block import ChangeOrder
from edge_node.devnet.runtime.validity import Checked, check_extrinsic
from edge_node.devnet.runtime.voters import Voters


class NoSuchBlock(DevnetError, LocalError):
    """The chain has no block of this number or hash."""

    slug = "no-such-block"

    def __init__(self, asked: str) -> None:
        self.asked = asked
        super().__init__(f"the chain has no block {asked}")


class SlotNotAhead(DevnetError, LocalError):
    """A block was to be written in a slot that is not above the last one's."""

    slug = "slot-not-ahead"

    def __init__(self, slot: int, last: int) -> None:
        self.slot, self.last = slot, last
        super().__init__(f"slot {slot} is not above {last}, in which the last block was written")


class StateDiscarded(DevnetError, Refusal):
    """A block's state and body were asked for, of which only the header is kept."""

    slug = "state-discarded"
    status = 410
    remedy = "Ask about a newer block, or start the chain with more blocks to keep."

    def __init__(self, number: int, block_hash: Hash256) -> None:
        self.number, self.hash = number, block_hash
        super().__init__(f"of block {number} only the header is kept")


@dataclass(frozen=True, slots=True)
class Finality:
    """A final block, who signed it (the set's id), and the SCALE bytes of the justification."""

    number: int
    hash: Hash256
    set_id: int
    justification: bytes


class Chain:
    """The blocks from genesis to `head`. CallWithoutHandler when the profile describes what nothing carries out.

    `finalities` holds justifications by their blocks' heights, `hand_overs` the last block of each set that ended;
    `children` are the child tries by their names, which no call of this runtime changes.
    """

    def __init__(self, profile: Profile, genesis: Genesis) -> None:
        require_handlers(profile)
        self.form = Form(profile)
        state = genesis_state(self.form, genesis)
        header = genesis_header(state.root)
        first = Block(header, hash_header(header), (), state)
        self.rules = Rules(self.form, first.hash, genesis.validators, genesis.contracts or {})
        self.voters = Voters(
            AuthoritySet(0, tuple(one.authority for one in genesis.validators)),
            (one.grandpa for one in genesis.validators),
        )
        self.finalities: dict[int, Finality] = {}
        self.hand_overs: list[int] = []
        self._blocks = [first]
        self._by_hash = {first.hash: first}
        self._changes: list[ChangeOrder] = []
        self._slot = 0
        self._final = 0
        self._kept_from = 0
        self.children = child_tries(genesis, profile.state_version)
        self._gone = Trie({}, profile.state_version)

    @property
    def genesis(self) -> Block:
        """Block 0, whose hash names the chain."""
        return self._blocks[0]

    @property
    def head(self) -> Block:
        """The newest block, final or not."""
        return self._blocks[-1]

    @property
    def final(self) -> Block:
        """The newest final block."""
        return self._blocks[self._final]

    def block_at(self, number: int) -> Block:
        """The block of this height; NoSuchBlock."""
        if not 0 <= number < len(self._blocks):
            raise NoSuchBlock(str(number))
        return self._blocks[number]

    def block(self, block_hash: Hash256) -> Block:
        """The block of this hash; NoSuchBlock."""
        found = self._by_hash.get(block_hash)
        if found is None:
            raise NoSuchBlock(str(block_hash))
        return found

    def state_of(self, block: Block) -> Trie:
        """The state after a block; StateDiscarded where that was pruned."""
        if 0 < block.number < self._kept_from:
            raise StateDiscarded(block.number, block.hash)
        return block.state

    def body_of(self, block: Block) -> tuple[bytes, ...]:
        """The extrinsics of a block; StateDiscarded where they were pruned."""
        self.state_of(block)
        return block.extrinsics

    def prune(self, blocks: int, justification_period: int) -> None:
        """Keep states and bodies of genesis and of the newest `blocks`, or of all that are not final if that is more.

        Headers are kept, and below that the justifications of each set's last block and of every so many blocks.
        """
        keep_from = min(max(0, self.head.number + 1 - blocks), self._final)
        # What was asked to keep is a number of blocks: with each new one, one old one goes, so this loop is short.
        for number in range(max(1, self._kept_from), keep_from):
            block = replace(self._blocks[number], extrinsics=(), state=self._gone, refused=())
            self._blocks[number] = self._by_hash[block.hash] = block
            if number % justification_period and number not in self.hand_overs:
                self.finalities.pop(number, None)
        self._kept_from = max(self._kept_from, keep_from)

    def check(self, raw: bytes) -> Checked:
        """Whether an extrinsic could come into the next block; errors as `check_extrinsic`, and nothing changes."""
        return check_extrinsic(begin_work(self.rules, self.head), self.genesis.hash, raw)

    def schedule(self, order: ChangeOrder) -> None:
        """Announce a change of authorities in the next block; one with a median is a forced one, a fault."""
        self._changes.append(order)

    @property
    def has_orders(self) -> bool:
        """Whether the next block announces a change of authorities."""
        return bool(self._changes)

    def write(self, now_ms: int, extrinsics: Sequence[bytes] = ()) -> Block:
        """Write a block at `now_ms` (UTC), in the slot of that time, by the author drawn for it.

        Blocks may come faster than slots: then the slot is the next one after the last block's.
        """
        return self.write_in_slot(max(now_ms // SLOT_MS, self._slot + 1), now_ms, extrinsics)

    def write_in_slot(self, slot: int, now_ms: int, extrinsics: Sequence[bytes] = ()) -> Block:
        """Write a block in this slot; SlotNotAhead, or PalletRefusal for a change while one is under way."""
        if slot <= self._slot:
            raise SlotNotAhead(slot, self._slot)
        changes, self._changes = tuple(self._changes), []
        plan = Plan(slot, now_ms, extrinsics, changes)
        block = write_block(self.rules, self.head, plan)
        self._blocks.append(block)
        self._by_hash[block.hash] = block
        self._slot = slot
        self.voters.note(block.header)
        return block

    def finalize(self, number: int | None = None, withheld: Collection[PublicKey] = ()) -> list[Finality]:
        """Make blocks final up to `number` (the head): one justification for it, one for each set's last block below.

        Votes of the keys in `withheld` are left out, whatever that does to the justification: a fault to show.
        """
        target = self.head.number if number is None else self.block_at(number).number
        made = []
        while self._final < target:
            last = self.voters.pending.last_of_set
            made.append(self._finalize(target if last is None else min(last, target), withheld))
        return made

    def forge(self, number: int, now_ms: int) -> tuple[Block, Finality]:
        """Another block of this height, written at `now_ms`, which the set that votes now signs in its last round.

        A fault to show: the chain itself goes on as if it were not. StateDiscarded, NoSuchBlock.
        """
        parent, honest = self.block_at(number - 1), self.block_at(number)
        self.state_of(parent)
        slot = slot_of(honest.header) or 0
        block = write_block(self.rules, parent, Plan(slot, now_ms))
        vote = self.voters.vote_against_rules(block.hash, number)
        return block, Finality(number, block.hash, vote.set_id, encode_justification(vote.justification))

    def _finalize(self, number: int, withheld: Collection[PublicKey]) -> Finality:
        block = self._blocks[number]
        vote = self.voters.finalize(block.hash, number, withheld)
        finality = Finality(number, block.hash, vote.set_id, encode_justification(vote.justification))
        self.finalities[number] = finality
        if self.voters.current.id != vote.set_id:
            self.hand_overs.append(number)
        self._final = number
        return finality
