"""JSON-RPC 2.0 as a chain's endpoints speak it: calls and batches out; answers, refusals and notices in.

Whose an answer is shows in its id alone, never in its place; results stay unread until somebody knows what they are.
"""

from collections.abc import Sequence
from typing import Annotated, Final, Literal, NamedTuple, TypeAlias

import msgspec

from edge_node.base.limits import MIB
from edge_node.chain_light.source_errors import (
    AnswerTooLarge,
    EndpointRefused,
    EndpointUnavailable,
    MalformedAnswer,
    MethodMissing,
    tamed,
)
from edge_node.wire.json_depth import nests_within

MESSAGE_MAX_BYTES: Final = 16 * MIB  # a finality proof of 9,700 headers is 6.4 MB as hex
DEPTH_MAX: Final = 16  # a block's digest, in a batch, stands 7 deep; metadata and proofs are flat
BATCH_MAX: Final = 64  # calls of ours in one message, so also the answers in one
SUBSCRIPTION_ID_MAX: Final = 128  # nodes give 16 characters, or a number

_METHOD_UNKNOWN: Final = -32_601
_NO_BATCHES: Final = frozenset((-32_005, -32_010))  # batches are off, and: this one is too long
_DATA_MAX: Final = 1_024  # what an error adds to its message; a longer one is left out

Param: TypeAlias = int | str | Sequence["Param"] | None
Result: TypeAlias = msgspec.Raw
"""A result's own JSON, checked for its syntax and depth and for nothing else (chain_light/rpc_answers reads it)."""


class Call(NamedTuple):
    """A method and its parameters, in order."""

    method: str
    params: tuple[Param, ...] = ()


class Answer(NamedTuple):
    """What a call resulted in. An id that is text is none of ours."""

    id: int | str
    result: Result


class Refused(NamedTuple):
    """What a call was refused with; without an id it may be any call that is under way."""

    id: int | str | None
    code: int
    words: str

    @property
    def wants_no_batch(self) -> bool:
        """Whether the calls would be taken one by one."""
        return self.code in _NO_BATCHES

    def error(self, method: str) -> EndpointUnavailable:
        """What to raise where `method` was called."""
        if self.code == _METHOD_UNKNOWN:
            return MethodMissing(method)
        return EndpointRefused(method, self.code, self.words)


class Notice(NamedTuple):
    """What came for a subscription of this method's family; without a result it is the subscription's end."""

    method: str
    subscription: str
    result: Result | None


Frame: TypeAlias = Answer | Refused | Notice


class _Error(msgspec.Struct):
    code: Annotated[int, msgspec.Meta(ge=-(1 << 31), lt=1 << 31)]
    message: str = ""
    data: msgspec.Raw = msgspec.Raw()

    def words(self) -> str:
        """The message and, where it is a text of its own, what the endpoint adds."""
        more = bytes(self.data) if size_of(self.data) <= _DATA_MAX else b""
        return tamed(f"{self.message}: {_TEXT.decode(more)}" if more.startswith(b'"') else self.message)


class _Params(msgspec.Struct):
    subscription: int | str
    result: msgspec.Raw = msgspec.Raw()


class _Message(msgspec.Struct):
    jsonrpc: Literal["2.0"]
    id: int | str | None = None
    result: msgspec.Raw = msgspec.Raw()
    error: _Error | None = None
    method: str | None = None
    params: _Params | None = None


_TEXT: Final = msgspec.json.Decoder(str)
_ONE: Final = msgspec.json.Decoder(_Message)
_MANY: Final = msgspec.json.Decoder(Annotated[list[_Message], msgspec.Meta(min_length=1, max_length=BATCH_MAX)])


def encode_calls(first_id: int, calls: Sequence[Call]) -> str:
    """The message that makes `calls`, with ids from `first_id` on: an object for one call, a batch for more."""
    forms = [
        {"jsonrpc": "2.0", "id": number, "method": call.method, "params": call.params}
        for number, call in enumerate(calls, first_id)
    ]
    return msgspec.json.encode(forms if len(forms) > 1 else forms[0]).decode()


def size_of(result: Result) -> int:
    """How many bytes of JSON a result is."""
    return memoryview(result).nbytes


def read_message(raw: bytes) -> list[Frame]:
    """Everything that one message holds, in its order; MalformedAnswer, AnswerTooLarge.

    Members that nobody knows are not looked at, and an `error` that is null is none, as some proxies send it. Offload
    what is above 256 KiB.
    """
    if len(raw) > MESSAGE_MAX_BYTES:
        raise AnswerTooLarge("a message", MESSAGE_MAX_BYTES)
    try:
        messages = _MANY.decode(raw) if raw.lstrip()[:1] == b"[" else [_ONE.decode(raw)]
        if not nests_within(raw, DEPTH_MAX):
            raise MalformedAnswer(f"JSON nests deeper than {DEPTH_MAX}")
        return [_frame_of(message) for message in messages]
    except RecursionError:
        raise MalformedAnswer(f"JSON nests deeper than {DEPTH_MAX}") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as wrong:
        raise MalformedAnswer(f"no message of JSON-RPC: {wrong}") from None


def _frame_of(message: _Message) -> Frame:
    if message.method is not None:
        return _notice_of(message, message.method)
    if message.error is not None:
        return Refused(message.id, message.error.code, message.error.words())
    if message.id is None or not size_of(message.result):
        raise MalformedAnswer("a message has neither a method nor an id with a result")
    return Answer(message.id, message.result)


def _notice_of(message: _Message, method: str) -> Notice:
    if message.id is not None or message.params is None:
        raise MalformedAnswer("a message calls a method of ours, or notifies nobody")
    result = message.params.result if size_of(message.params.result) else None
    return Notice(method, subscription_text(message.params.subscription), result)


def subscription_text(value: int | str) -> str:
    """A subscription's id as it is compared; nodes give texts or numbers."""
    text = str(value)
    if len(text) > SUBSCRIPTION_ID_MAX:
        raise AnswerTooLarge("a subscription's id", SUBSCRIPTION_ID_MAX)
    return text
