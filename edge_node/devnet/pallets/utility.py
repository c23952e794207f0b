"""Utility as clients see it: several calls in one extrinsic (Substrate, pallet_utility)."""

from edge_node.devnet.pallets.shape import ConstantShape, Pallet, calls, errors, events

BATCH_MAX = 10_922

PALLET = Pallet(
    name="Utility",
    index=1,
    crate="pallet_utility",
    calls=calls("""
        0 batch(calls: Vec<RuntimeCall>)
        1 as_derivative(index: u16, call: RuntimeCall)
        2 batch_all(calls: Vec<RuntimeCall>)
        4 force_batch(calls: Vec<RuntimeCall>)
    """),
    unsupported=frozenset({"as_derivative"}),
    events=events("""
        BatchInterrupted{index: u32, error: DispatchError}
        BatchCompleted
        BatchCompletedWithErrors
        ItemCompleted
        ItemFailed{error: DispatchError}
        DispatchedAs{result: Result<(), DispatchError>}
    """),
    errors=errors("TooManyCalls"),
    constants=(ConstantShape("batched_calls_limit", "u32", BATCH_MAX),),
)
