"""The table of what carries out which call, and the proof that no described call is without."""

import inspect
from collections.abc import Mapping
from typing import Any

from edge_node.base.errors import LocalError
from edge_node.chain_light.values import Chosen
from edge_node.devnet.errors import DevnetError
from edge_node.devnet.pallets.profile import Profile
from edge_node.devnet.pallets.shape import Arm
from edge_node.devnet.runtime.calls import (
    balances,
    ddc_clusters,
    ddc_customers,
    ddc_nodes,
    ddc_staking,
    sudo,
    system,
    timestamp,
    utility,
)
from edge_node.devnet.runtime.handler import Handler
from edge_node.devnet.runtime.origin import Origin
from edge_node.devnet.runtime.refusals import UNAVAILABLE, CallRefused
from edge_node.devnet.runtime.work import Work

HANDLERS: Mapping[str, Mapping[str, Handler]] = {
    "System": system.HANDLERS,
    "Utility": utility.HANDLERS,
    "Timestamp": timestamp.HANDLERS,
    "Balances": balances.HANDLERS,
    "Sudo": sudo.HANDLERS,
    "DdcNodes": ddc_nodes.HANDLERS,
    "DdcStaking": ddc_staking.HANDLERS,
    "DdcClusters": ddc_clusters.HANDLERS,
    "DdcCustomers": ddc_customers.HANDLERS,
}
_OWN = 2  # a handler takes the work and the origin before the call's fields


class CallWithoutHandler(DevnetError, LocalError):
    """A described call has no handler that takes its fields, and is not declared unsupported."""

    slug = "call-without-handler"

    def __init__(self, pallet: str, call: str) -> None:
        self.pallet, self.call = pallet, call
        super().__init__(f"nothing carries out {pallet}.{call} with the fields it is described with")


def require_handlers(profile: Profile, handlers: Mapping[str, Mapping[str, Handler]] = HANDLERS) -> None:
    """CallWithoutHandler unless every call of a profile is carried out or declared unsupported, and not both."""
    for pallet in profile.pallets:
        for call in pallet.calls:
            handler = handlers.get(pallet.name, {}).get(call.name)
            if (call.name in pallet.unsupported) != (handler is None) or not _fits(handler, call):
                raise CallWithoutHandler(pallet.name, call.name)


def carry_out(work: Work, origin: Origin, call: Any) -> None:
    """Carry out one decoded call; CallRefused, and then the caller undoes what was changed."""
    pallet, inner = call.name, call.value
    handler = HANDLERS[pallet].get(inner.name)
    if handler is None:
        raise CallRefused(UNAVAILABLE)
    handler(work, origin, **(inner.value or {}))


def call_of(pallet: str, name: str, /, **fields: Any) -> Chosen:
    """A call in the codec's form."""
    return Chosen(pallet, Chosen(name, fields or None))


def _fits(handler: Handler | None, call: Arm) -> bool:
    if handler is None:
        return True
    return [*inspect.signature(handler).parameters][_OWN:] == [field.name for field in call.fields]
