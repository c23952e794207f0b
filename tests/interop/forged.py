"""Warp proofs in which one fragment is not what it should be."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from edge_node.base.ids import Hash256, Signature
from edge_node.chain_light.authority_changes import Scheduled, change_item
from edge_node.chain_light.grandpa import Justification, Precommit, decode_justification, vote_message
from edge_node.chain_light.header import GRANDPA, Header, encode_header, hash_header, read_header
from edge_node.chain_light.justification import encode_justification, read_justification
from edge_node.devnet.runtime import Chain
from edge_node.trust.keys import SigningKey
from edge_node.wire.scale import Scale, compact
from tests.interop.judged import SET_SIZE, order, voter


@dataclass(frozen=True)
class Fragment:
    """One step of a warp."""

    header: Header
    justification: Justification


def fragments_of(proof: bytes) -> list[Fragment]:
    """The steps of a proof."""
    scale = Scale(proof)
    return [Fragment(read_header(scale), read_justification(scale)) for _ in range(scale.compact())]


def proof_of(fragments: Sequence[Fragment], *, finished: bool = True) -> bytes:
    """The bytes of such steps."""
    parts = [encode_header(one.header) + encode_justification(one.justification) for one in fragments]
    return compact(len(parts)) + b"".join(parts) + bytes((finished,))


def signed(header: Header, keys: Sequence[SigningKey], set_id: int, round_number: int = 1) -> Fragment:
    """A step for this block, voted for by whoever has these keys."""
    target = hash_header(header)
    message = vote_message(target, header.number, round_number, set_id)
    votes = tuple(Precommit(target, header.number, key.sign(message), key.public) for key in keys)
    return Fragment(header, Justification(round_number, target, header.number, votes))


def keys_of_set(number: int) -> list[SigningKey]:
    """Who votes in a set that a change led to."""
    return [voter(SET_SIZE * number + place) for place in range(SET_SIZE)]


def _votes(fragment: Fragment, votes: Sequence[Precommit]) -> Fragment:
    return replace(fragment, justification=replace(fragment.justification, precommits=tuple(votes)))


def _flipped(vote: Precommit) -> Precommit:
    return vote._replace(signature=Signature(bytes((vote.signature[0] ^ 1,)) + vote.signature[1:]))


Forgery = Callable[[Chain, Fragment, int], list[Fragment]]
"""Of the chain, the step that should stand there and the id of the set that signed it: what stands there instead."""


def too_few(chain: Chain, fragment: Fragment, set_id: int) -> list[Fragment]:
    """Two of four."""
    return [_votes(fragment, fragment.justification.precommits[:2])]


def flipped_bit(chain: Chain, fragment: Fragment, set_id: int) -> list[Fragment]:
    """Three of four, one of whom did not sign this."""
    first, *others = fragment.justification.precommits[:3]
    return [_votes(fragment, [_flipped(first), *others])]


def one_votes_often(chain: Chain, fragment: Fragment, set_id: int) -> list[Fragment]:
    """Four votes of one voter."""
    return [_votes(fragment, fragment.justification.precommits[:1] * 4)]


def other_set_id(chain: Chain, fragment: Fragment, set_id: int) -> list[Fragment]:
    """The right voters, in the name of the set after theirs."""
    return [signed(fragment.header, keys_of_set(set_id), set_id + 1)]


def strangers(chain: Chain, fragment: Fragment, set_id: int) -> list[Fragment]:
    """Voters of the next set, who have no say yet."""
    return [signed(fragment.header, keys_of_set(set_id + 1), set_id)]


def other_state(chain: Chain, fragment: Fragment, set_id: int) -> list[Fragment]:
    """The votes are for another block than the one that is shown."""
    return [replace(fragment, header=replace(fragment.header, state_root=Hash256(b"\x66" * 32)))]


def own_successors(chain: Chain, fragment: Fragment, set_id: int) -> list[Fragment]:
    """A block that hands over to who made it, voted for by them."""
    change = change_item(Scheduled(order(90).authorities, 0))
    digest = tuple(change if item.engine == GRANDPA else item for item in fragment.header.digest)
    return [signed(replace(fragment.header, digest=digest), keys_of_set(90), set_id)]


def no_change(chain: Chain, fragment: Fragment, set_id: int) -> list[Fragment]:
    """The block before, which hands over to nobody, truly voted for."""
    before = chain.block_at(fragment.header.number - 1).header
    return [signed(before, keys_of_set(set_id), set_id), fragment]


def again(chain: Chain, fragment: Fragment, set_id: int) -> list[Fragment]:
    """The step before, once more."""
    finality = chain.finalities[chain.hand_overs[set_id - 1]]
    return [Fragment(chain.block_at(finality.number).header, decode_justification(finality.justification)), fragment]


def left_out(chain: Chain, fragment: Fragment, set_id: int) -> list[Fragment]:
    """Nothing: the next step is voted for by a set that nobody has announced."""
    return []


def beside_enough(what: str) -> Forgery:
    """Three true votes of four, and what is no vote beside them."""

    def forgery(chain: Chain, fragment: Fragment, set_id: int) -> list[Fragment]:
        votes = fragment.justification.precommits
        others = {
            "invalid": _flipped(votes[3]),
            "stranger": signed(fragment.header, keys_of_set(80), set_id).justification.precommits[0],
            "twice": votes[0],
        }
        return [_votes(fragment, [*votes[:3], others[what]])]

    return forgery


def ahead_of(chain: Chain, fragment: Fragment, set_id: int) -> list[Fragment]:
    """Three votes, the first for the second block after, which comes with the headers that lead there: no forgery."""
    number = fragment.header.number
    headers = tuple(chain.block_at(height).header for height in (number + 1, number + 2))
    (first,) = signed(headers[-1], keys_of_set(set_id)[:1], set_id).justification.precommits
    others = signed(fragment.header, keys_of_set(set_id)[1:3], set_id).justification
    return [Fragment(fragment.header, replace(others, precommits=(first, *others.precommits), ancestries=headers))]


FORGERIES: tuple[Forgery, ...] = (
    too_few,
    flipped_bit,
    one_votes_often,
    other_set_id,
    strangers,
    other_state,
    own_successors,
    no_change,
    again,
    left_out,
)


def forge(chain: Chain, proof: bytes, place: int, forgery: Forgery) -> bytes:
    """The proof of the whole chain with the step at `place`, above 0, replaced."""
    steps = fragments_of(proof)
    return proof_of([*steps[:place], *forgery(chain, steps[place], place), *steps[place + 1 :]])
