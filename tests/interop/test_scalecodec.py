"""scalecodec as judge of the codec: random values of whole runtimes, read and written again by both."""

from dataclasses import replace
from functools import cache
from random import Random  # noqa: TID251 - seeded, so that every run is the same
from typing import Any

import pytest

from edge_node.chain_light.codec import decode_whole, encode_value
from edge_node.chain_light.metadata import Metadata
from edge_node.chain_light.metadata_bytes import write_metadata
from edge_node.chain_light.shapes import compact_bytes
from edge_node.chain_light.types import BitSequence, CompactOf, Composite, Registry, Type, TypeParam
from edge_node.chain_light.values import Chosen, Value
from edge_node.devnet.pallets import PROFILES
from edge_node.devnet.runtime.form import Form
from edge_node.wire.scale import MalformedScale
from tests.chain_light.runtimes import CHAINS, metadata_of, metadata_raw, registry_with
from tests.interop.dice import Dice
from tests.interop.driving import Driver

pytestmark = pytest.mark.needs_judges

RUNTIMES = (*CHAINS, *PROFILES)
ROLLS = 3  # of each type


@cache
def registry_and_raw(name: str) -> tuple[Registry, bytes]:
    """The types of a runtime, and metadata that holds them in the version that scalecodec reads, 14."""
    if name in PROFILES:
        form = Form(PROFILES[name])
        return form.registry, form.written(14)
    if name == "contracts-v14":
        return metadata_of(name).registry, metadata_raw(name)
    older = as_v14(metadata_of(name))
    return older.registry, write_metadata(older, 14)


def as_v14(metadata: Metadata) -> Metadata:
    """V15's metadata with the type that 14 finds the extrinsic's parts by."""
    form = metadata.extrinsic
    parts = {"Address": form.address, "Call": form.call, "Signature": form.signature, "Extra": form.extra}
    params = tuple(TypeParam(name, type_id) for name, type_id in parts.items())
    registry = registry_with(metadata.registry, Type(("UncheckedExtrinsic",), params, Composite(())))
    return replace(metadata, registry=registry, extrinsic=replace(form, type=len(registry) - 1))


def not_read_as_written(registry: Registry) -> set[int]:
    """Types of which scalecodec thinks otherwise: bits, eras, votes, nothing in compacts, lists of one empty list."""
    return {
        type_id
        for type_id, entry in enumerate(registry)
        if isinstance(entry.definition, BitSequence)
        or entry.path[-2:] in {("era", "Era"), ("vote", "Vote"), ("v8", "IndexedVec")}
        or (isinstance(entry.definition, CompactOf) and not compact_bytes(registry, entry.definition.type))
    }


def agree(ours: Value, theirs: Any) -> bool:
    """Whether its form says the same: bytes are hex or text, an enum is a name or a dict of one, calls are spelt."""
    match ours:
        case bytes():
            return theirs in (f"0x{ours.hex()}", ours.decode(errors="replace"))
        case Chosen(name, held):
            return _agree_on_choice(name, held, theirs)
        case dict() if {"phase", "event", "topics"} == ours.keys():
            return _agree_on_record(ours, theirs)
        case dict():
            return ours.keys() == theirs.keys() and all(agree(ours[name], theirs[name]) for name in ours)
        case list() | tuple():
            return (not ours and not theirs) or (len(ours) == len(theirs) and all(map(agree, ours, theirs)))
        case _:
            return bool(ours == theirs)


def _agree_on_choice(name: str, held: Value, theirs: Any) -> bool:
    if isinstance(theirs, str | int | list) and name in {"Id", "Index"}:
        return agree(held, theirs)  # an address
    if not isinstance(theirs, dict):
        return held is None and theirs == name
    if isinstance(held, Chosen) and "call_module" in theirs:
        inner = {one["name"]: one["value"] for one in theirs["call_args"]}
        named = (theirs["call_module"], theirs["call_function"]) == (name, held.name)
        return named and (agree(held.value, inner) if inner else held.value is None)
    if isinstance(held, Chosen) and "module_id" in theirs:
        named = (theirs["module_id"], theirs["event_id"]) == (name, held.name)
        return named and agree(held.value, theirs["attributes"])
    return theirs.keys() == {name} and agree(held, theirs[name])


def _agree_on_record(ours: dict[str, Value], theirs: Any) -> bool:
    phase = Chosen("ApplyExtrinsic", theirs["extrinsic_idx"]) if theirs["phase"] == "ApplyExtrinsic" else None
    same_phase = ours["phase"] == (phase or Chosen(theirs["phase"]))
    return same_phase and agree(ours["event"], theirs["event"]) and agree(ours["topics"], theirs["topics"])


@pytest.mark.parametrize("name", RUNTIMES)
def test_values_are_read_alike_and_written_alike(substrate_judge: Driver, name: str) -> None:
    """Values of every type: it reads what we wrote as what it was, and what it writes of that are the same bytes.

    Of some lists in wrappers it does not take back what it gave; those are few, and read alike all the same.
    """
    registry, metadata = registry_and_raw(name)
    dice = Dice(registry, Random(name), not_read_as_written(registry))
    rolled = [(one, dice.value(one)) for one in range(len(registry)) for _ in range(ROLLS) if dice.has_values(one)]
    raws = [encode_value(registry, *one) for one in rolled]
    asked = [(type_id, raw.hex()) for (type_id, _), raw in zip(rolled, raws, strict=True)]
    answers = substrate_judge("scale_values.read", metadata=metadata.hex(), values=asked)["values"]
    unwritten = 0
    for (type_id, value), raw, answer in zip(rolled, raws, answers, strict=True):
        assert decode_whole(registry, type_id, raw) == value
        assert agree(value, answer.get("value")), (registry.name_of(type_id), value, answer)
        unwritten += "unwritten" in answer
        assert answer.get("again", raw.hex()) == raw.hex(), (registry.name_of(type_id), value, answer)
    assert len(rolled) > ROLLS * len(registry) * 0.9
    assert unwritten < len(rolled) * 0.15


@pytest.mark.parametrize("name", RUNTIMES)
def test_bytes_left_over_and_bytes_missing_are_refused_by_both(substrate_judge: Driver, name: str) -> None:
    """A value with a byte more, and one with a byte less, are no value."""
    registry, metadata = registry_and_raw(name)
    dice = Dice(registry, Random(name), not_read_as_written(registry))
    type_id = registry.find("frame_system::AccountInfo")
    raw = encode_value(registry, type_id, dice.value(type_id))
    wrong = [raw + b"\0", raw[:-1]]
    for one in wrong:
        with pytest.raises(MalformedScale):
            decode_whole(registry, type_id, one)
    asked = [(type_id, one.hex()) for one in wrong]
    answers = substrate_judge("scale_values.read", metadata=metadata.hex(), values=asked)["values"]
    assert all("unread" in answer for answer in answers)


def test_bits_are_read_in_the_same_order(substrate_judge: Driver) -> None:
    """It shows them as a number, the first bit last."""
    registry, metadata = registry_and_raw("polkadot-v15")
    types = [type_id for type_id, entry in enumerate(registry) if isinstance(entry.definition, BitSequence)]
    dice = Dice(registry, Random(4))
    rolled = [(type_id, dice.value(type_id)) for type_id in types for _ in range(20)]
    asked = [(type_id, encode_value(registry, type_id, bits).hex()) for type_id, bits in rolled]
    answers = substrate_judge("scale_values.read", metadata=metadata.hex(), values=asked)["values"]
    assert [answer["value"] for answer in answers] == [f"0b{str(bits)[::-1]}" for _, bits in rolled]
    assert rolled
