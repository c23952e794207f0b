"""chain.pin: a signed word for what a runtime's metadata is, shown before it counts, and the words there are."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

from edge_node.base.moments import moment_of
from edge_node.control.arguments import PinArguments
from edge_node.control.chain_rows import OFF_REASON
from edge_node.control.commands import Draft, Outcome
from edge_node.control.house import House

if TYPE_CHECKING:  # a node that follows no chain loads nothing of it
    from edge_node.chain_light.metadata_pin import OpenedPin

CONFIRM_DIGITS = 8


class PinDesk(Protocol):
    """The pins of the chain that is followed."""

    async def pins(self) -> "Sequence[OpenedPin]":
        """All that are believed, by spec version; NoAnchor while the chain's first block is not known."""
        ...

    async def examine_pin(self, raw: bytes) -> "OpenedPin":
        """A signed pin, if it would be believed now; PinRefused and what else is wrong with it."""
        ...

    async def import_pin(self, raw: bytes) -> "OpenedPin":
        """Believe it, durable on return; refusals as examine_pin's."""
        ...


class PinMetadata:
    """Believe a signed pin: what lets the node read and write by a runtime's metadata."""

    name, about, danger = "chain.pin", "Believe a signed word for what a runtime's metadata is.", True
    arguments = PinArguments

    def __init__(self, house: House) -> None:
        self._house = house

    def unavailable(self) -> str:
        """See Command."""
        return "" if self._house.chain is not None else OFF_REASON

    async def plan(self, arguments: PinArguments) -> Draft:
        """See Command; PinRefused, with the facts it is refused for."""
        opened = await self._desk().examine_pin(arguments.document.encode())
        pin = opened.pin
        who = "the release" if str(opened.by) == "release" else "the operator's cold key"
        version = pin.runtime.spec_version
        return Draft(
            summary=f"Take back what was said of the metadata of runtime {version}."
            if pin.revokes
            else f"Believe what the metadata of runtime {version} is.",
            consequences=[
                f"Signed by {who}, number {pin.counter} of theirs for it, issued {moment_of(pin.issued_ms)}.",
                f"The runtime's code has the hash {pin.runtime.code.hex()}.",
                *(f"Its metadata may have the hash {one.hex()}." for one in pin.metadata),
                "Nothing is read by its metadata, and nothing written, from now on."
                if pin.revokes
                else "What this node signs for the chain is written as that metadata says.",
            ],
            danger=True,
            confirm=opened.digest.hex()[:CONFIRM_DIGITS],
            subject=opened.digest.hex(),
            facts={"pin": opened.digest.hex()},
        )

    async def execute(self, arguments: PinArguments) -> Outcome:
        """See Command."""
        return Outcome({"pin": pin_row(await self._desk().import_pin(arguments.document.encode()))})

    def _desk(self) -> PinDesk:
        assert self._house.chain is not None, "a command that is unavailable is not planned"
        return self._house.chain


def pin_row(opened: "OpenedPin") -> dict[str, Any]:
    """One pin of GET /v1/chain/pins."""
    runtime = opened.pin.runtime
    return {
        "spec_version": runtime.spec_version,
        "code": runtime.code.hex(),
        "metadata": [one.hex() for one in opened.pin.metadata],
        "signers": str(opened.by),
        "counter": opened.pin.counter,
        "issued_ms": opened.pin.issued_ms,
        "digest": opened.digest.hex(),
    }
