"""Words for metadata at the operator's door: planned with their hashes, believed once, refused with facts."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from edge_node.base.ids import Hash256
from edge_node.chain_light.metadata_pin import MetadataPin, OpenedPin, Runtime, open_metadata_pin, sign_metadata_pin
from edge_node.chain_light.metadata_pin_errors import PinGoesBack, PinNotTrusted
from edge_node.chain_light.metadata_pins import MetadataPins
from edge_node.chain_light.vouching import VouchKeys
from edge_node.control.commands import CommandDesk
from edge_node.control.errors import CommandUnavailable
from edge_node.control.pin_commands import PinMetadata, pin_row
from edge_node.serving.credentials import Credentials
from edge_node.trust.signing_key import SigningKey
from tests.control.house import house_of
from tests.gateway.rig import Site

PEER = Credentials(1, 1000, 1000)
COLD = SigningKey.from_seed(b"\x0c" * 32)
PIN = MetadataPin(
    runtime=Runtime(Hash256(b"g" * 32), 80013, Hash256(b"c" * 32)),
    metadata=(Hash256(b"m" * 32),),
    issued_ms=1,
    counter=5,
)


class Desk:
    """The pins of a chain, over the real judgement of them."""

    def __init__(self) -> None:
        self.kept = MetadataPins()

    async def pins(self) -> Sequence[OpenedPin]:
        return self.kept.listed()

    async def examine_pin(self, raw: bytes) -> OpenedPin:
        keys = VouchKeys(release=frozenset(), operator=COLD.public)
        opened = open_metadata_pin(raw, keys=keys, genesis=PIN.runtime.genesis, now_ms=None)
        self.kept.after(opened)
        return opened

    async def import_pin(self, raw: bytes) -> OpenedPin:
        opened = await self.examine_pin(raw)
        self.kept = self.kept.after(opened)
        return opened


def signed(pin: MetadataPin = PIN, key: SigningKey = COLD) -> dict[str, str]:
    return {"document": sign_metadata_pin(pin, [key]).decode()}


async def test_a_pin_is_planned_with_its_hashes_and_believed(site: Site) -> None:
    """Runtime, code, metadata, who signed it; then it is there."""
    desk = Desk()
    async with house_of(site, chain=desk) as house:
        door = CommandDesk(house, [PinMetadata(house)])
        planned = await door.plan("chain.pin", signed(), PEER)
        said = " ".join([planned["plan"]["summary"], *planned["plan"]["consequences"]])
        for fact in ("runtime 80013", "cold key, number 5", "63" * 32, "6d" * 32):
            assert fact in said
        outcome = await door.execute("chain.pin", planned["token"], None, PEER)
        assert outcome.result["pin"] == pin_row((await desk.pins())[0])
        with pytest.raises(PinGoesBack):
            await door.plan("chain.pin", signed(replace(PIN, counter=4)), PEER)
        back = await door.plan("chain.pin", signed(replace(PIN, counter=6, metadata=())), PEER)
        assert "Take back" in back["plan"]["summary"]


async def test_a_stranger_is_refused_at_the_plan(site: Site) -> None:
    """Whatever they sign."""
    async with house_of(site, chain=Desk()) as house:
        with pytest.raises(PinNotTrusted):
            await CommandDesk(house, [PinMetadata(house)]).plan(
                "chain.pin", signed(key=SigningKey.from_seed(b"t" * 32)), PEER
            )


async def test_without_a_chain_there_is_nothing_to_pin(site: Site) -> None:
    """It says what is missing."""
    async with house_of(site) as house:
        with pytest.raises(CommandUnavailable):
            await CommandDesk(house, [PinMetadata(house)]).plan("chain.pin", signed(), PEER)
