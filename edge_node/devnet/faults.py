"""How an endpoint can lie: a table from each lie to the answers it changes and how. Pure.

Faults of the chain itself (finality withheld, blocks stopped, forged finality) are ChainService's; these are one
server's, so that of two servers of one chain one can be honest.
"""

import enum
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from edge_node.base.errors import LocalError
from edge_node.base.limits import MIB
from edge_node.devnet.errors import DevnetError

HUGE_BYTES: Final = 20 * MIB  # above what a client reads
SLOW_S: Final = 2.0


class NoSuchLie(DevnetError, LocalError):
    """No lie has this name."""

    slug = "no-such-lie"

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"no lie {name[:40]!r}: there are {', '.join(Lie)}")


class Lie(enum.StrEnum):
    """What an endpoint can do wrong."""

    WRONG_PROOF = "wrong-proof"
    """A byte of a proof's last node is another."""
    SHORT_PROOF = "short-proof"
    """A proof's last node is left out."""
    WRONG_VALUE = "wrong-value"
    """What is answered without a proof is not what the proof shows."""
    OTHER_GENESIS = "other-genesis"
    """The hash of block 0 is another chain's."""
    WRONG_HEADER = "wrong-header"
    """A header is not that of the hash that was asked for."""
    STALE_HEAD = "stale-head"
    """Heads stay where they were, and nothing new is told."""
    FORGED_VOTE = "forged-vote"
    """A vote in a justification has a wrong signature."""
    NO_FINALITY = "no-finality"
    """There is no finality proof, whatever is asked."""
    PERMUTED_METADATA = "permuted-metadata"
    """Calls and fields of the metadata have changed places."""
    HUGE = "huge"
    """Answers are too large to read."""
    SILENT = "silent"
    """Nothing is answered or told."""
    SLOW = "slow"
    """Answers come late: 2 s, or as many as are given."""
    HANGS_UP = "hangs-up"
    """The connection ends at the next request."""


class Twist(NamedTuple):
    """The methods whose results one lie changes, none for all; and how, by parameters and result."""

    methods: frozenset[str]
    change: Callable[[Sequence[Any], Any], Any]


def _flip(text: str, place: int) -> str:
    """Hex with one bit of the byte at `place` turned."""
    raw = bytearray.fromhex(text.removeprefix("0x"))
    raw[place] ^= 1
    return f"0x{raw.hex()}"


def _wrong_proof(_: Sequence[Any], answer: Any) -> Any:
    return answer | {"proof": [*answer["proof"][:-1], _flip(answer["proof"][-1], -1)]}


def _short_proof(_: Sequence[Any], answer: Any) -> Any:
    return answer | {"proof": answer["proof"][:-1]}


def _wrong_value(_: Sequence[Any], answer: Any) -> Any:
    return _flip(answer, 0) if isinstance(answer, str) and len(answer) > len("0x") else "0x01"


def _other_genesis(params: Sequence[Any], answer: Any) -> Any:
    asked = params[0] if params else None
    if isinstance(asked, list) and isinstance(answer, list):
        return [_flip(one, 0) if number in (0, "0x0") else one for number, one in zip(asked, answer, strict=True)]
    return _flip(answer, 0) if asked in (0, "0x0") and not isinstance(asked, bool) else answer


def _wrong_header(_: Sequence[Any], answer: Any) -> Any:
    return answer if answer is None else answer | {"stateRoot": _flip(answer["stateRoot"], 0)}


# In a justification the first vote's signature is at 81 to 145, in a finality proof some 34 bytes later: both have 130.
_IN_SIGNATURE: Final = 130


def _forged_vote(_: Sequence[Any], answer: Any) -> Any:
    return answer if answer is None else _flip(answer, _IN_SIGNATURE)


_PROOFS: Final = frozenset(("state_getReadProof", "state_getChildReadProof"))
TWISTS: Final[Mapping[Lie, Twist]] = {
    Lie.WRONG_PROOF: Twist(_PROOFS, _wrong_proof),
    Lie.SHORT_PROOF: Twist(_PROOFS, _short_proof),
    Lie.WRONG_VALUE: Twist(frozenset(("state_getStorage", "state_getStorageAt")), _wrong_value),
    Lie.OTHER_GENESIS: Twist(frozenset(("chain_getBlockHash", "chain_getHead")), _other_genesis),
    Lie.WRONG_HEADER: Twist(frozenset(("chain_getHeader",)), _wrong_header),
    Lie.FORGED_VOTE: Twist(frozenset(("grandpa_proveFinality", "grandpa_justifications")), _forged_vote),
    Lie.NO_FINALITY: Twist(frozenset(("grandpa_proveFinality",)), lambda _params, _answer: None),
    Lie.HUGE: Twist(frozenset(), lambda _params, _answer: "0x" + "00" * HUGE_BYTES),
}


class Lies:
    """What one server lies about at the moment; each lie with a number that some of them take."""

    def __init__(self) -> None:
        self.told: dict[Lie, float | None] = {}

    def tell(self, name: str, much: float | None = None) -> None:
        """Begin a lie; NoSuchLie."""
        try:
            self.told[Lie(name)] = much
        except ValueError:
            raise NoSuchLie(name) from None

    def stop(self, name: str | None = None) -> None:
        """End a lie, or all of them; NoSuchLie."""
        if name is None:
            self.told.clear()
        elif name in list(Lie):
            self.told.pop(Lie(name), None)
        else:
            raise NoSuchLie(name)

    def twist(self, method: str, params: Sequence[Any], answer: Any) -> Any:
        """A result as it is told."""
        for lie in self.told:
            twist = TWISTS.get(lie)
            if twist is not None and (method in twist.methods or not twist.methods):
                answer = twist.change(params, answer)
        return answer

    @property
    def deaf(self) -> bool:
        """Whether nothing new is told to who subscribed."""
        return Lie.SILENT in self.told or Lie.STALE_HEAD in self.told

    @property
    def delay_s(self) -> float:
        """How late an answer comes."""
        if Lie.SLOW not in self.told:
            return 0.0
        much = self.told[Lie.SLOW]
        return SLOW_S if much is None else much
