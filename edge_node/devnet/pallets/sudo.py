"""Sudo as clients see it: one account that may call as root (Substrate, pallet_sudo)."""

from edge_node.devnet.pallets.shape import Pallet, calls, errors, events, storage

PALLET = Pallet(
    name="Sudo",
    index=14,
    crate="pallet_sudo",
    calls=calls("""
        0 sudo(call: RuntimeCall)
        1 sudo_unchecked_weight(call: RuntimeCall, weight: Weight)
        2 set_key(new: MultiAddress)
        3 sudo_as(who: MultiAddress, call: RuntimeCall)
        4 remove_key()
    """),
    storage=storage("Key: Option<AccountId>"),
    events=events("""
        Sudid{sudo_result: Result<(), DispatchError>}
        KeyChanged{old: Option<AccountId>, new: AccountId}
        KeyRemoved
        SudoAsDone{sudo_result: Result<(), DispatchError>}
    """),
    errors=errors("RequireSudo"),
)
