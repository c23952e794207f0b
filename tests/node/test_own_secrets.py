"""Keys that everybody has are refused by name, everywhere but on a development chain of this machine."""

from pathlib import Path

import pytest

from edge_node.base.ids import PublicKey, VaultId
from edge_node.chain_light.shipped import shipped_spec
from edge_node.node.own_secrets import require_own
from edge_node.paths import Paths
from edge_node.settings import ChainSettings, Settings
from edge_node.store.buckets import Bucket
from edge_node.trust.dev_keys import DEV_KEYS, PublicSecret
from edge_node.trust.device import Device, Enrolment, Role, enrolled
from edge_node.trust.keystore import write_key_file
from edge_node.trust.signing_key import SigningKey
from tests.trust.test_dev_keys import DEVELOPMENT, seed_of

OWN = PublicKey(b"o" * 32)
ALICE = next(key for key, (name, scheme) in DEV_KEYS.items() if (name, scheme) == ("//Alice", "ed25519"))
NETWORKS = {"none": None, "live": shipped_spec("cere-testnet")}


def device(key: PublicKey, role: Role) -> Device:
    return enrolled(Enrolment(key=key, name="ann", roles=frozenset({role}), vault=VaultId(OWN), t_ms=1))


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    (tmp_path / "keys").mkdir()
    return Paths(tmp_path)


@pytest.mark.parametrize("spec", NETWORKS.values(), ids=NETWORKS)
def test_keys_of_ones_own_pass(paths: Paths, spec) -> None:
    """Nothing is said, with a network or without."""
    require_own(Settings(), paths, OWN, [device(OWN, Role.OPERATOR)], [Bucket(1, VaultId(OWN), public=True)], spec)


@pytest.mark.parametrize("spec", NETWORKS.values(), ids=NETWORKS)
def test_a_node_key_that_everybody_has(paths: Paths, spec) -> None:
    """Whose it is, that this is no development chain, and what to do."""
    with pytest.raises(PublicSecret, match=r"the node key 6\S+ is //Alice ed25519, .* does not follow a development"):
        require_own(Settings(), paths, ALICE, [], [], spec)


def test_an_operators_key_that_everybody_has(paths: Paths) -> None:
    """On the box, or cold; a reader's is that reader's affair."""
    with pytest.raises(PublicSecret, match="the key of the operator ann"):
        require_own(Settings(), paths, OWN, [device(ALICE, Role.OPERATOR)], [], None)
    require_own(Settings(), paths, OWN, [device(ALICE, Role.READER)], [], None)
    cold = Settings(chain=ChainSettings(network="cere-testnet", operator_key=ALICE.hex()))
    with pytest.raises(PublicSecret, match="the operator's cold key"):
        require_own(cold, paths, OWN, [], [], shipped_spec("cere-testnet"))


def test_a_receipt_key_that_everybody_has(paths: Paths) -> None:
    """It signs for the node as well."""
    with SigningKey.from_seed(seed_of(DEVELOPMENT)) as key:
        write_key_file(paths.receipt_key, key)
    with pytest.raises(PublicSecret, match=r"the receipt key 6.* is the development phrase"):
        require_own(Settings(), paths, OWN, [], [], None)


def test_an_owner_of_a_bucket_counts_where_a_chain_is_live(paths: Paths) -> None:
    """Without a chain a trial's buckets may be anybody's."""
    buckets = [Bucket(7, VaultId(ALICE), public=True)]
    require_own(Settings(), paths, OWN, [], buckets, None)
    with pytest.raises(PublicSecret, match="the owner of bucket 7"):
        require_own(Settings(), paths, OWN, [], buckets, shipped_spec("cere-testnet"))


def test_a_development_chain_of_this_machine_takes_them(paths: Paths) -> None:
    """There they are what they were made for."""
    cold = Settings(chain=ChainSettings(network="dev", operator_key=ALICE.hex()))
    buckets = [Bucket(7, VaultId(ALICE), public=True)]
    require_own(cold, paths, ALICE, [device(ALICE, Role.OPERATOR)], buckets, shipped_spec("dev"))
