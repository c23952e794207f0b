"""The first state of a development chain: who owns what, who writes blocks, and what the pallets begin with."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from edge_node.chain_light.grandpa import Authority
from edge_node.chain_light.trie_build import Trie
from edge_node.chain_light.values import Chosen, Value
from edge_node.devnet.pallets.transaction_payment import MULTIPLIER_ONE
from edge_node.devnet.runtime.accounts import mint
from edge_node.devnet.runtime.calls.system import CODE_KEY
from edge_node.devnet.runtime.form import Form
from edge_node.devnet.runtime.state import State
from edge_node.devnet.runtime.validators import Validator
from edge_node.devnet.runtime.work import AuthContracts, Work

# Not a runtime: what clients hash and proofs show under `:code`. Nothing here ever executes it.
CODE = b"\0asm\x01\0\0\0"


CHILD_PREFIX = b":child_storage:default:"  # before a child trie's name: where its root stands


@dataclass(frozen=True, slots=True)
class Genesis:
    """What a chain begins with: balances by account, root's key, `contracts` that clusters may ask, BABE's randomness.

    `state` is raw storage beside what the pallets write, `children` are child tries by their names.
    """

    validators: tuple[Validator, ...]
    balances: Mapping[bytes, int]
    sudo: bytes | None = None
    code: bytes = CODE
    randomness: bytes = bytes(32)
    contracts: AuthContracts | None = None
    state: Mapping[bytes, bytes] | None = None
    children: Mapping[bytes, Mapping[bytes, bytes]] | None = None


def genesis_state(form: Form, genesis: Genesis) -> Trie:
    """The state of block 0."""
    work = Work(form, State(Trie({}, form.profile.state_version)), 0)
    work.state.put(CODE_KEY, genesis.code)
    for key, value in (genesis.state or {}).items():
        work.state.put(key, value)
    for child, trie in child_tries(genesis, form.profile.state_version).items():
        work.state.put(CHILD_PREFIX + child, trie.root)
    for who, amount in genesis.balances.items():
        mint(work, who, amount)
    _begin_system(work)
    _begin_consensus(work, genesis)
    if genesis.sudo is not None:
        work.put("Sudo", "Key", genesis.sudo)
    return work.state.settle()


def child_tries(genesis: Genesis, state_version: int) -> dict[bytes, Trie]:
    """The child tries a chain begins with, by their names."""
    return {child: Trie(pairs, state_version) for child, pairs in (genesis.children or {}).items()}


def _begin_system(work: Work) -> None:
    version = work.form.profile.version
    upgrade = {"spec_version": version.spec_version, "spec_name": version.spec_name}
    work.put("System", "LastRuntimeUpgrade", upgrade)
    work.put("TransactionPayment", "NextFeeMultiplier", MULTIPLIER_ONE)
    work.put("TransactionPayment", "StorageVersion", Chosen("V2"))


def _begin_consensus(work: Work, genesis: Genesis) -> None:
    babe: list[Value] = [(validator.babe, 1) for validator in genesis.validators]
    work.put("Babe", "Authorities", babe)
    work.put("Babe", "NextAuthorities", babe)
    work.put("Babe", "Randomness", genesis.randomness)
    work.put("Babe", "NextRandomness", genesis.randomness)
    work.put("Grandpa", "Authorities", list_of(validator.authority for validator in genesis.validators))
    work.put("Grandpa", "CurrentSetId", 0)
    work.put("Grandpa", "SetIdSession", 0, 0)


def list_of(authorities: Iterable[Authority]) -> list[Value]:
    """Authorities in the codec's form."""
    return [(bytes(one.key), one.weight) for one in authorities]
