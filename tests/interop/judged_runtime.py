"""A runtime that executes: the entry points a light client calls, in WebAssembly over the chain's own storage.

The development chain's real runtime is Python, and its `:code` is a mark that nothing runs. A judge that executes what
it finds under `:code` is given this instead. It knows no authority and no epoch: it reads them from storage, so what
the judge learns through it is what the proofs it was sent hold.
"""

import hashlib

from edge_node.chain_light.storage_key import storage_key
from edge_node.devnet.pallets.babe import EPOCH_SLOTS, SLOT_MS
from edge_node.devnet.runtime.form import Form
from edge_node.wire.scale import blob, compact, uint
from tests.interop.wasm import Bytes, Part, Stored, Sum, module

_APIS = {"Core": 5, "BabeApi": 2, "GrandpaApi": 3}
_PRIMARY_ONE_IN = (1, 4)
_SECONDARY_PLAIN = 1


def judged_code(form: Form) -> bytes:
    """The `:code` of a chain of this form."""
    return module(
        {
            "Core_version": [Bytes(_version(form))],
            "BabeApi_configuration": _configuration(form),
            "BabeApi_current_epoch": _epoch(form, 0),
            "BabeApi_next_epoch": _epoch(form, 1),
            "GrandpaApi_grandpa_authorities": [Stored(_key(form, "Grandpa", "Authorities"), compact(0))],
            "GrandpaApi_current_set_id": [Sum(0, ((_key(form, "Grandpa", "CurrentSetId"), 1),))],
        }
    )


def read_by_runtime(form: Form) -> list[bytes]:
    """The keys that its entry points read."""
    babe = ("EpochIndex", "GenesisSlot", "Authorities", "NextAuthorities", "Randomness", "NextRandomness")
    return [_key(form, "Babe", name) for name in babe] + [
        _key(form, "Grandpa", name) for name in ("Authorities", "CurrentSetId")
    ]


def _key(form: Form, pallet: str, name: str) -> bytes:
    return storage_key(form.item(pallet, name))


def _version(form: Form) -> bytes:
    """A RuntimeVersion."""
    version = form.profile.version
    numbers = (version.authoring_version, version.spec_version, version.impl_version)
    apis = [hashlib.blake2b(name.encode(), digest_size=8).digest() + uint(of, 4) for name, of in _APIS.items()]
    names = blob(version.spec_name.encode()) + blob(version.impl_name.encode())
    offered = compact(len(apis)) + b"".join(apis)
    told = names + b"".join(uint(number, 4) for number in numbers) + offered
    return told + uint(version.transaction_version, 4) + bytes((form.profile.state_version,))


def _configuration(form: Form) -> list[Part]:
    c = b"".join(uint(part, 8) for part in _PRIMARY_ONE_IN)
    return [
        Bytes(uint(SLOT_MS, 8) + uint(EPOCH_SLOTS, 8) + c),
        Stored(_key(form, "Babe", "Authorities"), compact(0)),
        Stored(_key(form, "Babe", "Randomness"), bytes(32)),
        Bytes(bytes((_SECONDARY_PLAIN,))),
    ]


def _epoch(form: Form, ahead: int) -> list[Part]:
    """The epoch a block is in, or the one `ahead` of it."""
    index, first = _key(form, "Babe", "EpochIndex"), _key(form, "Babe", "GenesisSlot")
    after = "Next" if ahead else ""
    return [
        Sum(ahead, ((index, 1),)),
        Sum(ahead * EPOCH_SLOTS, ((first, 1), (index, EPOCH_SLOTS))),
        Bytes(uint(EPOCH_SLOTS, 8)),
        Stored(_key(form, "Babe", f"{after}Authorities"), compact(0)),
        Stored(_key(form, "Babe", f"{after}Randomness"), bytes(32)),
        Bytes(b"".join(uint(part, 8) for part in _PRIMARY_ONE_IN) + bytes((_SECONDARY_PLAIN,))),
    ]
