"""Metadata that contradicts itself is refused, whatever part does."""

from dataclasses import replace

import pytest

from edge_node.chain_light.metadata_check import MalformedMetadata, known, once
from edge_node.chain_light.metadata_parts import Hasher, OuterEnums, StorageEntry
from edge_node.chain_light.types import Composite, Registry, Type, Variant, VariantOf
from tests.chain_light.runtimes import mini_metadata, mini_parts

PARTS = mini_parts()
SYSTEM, BANK = PARTS["pallets"]
EXTRINSIC, OUTER, API = PARTS["extrinsic"], PARTS["outer"], PARTS["apis"][0]
NOWHERE = len(PARTS["registry"])


def banks(**changed):
    """The pallets, with some of the second one's facts changed."""
    return {"pallets": (SYSTEM, replace(BANK, **changed))}


def stored(*entries):
    """The pallets, with such storage in the second one."""
    return banks(storage=replace(BANK.storage, entries=entries))


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        (banks(name="System"), "pallet 'System' stands twice"),
        (banks(index=0), "pallet index 0 stands twice"),
        (banks(index=7), "the outer call and pallet Bank disagree"),
        (banks(name="Till"), "the outer call knows no pallet Till"),
        (banks(calls=SYSTEM.calls), "the outer call and pallet Bank disagree"),
        (banks(event=BANK.error), "the outer event and pallet Bank disagree"),
        (banks(error=BANK.event), "the outer error and pallet Bank disagree"),
        (banks(calls=NOWHERE), "which the registry does not hold"),
        (banks(error=0), "are no enum"),
        (banks(constants=BANK.constants * 2), "'Deposit' stands twice"),
        (banks(constants=(replace(BANK.constants[0], type=NOWHERE),)), "does not hold"),
        (stored(StorageEntry("A", 0), StorageEntry("A", 1)), "'A' stands twice"),
        (stored(StorageEntry("A", NOWHERE)), "does not hold"),
        (stored(StorageEntry("A", 0, NOWHERE, (Hasher.IDENTITY,))), "does not hold"),
        (stored(StorageEntry("A", 0, 0)), "a key without"),
        (stored(StorageEntry("A", 0, None, (Hasher.IDENTITY,))), "hashers without a key"),
        (stored(StorageEntry("A", 0, 0, (Hasher.IDENTITY,) * 2)), "not as many parts"),
        ({"extrinsic": replace(EXTRINSIC, extensions=EXTRINSIC.extensions * 2)}, "'CheckSpecVersion' stands twice"),
        ({"extrinsic": replace(EXTRINSIC, address=NOWHERE)}, "does not hold"),
        ({"extrinsic": replace(EXTRINSIC, type=NOWHERE)}, "does not hold"),
        ({"extrinsic": replace(EXTRINSIC, call=BANK.calls)}, "the outer call knows no pallet System"),
        ({"outer": OuterEnums(OUTER.call, OUTER.event, NOWHERE)}, "does not hold"),
        ({"outer": OuterEnums(OUTER.call, OUTER.error, OUTER.error)}, "the outer event and pallet Bank disagree"),
        ({"apis": (API, API)}, "'Core' stands twice"),
        ({"apis": (replace(API, methods=API.methods * 2),)}, "'version' stands twice"),
        ({"apis": (replace(API, methods=(replace(API.methods[0], output=NOWHERE),)),)}, "does not hold"),
        (
            {"apis": (replace(API, methods=(replace(API.methods[0], inputs=API.methods[0].inputs * 2),)),)},
            "'at' stands",
        ),
        ({"runtime": NOWHERE}, "does not hold"),
        ({"custom": PARTS["custom"] * 2}, "'motto' stands twice"),
    ],
)
def test_a_contradiction_is_refused(changed, why):
    """The part that is wrong is named."""
    with pytest.raises(MalformedMetadata, match=why):
        mini_metadata(**changed)


def test_permuted_call_indexes_are_seen():
    """A list of pallets whose indexes are swapped against the enum of calls, or the other way, says two things."""
    swapped = (replace(SYSTEM, index=6), replace(BANK, index=0))
    with pytest.raises(MalformedMetadata, match="disagree"):
        mini_metadata(pallets=swapped)
    types = list(PARTS["registry"])
    call = types[EXTRINSIC.call]
    one, two = call.definition.variants
    types[EXTRINSIC.call] = Type(call.path, (), Variant((replace(one, index=6), replace(two, index=0))))
    with pytest.raises(MalformedMetadata, match="disagree"):
        mini_metadata(registry=Registry(types))


def test_many_doubles_cost_no_more_than_one_look_each():
    """The last of a hundred thousand names is the double: the search for it is one pass."""
    with pytest.raises(MalformedMetadata, match="99999"):
        once("number", [*range(100_000), 99_999])


def test_an_id_is_known_or_not():
    """The first beyond the registry, and below none, are refused; the enum of nothing is an enum."""
    registry = Registry([Type((), (), Composite(())), Type((), (), Variant((VariantOf("A", 0),)))])
    known(registry, "it", [0, 1])
    for type_id in (-1, 2):
        with pytest.raises(MalformedMetadata):
            known(registry, "it", [type_id])
