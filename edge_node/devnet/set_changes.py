"""Which authorities follow which on a development chain, and whether a change may be announced now. Pure."""

from collections.abc import Sequence

from edge_node.base.errors import Refusal
from edge_node.chain_light.grandpa import Authority
from edge_node.chain_light.storage_key import storage_key
from edge_node.devnet.errors import DevnetError
from edge_node.devnet.runtime import Chain, Validator

_ORDERED_MAX = 3


class ChangeUnderWay(DevnetError, Refusal):
    """A change of authorities was announced and is not in force yet: a chain has one at a time."""

    slug = "change-under-way"
    status = 409
    remedy = "Wait until the blocks of its delay are written."

    def __init__(self) -> None:
        super().__init__("another change of authorities is under way")


def rotated(validators: Sequence[Validator], turn: int) -> tuple[Authority, ...]:
    """The set of one turn: all but one, whose turn it is to rest; of three and fewer, all in another order.

    Without one of four the three others must all vote, so their set is one that can still finalize.
    """
    count = len(validators)
    place = turn % count
    if count > _ORDERED_MAX:
        chosen = [one for number, one in enumerate(validators) if number != place]
    else:
        chosen = [*validators[place:], *validators[:place]]
    return tuple(one.authority for one in chosen)


def is_free(chain: Chain) -> bool:
    """Whether the next block may announce a change: none is ordered, and the state of the head has none pending."""
    pending = chain.head.state.get(storage_key(chain.form.item("Grandpa", "PendingChange")))
    return pending is None and not chain.has_orders


def require_free(chain: Chain) -> None:
    """ChangeUnderWay unless the next block may announce a change."""
    if not is_free(chain):
        raise ChangeUnderWay
