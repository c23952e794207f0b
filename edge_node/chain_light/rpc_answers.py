"""Results of a Substrate node's methods as our types: the form is checked here, the truth by those who verify."""

import binascii
from typing import Annotated, Final, TypeVar

import msgspec

from edge_node.base.ids import Hash256, MalformedId
from edge_node.base.limits import KIB
from edge_node.chain_light.header import Header, header_of_json
from edge_node.chain_light.json_rpc import MESSAGE_MAX_BYTES, Result, subscription_text
from edge_node.chain_light.justification import JUSTIFICATION_BYTES_MAX
from edge_node.chain_light.metadata_scale import METADATA_BYTES_MAX
from edge_node.chain_light.source_errors import AnswerTooLarge, MalformedAnswer
from edge_node.chain_light.trie_proof import PROOF_ENTRIES_MAX

KEYS_PER_PAGE_MAX: Final = 1_000  # what nodes give at most in one page
STATE_KEY_MAX_BYTES: Final = 64 * KIB  # the longest that a pallet makes is a few hundred

_PIECE_CHARS: Final = 512 * KIB  # one call into C holds the interpreter: so much at a time
_T = TypeVar("_T")


class _ReadProof(msgspec.Struct):
    at: str
    proof: Annotated[list[str], msgspec.Meta(max_length=PROOF_ENTRIES_MAX)]


_TEXT: Final = msgspec.json.Decoder(str)
_TEXT_OR_NULL: Final = msgspec.json.Decoder(str | None)
_TEXTS: Final = msgspec.json.Decoder(list[str])
_TEXTS_OR_NULLS: Final = msgspec.json.Decoder(list[str | None])
_OBJECT_OR_NULL: Final = msgspec.json.Decoder(dict[str, object] | None)
_PROOF: Final = msgspec.json.Decoder(_ReadProof)
_SUBSCRIPTION: Final = msgspec.json.Decoder(int | str)


def hash_of(result: Result) -> Hash256:
    """A block's or an extrinsic's hash."""
    return _hash(_read(_TEXT, result))


def hashes_of(result: Result, count: int) -> list[Hash256 | None]:
    """One hash for each height that was asked for, null where the chain is not that high."""
    texts = _read(_TEXTS_OR_NULLS, result)
    if len(texts) != count:
        raise MalformedAnswer(f"{len(texts)} hashes for {count} heights")
    return [None if text is None else _hash(text) for text in texts]


def bytes_of(result: Result) -> bytes | None:
    """A value as hex, null where there is none; AnswerTooLarge and MalformedAnswer as everywhere here."""
    text = _read(_TEXT_OR_NULL, result)
    return None if text is None else unhex(text, MESSAGE_MAX_BYTES)


def metadata_of(result: Result) -> bytes:
    """A runtime's metadata, not yet read."""
    return unhex(_read(_TEXT, result), METADATA_BYTES_MAX)


def header_of(result: Result) -> Header | None:
    """A header, null where the endpoint has no such block; MalformedHeader too."""
    members = _read(_OBJECT_OR_NULL, result)
    return None if members is None else header_of_json(members)


def new_justification_of(result: Result) -> bytes:
    """The justification of a notice (SCALE)."""
    return unhex(_read(_TEXT, result), JUSTIFICATION_BYTES_MAX)


def proof_of(result: Result, block: Hash256) -> list[bytes]:
    """The trie nodes of a read proof, which says the block that it is of."""
    proof = _read(_PROOF, result)
    if _hash(proof.at) != block:
        raise MalformedAnswer("a proof of another block than was asked for")
    return [unhex(text, MESSAGE_MAX_BYTES) for text in proof.proof]


def keys_of(result: Result, prefix: bytes, after: bytes | None, count: int) -> list[bytes]:
    """A page of keys: under the prefix, ascending, and no more than were asked for."""
    keys = [unhex(text, STATE_KEY_MAX_BYTES) for text in _read(_TEXTS, result)]
    last = after if after is not None else b""
    if len(keys) > count:
        raise MalformedAnswer(f"{len(keys)} keys, where {count} were asked for")
    for number, key in enumerate(keys):
        if not key.startswith(prefix) or (key <= last and (number or after is not None)):
            raise MalformedAnswer("keys that are not under the prefix, or not in order")
        last = key
    return keys


def subscription_of(result: Result) -> str:
    """The id of a subscription that was begun."""
    return subscription_text(_read(_SUBSCRIPTION, result))


def unhex(text: str, most: int) -> bytes:
    """The bytes of hex with `0x`, in either case; AnswerTooLarge above `most` bytes."""
    if not text.startswith("0x"):
        raise MalformedAnswer("bytes are not written as hex with 0x")
    if len(text) > 2 * most + 2:
        raise AnswerTooLarge("a value", most)
    try:
        if len(text) <= _PIECE_CHARS:
            return binascii.unhexlify(text[2:])
        return b"".join(binascii.unhexlify(text[at : at + _PIECE_CHARS]) for at in range(2, len(text), _PIECE_CHARS))
    except ValueError:
        raise MalformedAnswer("bytes are not hex, two digits each") from None


def _hash(text: str) -> Hash256:
    try:
        return Hash256(unhex(text, Hash256.size))
    except MalformedId as wrong:
        raise MalformedAnswer(str(wrong)) from None


def _read(decoder: msgspec.json.Decoder[_T], result: Result) -> _T:
    try:
        return decoder.decode(result)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as wrong:
        raise MalformedAnswer(f"a result has not its form: {wrong}") from None
