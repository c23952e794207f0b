"""`grandpa_*`: finality proved, and justifications as they are made."""

from collections.abc import Mapping
from typing import Final

from edge_node.base.offload import offload
from edge_node.devnet.rpc.method import Method, Topic
from edge_node.devnet.rpc.params import number, to_hex
from edge_node.devnet.rpc.served import Served
from edge_node.devnet.rpc.subscriptions import JUSTIFICATIONS, Subscription
from edge_node.devnet.runtime import finality_proof


async def prove_finality(served: Served, height: int) -> object:
    """The proof that a block is final; null where there is none. With thousands of headers in it, not on the loop."""
    chain = served.service.chain
    if chain.final.number - height > INLINE_HEADERS_MAX:
        proof = await offload(finality_proof, chain, height)
    else:
        proof = finality_proof(chain, height)
    return None if proof is None else to_hex(proof)


INLINE_HEADERS_MAX: Final = 512  # a millisecond or two


def round_state(served: Served) -> object:
    """Who votes now; this chain's rounds end as they begin."""
    voters = served.service.chain.voters.current
    weight = sum(one.weight for one in voters.authorities)
    votes = {"currentWeight": weight, "missing": []}
    best = {
        "round": 1,
        "totalWeight": weight,
        "thresholdWeight": weight - (weight - 1) // 3,
        "prevotes": votes,
        "precommits": votes,
    }
    return {"setId": voters.id, "best": best, "background": []}


def _begin(served: Served, subscription: Subscription) -> None:
    served.board.join(subscription)


METHODS: Final[Mapping[str, Method]] = {
    "grandpa_proveFinality": Method(prove_finality, (number,)),
    "grandpa_roundState": Method(round_state),
}
TOPICS: Final[Mapping[str, Topic]] = {
    "grandpa_subscribeJustifications": Topic(JUSTIFICATIONS, _begin, ("grandpa_unsubscribeJustifications",)),
}
