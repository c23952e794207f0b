"""Metadata as a hostile endpoint would give it: well-formed, and calls and fields have changed places. Pure."""

from dataclasses import replace

from edge_node.chain_light.metadata import Metadata
from edge_node.chain_light.types import Composite, Registry, Type, Variant

_CALLS_OF = "Balances"
_FIELDS_OF = "AccountData"


def permuted(metadata: Metadata) -> Metadata:
    """The same but for two of Balances' calls and two fields of an account's data: a transfer becomes another call.

    Whoever signs by it signs what it did not mean, so it is believed only with a pin.
    """
    calls = metadata.find_pallet(_CALLS_OF).calls
    types = [
        _other_calls(one) if place == calls else _other_fields(one) if one.path[-1:] == (_FIELDS_OF,) else one
        for place, one in enumerate(metadata.registry)
    ]
    return replace(metadata, registry=Registry(types))


def _other_calls(made: Type) -> Type:
    assert isinstance(made.definition, Variant)
    first, second, *rest = made.definition.variants
    swapped = (replace(first, index=second.index), replace(second, index=first.index), *rest)
    return replace(made, definition=Variant(swapped))


def _other_fields(made: Type) -> Type:
    assert isinstance(made.definition, Composite)
    first, second, *rest = made.definition.fields
    return replace(made, definition=Composite((second, first, *rest)))
