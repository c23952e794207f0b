"""JSON-RPC 2.0 as nodes of Substrate chains speak it: requests read within bounds, answers and errors written."""

from typing import Any, Final, NamedTuple

import msgspec

from edge_node.devnet.errors import DevnetError
from edge_node.wire.json_depth import nests_within

DEPTH_MAX: Final = 16  # a request nests four deep
BATCH_MAX: Final = 128
PARSE_ERROR, INVALID_REQUEST, NO_SUCH_METHOD, INVALID_PARAMS, INTERNAL_ERROR = (
    -32_700,
    -32_600,
    -32_601,
    -32_602,
    -32_603,
)

_encode = msgspec.json.Encoder().encode


class RpcError(DevnetError):
    """What a request is answered with instead of a result: JSON-RPC's code and words, and perhaps data."""

    slug = "rpc-error"

    def __init__(self, code: int, message: str, data: str | None = None) -> None:
        self.code, self.message, self.data = code, message, data
        super().__init__(f"{code} {message}")

    def to_json(self) -> dict[str, object]:
        """The `error` member."""
        value: dict[str, object] = {"code": self.code, "message": self.message}
        return value if self.data is None else value | {"data": self.data}


class Request(NamedTuple):
    """One request: `params` by position; `id` as it came. `silent` for a notification, which is not answered."""

    id: str | int | None
    method: str
    params: list[Any]
    silent: bool


class BadRequest(NamedTuple):
    """What came in the place of a request, and how it is answered."""

    id: str | int | None
    error: RpcError


Asked = Request | BadRequest


def read_message(text: str | bytes) -> tuple[list[Asked], bool]:
    """The requests in a message, and whether they came as a batch; what is none stands there as a BadRequest."""
    raw = text.encode() if isinstance(text, str) else text
    try:
        value = msgspec.json.decode(raw)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError, ValueError):
        return [BadRequest(None, RpcError(PARSE_ERROR, "Parse error"))], False
    if not nests_within(raw, DEPTH_MAX):
        return [BadRequest(None, RpcError(INVALID_REQUEST, "Invalid request", "it nests too deep"))], False
    if not isinstance(value, list):
        return [_read(value)], False
    if not 0 < len(value) <= BATCH_MAX:
        why = f"a batch has 1 to {BATCH_MAX} requests"
        return [BadRequest(None, RpcError(INVALID_REQUEST, "Invalid request", why))], False
    return [_read(one) for one in value], True


def write_result(id_: str | int | None, result: object) -> bytes:
    """The answer with a result, which may be `msgspec.Raw`."""
    return _encode({"jsonrpc": "2.0", "id": id_, "result": result})


def write_error(id_: str | int | None, error: RpcError) -> bytes:
    """The answer with an error."""
    return _encode({"jsonrpc": "2.0", "id": id_, "error": error.to_json()})


def write_batch(answers: list[bytes]) -> bytes:
    """The answers of a batch as one message."""
    return b"[" + b",".join(answers) + b"]"


def write_note(method: str, subscription: str, result: bytes) -> bytes:
    """A subscription's notification around a result that is encoded already, once for all who get it."""
    head = f'{{"jsonrpc":"2.0","method":"{method}","params":{{"subscription":"{subscription}","result":'
    return head.encode() + result + b"}}"


def encode_result(result: object) -> bytes:
    """A value as JSON, to be sent to many."""
    return _encode(result)


def _read(value: Any) -> Asked:
    if not isinstance(value, dict):
        return BadRequest(None, RpcError(INVALID_REQUEST, "Invalid request"))
    id_, method, params = value.get("id"), value.get("method"), value.get("params", [])
    if isinstance(id_, bool) or not isinstance(id_, str | int | None):
        return BadRequest(None, RpcError(INVALID_REQUEST, "Invalid request", "id is neither text nor a number"))
    if value.get("jsonrpc") != "2.0" or not isinstance(method, str):
        return BadRequest(id_, RpcError(INVALID_REQUEST, "Invalid request"))
    if params is None:
        params = []
    if not isinstance(params, list):
        return BadRequest(id_, RpcError(INVALID_PARAMS, "Invalid params", "they are given by position"))
    return Request(id_, method, params, "id" not in value)
