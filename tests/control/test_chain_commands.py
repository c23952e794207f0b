"""What an operator gives the light client: planned in words, refused with facts, done once."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from edge_node.base.ids import Hash256
from edge_node.chain_light.checkpoint import (
    NO_MARKS,
    CheckpointKeys,
    Marks,
    OpenedCheckpoint,
    open_checkpoint,
    sign_checkpoint,
)
from edge_node.chain_light.checkpoint_errors import CheckpointExpired, CheckpointNotTrusted
from edge_node.chain_light.checkpoint_payload import Checkpoint
from edge_node.chain_light.checkpoint_text import PartsMissing, write_parts
from edge_node.chain_light.status import ChainStatus
from edge_node.control.chain_commands import ConfirmBlock, ImportCheckpoint, checkpoint_row
from edge_node.control.commands import CommandDesk
from edge_node.control.errors import ArgumentsMalformed, CommandUnavailable, PlanStale
from edge_node.serving.credentials import Credentials
from edge_node.trust.signing_key import SigningKey
from tests.chain_light.electorate import genesis
from tests.control.house import house_of
from tests.control.test_chain_rows import STATUS
from tests.gateway.rig import Site

PEER = Credentials(1, 1000, 1000)
COLD = SigningKey.from_seed(b"c" * 32)
KEYS = CheckpointKeys(release=frozenset(), operator=COLD.public)
NOW = 1_790_000_000_000
FIRST = Checkpoint(
    genesis=genesis().hash, anchor=genesis(), issued_ms=NOW - 1_000, expires_ms=NOW + 86_400_000, counter=7
)


class Desk:
    """A light client's desk over the real judgement of checkpoints, without a chain behind it."""

    def __init__(self) -> None:
        self.told: ChainStatus = replace(STATUS, finalized=None)
        self.marks: Marks = NO_MARKS
        self.confirmed: list[Hash256] = []

    def status(self) -> ChainStatus:
        return self.told

    async def examine(self, raw: bytes) -> OpenedCheckpoint:
        return open_checkpoint(raw, keys=KEYS, genesis=None, now_ms=NOW, marks=self.marks)

    async def import_checkpoint(self, raw: bytes) -> OpenedCheckpoint:
        opened = await self.examine(raw)
        self.marks = self.marks.after(opened)
        return opened

    async def confirm(self, block: Hash256) -> str:
        self.confirmed.append(block)
        return "it is on the chain"


@asynccontextmanager
async def commands(site: Site, desk: Desk | None) -> AsyncGenerator[CommandDesk, None]:
    async with house_of(site, chain=desk) as house:
        yield CommandDesk(house, [ImportCheckpoint(house), ConfirmBlock(house)])


def signed(key: SigningKey = COLD, **changes: int) -> bytes:
    return sign_checkpoint(replace(FIRST, **changes), [key])


async def test_a_checkpoint_is_planned_with_its_facts_and_imported(site: Site) -> None:
    """Network, block, set, signers, times and what it would change; then it is believed."""
    desk, raw = Desk(), signed()
    async with commands(site, desk) as door:
        planned = await door.plan("chain.checkpoint", {"document": raw.decode()}, PEER)
        plan = planned["plan"]
        said = " ".join([plan["summary"], *plan["consequences"]])
        for fact in ("of dev", FIRST.anchor.hash.hex(), "cold key, number 7", "set 0: 4 authorities", "begins at this"):
            assert fact in said
        assert (plan["danger"], plan["confirm"]) == (True, FIRST.anchor.hash.hex()[:8])
        outcome = await door.execute("chain.checkpoint", planned["token"], None, PEER)
        assert outcome.result["checkpoint"] == checkpoint_row(await desk.examine(raw))
        assert desk.marks.block == (0, FIRST.anchor.hash)


async def test_qr_texts_are_as_good_as_the_document(site: Site) -> None:
    """In any order; one that is missing is named."""
    raw = signed()
    texts = write_parts(raw)
    async with commands(site, Desk()) as door:
        planned = await door.plan("chain.checkpoint", {"document": "\n".join(reversed(texts))}, PEER)
        assert planned["plan"]["confirm"] == FIRST.anchor.hash.hex()[:8]
        with pytest.raises(PartsMissing):
            await door.plan("chain.checkpoint", {"document": ""}, PEER)


async def test_what_is_not_believed_is_refused_with_its_facts(site: Site) -> None:
    """At the plan, by the slug of what is wrong."""
    async with commands(site, Desk()) as door:
        with pytest.raises(CheckpointNotTrusted):
            await door.plan("chain.checkpoint", {"document": signed(SigningKey.from_seed(b"t" * 32)).decode()}, PEER)
        with pytest.raises(CheckpointExpired, match=str(NOW - 500)):
            await door.plan("chain.checkpoint", {"document": signed(expires_ms=NOW - 500).decode()}, PEER)


async def test_a_plan_says_where_the_checkpoint_lies(site: Site) -> None:
    """Behind what is proved already it moves nothing; ahead of it the node goes on there."""
    desk = Desk()
    desk.told = STATUS
    async with commands(site, desk) as door:
        planned = await door.plan("chain.checkpoint", {"document": signed().decode()}, PEER)
        assert "120 blocks behind" in " ".join(planned["plan"]["consequences"])
        assert STATUS.finalized is not None
        desk.told = replace(STATUS, finalized=replace(STATUS.finalized, number=140), provisional="")
        await door.execute("chain.checkpoint", planned["token"], None, PEER)


async def test_a_plan_from_before_another_checkpoint_is_stale(site: Site) -> None:
    """Two operators at once: the second is told, and nothing goes back."""
    desk = Desk()
    async with commands(site, desk) as door:
        planned = await door.plan("chain.checkpoint", {"document": signed().decode()}, PEER)
        await desk.import_checkpoint(signed(counter=8))
        with pytest.raises(PlanStale):
            await door.execute("chain.checkpoint", planned["token"], None, PEER)


async def test_a_block_is_confirmed_in_whatever_spelling(site: Site) -> None:
    """With 0x and capitals, as explorers show it; and only with all its digits."""
    desk, block = Desk(), Hash256(b"\xab" * 32)
    desk.told = replace(STATUS, provisional="the node was away")
    async with commands(site, desk) as door:
        planned = await door.plan("chain.confirm", {"hash": f" 0x{block.hex().upper()} "}, PEER)
        assert planned["plan"]["arguments"] == {"hash": block.hex()}
        assert "the node was away" in planned["plan"]["consequences"][-1]
        outcome = await door.execute("chain.confirm", planned["token"], None, PEER)
        assert outcome.result["outcome"] == "it is on the chain"
        assert desk.confirmed == [block]
        with pytest.raises(ArgumentsMalformed):
            await door.plan("chain.confirm", {"hash": "ab"}, PEER)


async def test_without_a_network_nothing_can_be_believed(site: Site) -> None:
    """The commands are there, and say what is missing."""
    async with commands(site, None) as door:
        assert [row["available"] for row in door.listed()] == [False, False]
        with pytest.raises(CommandUnavailable, match="no network is set"):
            await door.plan("chain.confirm", {"hash": "00" * 32}, PEER)
