"""Types that no pallet owns: accounts, addresses, hashes, weights and the errors of dispatch (Substrate, Cere)."""

from collections.abc import Mapping

from edge_node.devnet.pallets.shape import Alias, Arm, Enum, FieldShape, TypeShape, enum, struct


def _era() -> Enum:
    """Immortal, then 255 variants for the first byte of a mortal era; each holds its second byte."""
    mortal = (Arm(f"Mortal{first}", first, (FieldShape(None, "u8"),)) for first in range(1, 256))
    return Enum("sp_runtime::generic::era::Era", (Arm("Immortal", 0), *mortal))


TYPES: Mapping[str, TypeShape] = {
    "AccountId": struct("sp_core::crypto::AccountId32", "[u8; 32]"),
    "H256": struct("primitive_types::H256", "[u8; 32]"),
    "H160": struct("primitive_types::H160", "[u8; 20]"),
    "Balance": Alias("u128"),
    "BlockNumber": Alias("u32"),
    "Nonce": Alias("u32"),
    "MultiAddress": enum(
        "sp_runtime::multiaddress::MultiAddress",
        "Id(AccountId), Index(Compact<u32>), Raw(Vec<u8>), Address32([u8; 32]), Address20([u8; 20])",
        params="AccountId: AccountId, AccountIndex: u32",
    ),
    "MultiSignature": enum("sp_runtime::MultiSignature", "Ed25519([u8; 64]), Sr25519([u8; 64]), Ecdsa([u8; 65])"),
    "Era": _era(),
    "Perquintill": struct("sp_arithmetic::per_things::Perquintill", "u64"),
    "Weight": struct("sp_weights::weight_v2::Weight", "ref_time: Compact<u64>, proof_size: Compact<u64>"),
    "DispatchClass": enum("frame_support::dispatch::DispatchClass", "Normal, Operational, Mandatory"),
    "Pays": enum("frame_support::dispatch::Pays", "Yes, No"),
    "DispatchEventInfo": struct(
        "frame_system::DispatchEventInfo", "weight: Weight, class: DispatchClass, pays_fee: Pays"
    ),
    "ModuleError": struct("sp_runtime::ModuleError", "index: u8, error: [u8; 4]"),
    "TokenError": enum(
        "sp_runtime::TokenError",
        "FundsUnavailable, OnlyProvider, BelowMinimum, CannotCreate, UnknownAsset, Frozen, Unsupported,"
        " CannotCreateHold, NotExpendable, Blocked",
    ),
    "ArithmeticError": enum("sp_arithmetic::ArithmeticError", "Underflow, Overflow, DivisionByZero"),
    "TransactionalError": enum("sp_runtime::TransactionalError", "LimitReached, NoLayer"),
    "TrieError": enum("sp_runtime::proving_trie::TrieError", "InvalidStateRoot, IncompleteDatabase, DecodeError"),
    "DispatchError": enum(
        "sp_runtime::DispatchError",
        "Other, CannotLookup, BadOrigin, Module(ModuleError), ConsumerRemaining, NoProviders, TooManyConsumers,"
        " Token(TokenError), Arithmetic(ArithmeticError), Transactional(TransactionalError), Exhausted, Corruption,"
        " Unavailable, RootNotAllowed, Trie(TrieError)",
    ),
    "DigestItem": Enum(
        "sp_runtime::generic::digest::DigestItem",
        (
            Arm("Other", 0, (FieldShape(None, "Vec<u8>"),)),
            *(
                Arm(name, index, (FieldShape(None, "[u8; 4]"), FieldShape(None, "Vec<u8>")))
                for name, index in (("Consensus", 4), ("Seal", 5), ("PreRuntime", 6))
            ),
            Arm("RuntimeEnvironmentUpdated", 8),
        ),
    ),
    "Digest": struct("sp_runtime::generic::digest::Digest", "logs: Vec<DigestItem>"),
}
