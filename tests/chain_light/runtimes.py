"""Runtimes to test with: two public chains' real metadata, and a small one of our own making.

`metadata-*.scale.xz` are the static metadata in npm's @polkadot/types-support: of substrate-contracts-node (V14) and of
Polkadot (V15), unwrapped and compressed, nothing else changed. `polkadot-js.json` says in `source` how it was made.
"""

import functools
import json
import lzma
from pathlib import Path

from edge_node.chain_light.metadata import Metadata
from edge_node.chain_light.metadata_bytes import parse_metadata
from edge_node.chain_light.metadata_parts import (
    ApiInput,
    ApiMethod,
    Constant,
    CustomValue,
    ExtrinsicFormat,
    Hasher,
    OuterEnums,
    Pallet,
    RuntimeApi,
    SignedExtension,
    Storage,
    StorageEntry,
)
from edge_node.chain_light.types import (
    ArrayOf,
    CompactOf,
    Composite,
    Field,
    PrimitiveKind,
    Registry,
    SequenceOf,
    TupleOf,
    Type,
    TypeParam,
    Variant,
    VariantOf,
)
from tests.chain_light.registries import Types

VECTORS = Path(__file__).parents[1] / "vectors/chain"
CHAINS = ("contracts-v14", "polkadot-v15")
JS = json.loads((VECTORS / "polkadot-js.json").read_text())


@functools.cache
def metadata_raw(chain):
    """The bytes of a public chain's metadata."""
    return lzma.decompress((VECTORS / f"metadata-{chain}.scale.xz").read_bytes())


@functools.cache
def metadata_of(chain):
    """The same, parsed."""
    return parse_metadata(metadata_raw(chain))


def enum(types, path, *variants):
    """An enum of (name, index, fields), each field a (name, type)."""
    made = [VariantOf(name, index, tuple(Field(*field) for field in fields)) for name, index, fields in variants]
    return types.add(Variant(tuple(made)), *path.split("::"))


def mini_parts():
    """The arguments of a small runtime's Metadata: two pallets, every kind of storage, five extensions."""
    types = Types()
    u8, u32, u128, text = (types.primitive(PrimitiveKind[name]) for name in ("U8", "U32", "U128", "STR"))
    unit, raw = types.add(TupleOf(())), types.add(SequenceOf(u8))
    h256, account = types.add(ArrayOf(32, u8), "primitive_types", "H256"), types.add(ArrayOf(32, u8), "AccountId32")
    nonce, tip = types.add(CompactOf(u32)), types.add(CompactOf(u128))
    signature64 = types.add(ArrayOf(64, u8))
    system_calls = enum(types, "system::Call", ("remark", 0, [("remark", raw)]), ("noop", 3, []))
    bank_calls = enum(types, "bank::Call", ("pay", 1, [("to", account), ("planck", tip)]))
    event = enum(types, "bank::Event", ("Paid", 0, [("to", account), ("planck", u128)]))
    error = enum(types, "bank::Error", ("TooPoor", 0, []), ("Closed", 7, []))
    call = enum(types, "RuntimeCall", ("System", 0, [(None, system_calls)]), ("Bank", 6, [(None, bank_calls)]))
    events = enum(types, "RuntimeEvent", ("Bank", 6, [(None, event)]))
    errors = enum(types, "RuntimeError", ("Bank", 6, [(None, error)]))
    eras = [("Immortal", 0, []), *[(f"Mortal{byte}", byte, [(None, u8)]) for byte in range(1, 256)]]
    era = enum(types, "sp_runtime::generic::era::Era", *eras)
    signature = enum(
        types, "MultiSignature", ("Ed25519", 0, [(None, signature64)]), ("Sr25519", 1, [(None, signature64)])
    )
    address = enum(types, "MultiAddress", ("Id", 0, [(None, account)]), ("Index", 1, [(None, nonce)]))
    extensions = (
        SignedExtension("CheckSpecVersion", unit, u32),
        SignedExtension("CheckGenesis", unit, h256),
        SignedExtension("CheckMortality", era, h256),
        SignedExtension("CheckNonce", nonce, unit),
        SignedExtension("ChargeTransactionPayment", tip, unit),
        SignedExtension("CheckWeight", unit, unit),
    )
    extra = types.add(TupleOf(tuple(extension.extra for extension in extensions)))
    params = {"Address": address, "Call": call, "Signature": signature, "Extra": extra}
    types.types.append(
        Type(
            ("sp_runtime", "UncheckedExtrinsic"),
            tuple(TypeParam(name, type_id) for name, type_id in params.items()),
            Composite((Field(None, raw),)),
        )
    )
    extrinsic = len(types.types) - 1
    runtime = types.add(Composite(()), "mini", "Runtime")
    pair = types.add(TupleOf((u32, account)))
    system = Storage(
        "System",
        (
            StorageEntry("Number", u32, default=b"\7\0\0\0", docs=("The block.",)),
            StorageEntry("Events", raw, optional=True),
        ),
    )
    bank = Storage(
        "Vault",
        (
            StorageEntry("Balance", u128, account, (Hasher.BLAKE2_128_CONCAT,), default=bytes(16)),
            StorageEntry("Pairs", text, pair, (Hasher.TWOX_64_CONCAT, Hasher.IDENTITY), optional=True),
            StorageEntry("Whole", u8, pair, (Hasher.TWOX_64_CONCAT,), optional=True),
            StorageEntry("Hidden", u8, account, (Hasher.BLAKE2_256,), optional=True),
        ),
    )
    deposit = Constant("Deposit", u128, (10**10).to_bytes(16, "little"), ("The least that is kept.",))
    return {
        "registry": types.registry(),
        "pallets": (
            Pallet("System", 0, system, system_calls),
            Pallet("Bank", 6, bank, bank_calls, event, error, (deposit,)),
        ),
        "extrinsic": ExtrinsicFormat(4, address, call, signature, extra, extensions, extrinsic),
        "runtime": runtime,
        "apis": (RuntimeApi("Core", (ApiMethod("version", (ApiInput("at", u32),), text, ("Which.",)),), ("Core.",)),),
        "outer": OuterEnums(call, events, errors),
        "custom": (CustomValue("motto", text, b"\x08hi"),),
    }


def mini_metadata(**changed):
    """The small runtime, with some arguments of Metadata changed."""
    return Metadata(**(mini_parts() | changed))


def registry_with(registry, *more):
    """A registry with types behind its own."""
    return Registry([*registry, *more])
