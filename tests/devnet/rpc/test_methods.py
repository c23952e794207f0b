"""The list of all methods."""

import re

from edge_node.devnet.rpc.methods import ENDS, METHODS, NAMES, TOPICS
from tests.devnet.rpc.desk import serving

# What the clients ask for that are named in the references, each as it was seen.
WANTED = frozenset(
    """
    author_pendingExtrinsics author_submitAndWatchExtrinsic author_submitExtrinsic author_unwatchExtrinsic
    account_nextIndex chain_getBlock chain_getBlockHash chain_getFinalizedHead chain_getHead chain_getHeader
    chain_subscribeAllHeads chain_subscribeFinalizedHeads chain_subscribeNewHeads chain_unsubscribeFinalizedHeads
    chain_unsubscribeNewHeads grandpa_proveFinality grandpa_subscribeJustifications grandpa_unsubscribeJustifications
    payment_queryInfo rpc_methods state_call state_getChildReadProof state_getKeysPaged state_getMetadata state_getPairs
    state_getReadProof state_getRuntimeVersion state_getStorage state_getStorageAt state_queryStorageAt
    state_subscribeRuntimeVersion state_subscribeStorage state_unsubscribeRuntimeVersion state_unsubscribeStorage
    system_accountNextIndex system_chain system_chainType system_health system_localPeerId system_name
    system_properties system_version
    """.split()  # noqa: SIM905 (forty names read better so)
)


async def test_they_are_all_listed():
    """Clients build what they offer from this list: subscriptions and what ends them stand in it."""
    async with serving() as desk:
        listed = (await desk.ask("rpc_methods"))["methods"]
        assert set(listed) >= WANTED
        assert listed == NAMES == sorted({*METHODS, *TOPICS, *ENDS})


def test_no_name_has_two_meanings():
    """A method is no subscription."""
    assert not METHODS.keys() & TOPICS.keys()
    assert not ENDS.keys() & (METHODS.keys() | TOPICS.keys())
    assert all(re.fullmatch(r"[a-z]+(?:_[a-z]+)?_[A-Za-z]+", name) for name in NAMES)
