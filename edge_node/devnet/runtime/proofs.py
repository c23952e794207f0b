"""What a node answers of finality: warp proofs and the proofs of `grandpa_proveFinality` (Substrate's generators)."""

from collections.abc import Iterable

from edge_node.base.errors import Refusal
from edge_node.base.ids import Hash256
from edge_node.chain_light.authority_changes import Scheduled, set_change_of
from edge_node.chain_light.header import encode_header
from edge_node.devnet.errors import DevnetError
from edge_node.devnet.runtime.chain import Chain, Finality
from edge_node.wire.scale import blob, compact

UNKNOWN_HEADERS_MAX = 100_000  # where real nodes cut them off


class NotYetFinal(DevnetError, Refusal):
    """A block was to be proved final that is not."""

    slug = "not-yet-final"
    status = 409
    remedy = "Wait until the chain finalizes it."

    def __init__(self, number: int, final: int) -> None:
        self.number, self.final = number, final
        super().__init__(f"block {number} is not final yet, {final} is the last that is")


def finality_proof(chain: Chain, number: int) -> bytes | None:
    """The proof that block `number` is final, by a block from it on: SCALE of hash, justification, headers between.

    A block of a past set is proved by that set's last block, one of the current set by its newest justification. None
    where there is none, as for genesis alone; NotYetFinal.
    """
    if number > chain.final.number:
        raise NotYetFinal(number, chain.final.number)
    proving = _first_from(chain.hand_overs, number)
    if proving is None:
        proving = chain.final.number
    finality = chain.finalities.get(proving)
    if finality is None:
        return None
    last = min(proving, number + UNKNOWN_HEADERS_MAX)
    headers = [encode_header(chain.block_at(height).header) for height in range(number + 1, last + 1)]
    return finality.hash + blob(finality.justification) + compact(len(headers)) + b"".join(headers)


def warp_proof(chain: Chain, start: Hash256) -> bytes:
    """Fragments from the block `start` to the newest final one, and that these are all: SCALE.

    A set whose last block does not itself announce the next one, as with a delay, ends the proof there: it is then
    not finished, as with real nodes. NoSuchBlock for an unknown start.
    """
    number = chain.block(start).number
    fragments, finished = list[bytes](), True
    for height in chain.hand_overs:
        if height > number:
            if not isinstance(set_change_of(chain.block_at(height).header), Scheduled):
                finished = False
                break
            fragments.append(_fragment(chain, chain.finalities[height]))
            number = height
    newest = chain.finalities.get(chain.final.number)
    if finished and newest is not None and newest.number > number:
        fragments.append(_fragment(chain, newest))
    return compact(len(fragments)) + b"".join(fragments) + bytes((finished,))


def _fragment(chain: Chain, finality: Finality) -> bytes:
    return encode_header(chain.block_at(finality.number).header) + finality.justification


def _first_from(heights: Iterable[int], number: int) -> int | None:
    return next((height for height in heights if height >= number), None)
