"""A profile is one line of the runtime: its pallets with their fields, calls and indexes, and how it is signed for."""

from collections.abc import Mapping
from dataclasses import dataclass

from edge_node.base.errors import LocalError
from edge_node.devnet.pallets import (
    apis,
    babe,
    balances,
    ddc_clusters,
    ddc_customers,
    ddc_nodes,
    ddc_staking,
    grandpa,
    sudo,
    system,
    timestamp,
    transaction_payment,
    utility,
)
from edge_node.devnet.pallets.apis import ApiShape
from edge_node.devnet.pallets.basics import TYPES
from edge_node.devnet.pallets.extensions import EXTENSIONS, Extension
from edge_node.devnet.pallets.shape import Pallet, TypeShape
from edge_node.devnet.pallets.system import Version


class NoSuchProfile(LocalError):
    """No profile has this name."""

    slug = "no-such-profile"

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"no profile {name!r}: there are {', '.join(PROFILES)}")


@dataclass(frozen=True, slots=True)
class Profile:
    """One line of the runtime; handlers are shared by all.

    `contract_asked`: add_node asks the cluster's auth contract too, not join_cluster alone.
    """

    name: str
    version: Version
    pallets: tuple[Pallet, ...]
    contract_asked: bool
    state_version: int = 0
    extensions: tuple[Extension, ...] = EXTENSIONS
    apis: tuple[ApiShape, ...] = apis.APIS

    @property
    def types(self) -> dict[str, TypeShape]:
        """Every type that has a name, by it."""
        named = {**TYPES, **apis.TYPES}
        for pallet in self.pallets:
            named.update(pallet.types)
        return named

    def pallet(self, name: str) -> Pallet:
        """The pallet of this name; KeyError if the profile has none."""
        return next(pallet for pallet in self.pallets if pallet.name == name)


_SHARED = (
    utility.PALLET,
    babe.PALLET,
    timestamp.PALLET,
    balances.PALLET,
    transaction_payment.PALLET,
    grandpa.PALLET,
    sudo.PALLET,
    ddc_staking.PALLET,
    ddc_customers.PALLET,
)
_SDK = Version(spec_version=73_006, transaction_version=25)
_DEV = Version(spec_version=80_013, transaction_version=27)


def sdk_profile(state_version: int = 0) -> Profile:
    """What the DDC SDK 2.15 and 2.16 was written for: four prices, no inspection, no join_cluster."""
    pallets = (*_SHARED, system.describe(_SDK, state_version), ddc_nodes.describe(), ddc_clusters.describe())
    return Profile("sdk", _SDK, _in_order(pallets), contract_asked=True, state_version=state_version)


def dev_profile(state_version: int = 0) -> Profile:
    """Line D at 80013: seven prices and a deposit contract, inspection parameters, join_cluster, compute nodes."""
    clusters = ddc_clusters.describe(ddc_clusters.PARAMS_DEV, ddc_clusters.PRICES_DEV, (ddc_clusters.JOIN_CLUSTER,))
    nodes = ddc_nodes.describe(ddc_nodes.MODES_DEV)
    pallets = (*_SHARED, system.describe(_DEV, state_version), nodes, clusters)
    return Profile("dev-80013", _DEV, _in_order(pallets), contract_asked=False, state_version=state_version)


def _in_order(pallets: tuple[Pallet, ...]) -> tuple[Pallet, ...]:
    return tuple(sorted(pallets, key=lambda pallet: pallet.index))


PROFILES: Mapping[str, Profile] = {profile.name: profile for profile in (sdk_profile(), dev_profile())}


def profile_named(name: str) -> Profile:
    """The profile of this name, with state version 0; NoSuchProfile for any other."""
    try:
        return PROFILES[name]
    except KeyError:
        raise NoSuchProfile(name) from None
