"""chain.checkpoint and chain.confirm: what an operator gives the light client to believe, shown before it counts."""

from typing import TYPE_CHECKING, Any, Final, Protocol

from edge_node.base.ids import Hash256, MalformedId, shorten
from edge_node.base.moments import moment_of
from edge_node.chain_light.status import ChainStatus
from edge_node.control.arguments import CheckpointArguments, ConfirmArguments
from edge_node.control.chain_rows import OFF_REASON
from edge_node.control.commands import Draft, Outcome
from edge_node.control.errors import ArgumentsMalformed
from edge_node.control.house import House
from edge_node.control.pin_commands import PinDesk

if TYPE_CHECKING:  # a node that follows no chain loads nothing of it
    from edge_node.chain_light.anchor import Anchor
    from edge_node.chain_light.checkpoint import OpenedCheckpoint

CONFIRM_DIGITS: Final = 8  # typed by a person who has the whole of it on the screen


class ChainDesk(PinDesk, Protocol):
    """The light client as an operator acts on it."""

    def status(self) -> ChainStatus:
        """How it is; cheap."""
        ...

    def anchor(self) -> "tuple[Hash256, Anchor]":
        """The chain's first hash, and the newest final block with who votes on what follows; NoAnchor."""
        ...

    async def examine(self, raw: bytes) -> "OpenedCheckpoint":
        """A signed checkpoint, if it would be believed now; CheckpointRefused and what else is wrong with it."""
        ...

    async def import_checkpoint(self, raw: bytes) -> "OpenedCheckpoint":
        """Believe it, durable on return; refusals as examine's."""
        ...

    async def confirm(self, block: Hash256) -> str:
        """Take a hash that a person typed as one witness more; what came of it, in words. A ChainError refuses it."""
        ...


class ImportCheckpoint:
    """Believe a signed checkpoint: the one way to an anchor, and what ends a long absence."""

    name, about, danger = "chain.checkpoint", "Believe a signed checkpoint of the chain that is followed.", True
    arguments = CheckpointArguments

    def __init__(self, house: House) -> None:
        self._house = house

    def unavailable(self) -> str:
        """See Command."""
        return "" if self._house.chain is not None else OFF_REASON

    async def plan(self, arguments: CheckpointArguments) -> Draft:
        """See Command; CheckpointRefused, with the facts it is refused for."""
        desk = _desk(self._house)
        opened = await desk.examine(_document(arguments))
        anchor, status = opened.checkpoint.anchor, desk.status()
        relation, consequence = _relation(opened, status)
        return Draft(
            summary=f"Believe that block {anchor.header.number} ({anchor.hash.hex()}) of {status.network} is final.",
            consequences=[
                _vouched(opened),
                f"What follows it is voted on by set {anchor.voters.id}: {len(anchor.voters.authorities)} authorities.",
                f"The chain begins with {opened.checkpoint.genesis.hex()}.",
                consequence,
                *([f"It is not acted on yet: {status.provisional}."] if status.provisional else []),
            ],
            danger=True,
            confirm=anchor.hash.hex()[:CONFIRM_DIGITS],
            subject=anchor.hash.hex(),
            facts={"checkpoint": opened.digest.hex(), "it lies": relation},
        )

    async def execute(self, arguments: CheckpointArguments) -> Outcome:
        """See Command; durable, and the client goes on from it by itself."""
        desk = _desk(self._house)
        opened = await desk.import_checkpoint(_document(arguments))
        return Outcome({"checkpoint": checkpoint_row(opened), "state": str(desk.status().state)})


class ConfirmBlock:
    """Let a person be a witness: they have a block's hash from somebody they trust."""

    name, about, danger = "chain.confirm", "Say that a block is on the chain, from a source of your own.", True
    arguments = ConfirmArguments

    def __init__(self, house: House) -> None:
        self._house = house

    def unavailable(self) -> str:
        """See Command."""
        return "" if self._house.chain is not None else OFF_REASON

    async def plan(self, arguments: ConfirmArguments) -> Draft:
        """See Command."""
        desk, block = _desk(self._house), _block(arguments)
        status = desk.status()
        wanted = f"It is wanted: {status.provisional}." if status.provisional else "Nothing waits for it at present."
        return Draft(
            summary=f"Say that block {block.hex()} is on the chain of {status.network}.",
            consequences=[
                "It counts as one group of endpoints, and only if the block turns out to be on the chain proved here.",
                "Take the hash from people or a machine that you trust, not from an endpoint that this node asks.",
                wanted,
            ],
            danger=True,
            confirm=block.hex()[:CONFIRM_DIGITS],
            subject=block.hex(),
            facts={"network": status.network},
            arguments={"hash": block.hex()},
        )

    async def execute(self, arguments: ConfirmArguments) -> Outcome:
        """See Command."""
        desk, block = _desk(self._house), _block(arguments)
        said = await desk.confirm(block)
        status = desk.status()
        return Outcome({"hash": block.hex(), "outcome": said, "provisional": status.provisional})


def checkpoint_row(opened: "OpenedCheckpoint") -> dict[str, Any]:
    """What a checkpoint says, in the field names of docs/specs/control.md."""
    checkpoint = opened.checkpoint
    return {
        "genesis": checkpoint.genesis.hex(),
        "number": checkpoint.anchor.header.number,
        "hash": checkpoint.anchor.hash.hex(),
        "set_id": checkpoint.anchor.voters.id,
        "authorities": len(checkpoint.anchor.voters.authorities),
        "pending": [change.number for change in checkpoint.anchor.pending.changes],
        "signers": str(opened.by),
        "counter": checkpoint.counter,
        "issued_ms": checkpoint.issued_ms,
        "expires_ms": checkpoint.expires_ms,
        "digest": opened.digest.hex(),
    }


def _desk(house: House) -> ChainDesk:
    assert house.chain is not None, "a command that is unavailable is not planned"
    return house.chain


def _document(given: CheckpointArguments) -> bytes:
    """The document, or what its QR texts join to; PartUnreadable, PartsMissing and their like."""
    from edge_node.chain_light.checkpoint_text import document_of

    return document_of(given.document.encode())


def _block(given: ConfirmArguments) -> Hash256:
    try:
        return Hash256.parse(given.hash.strip().lower().removeprefix("0x"))
    except MalformedId as malformed:
        raise ArgumentsMalformed("hash", "a block's hash has 64 hex digits") from malformed


def _vouched(opened: "OpenedCheckpoint") -> str:
    said, who = opened.checkpoint, "the release" if str(opened.by) == "release" else "the operator's cold key"
    times = f"issued {moment_of(said.issued_ms)}, good until {moment_of(said.expires_ms)}"
    return f"Signed by {who}, number {said.counter} of theirs, {times}."


def _relation(opened: "OpenedCheckpoint", status: ChainStatus) -> tuple[str, str]:
    """Where it lies, in a word that holds while the chain grows, and what it would change."""
    number, final = opened.checkpoint.anchor.header.number, status.finalized
    if final is None:
        return "first", "The node has no anchor yet: it begins at this block."
    if opened.checkpoint.anchor.hash == final.hash or number <= final.number:
        behind = final.number - number
        where = f"{behind} blocks behind" if behind else "at the height of"
        return "behind", f"It lies {where} what is proved already (block {final.number}): nothing is moved back."
    ahead = number - final.number
    return (
        "ahead",
        f"It lies {ahead} blocks ahead of block {final.number} ({shorten(final.hash)}): the node goes on there.",
    )
