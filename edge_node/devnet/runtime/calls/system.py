"""What the calls of System do."""

from edge_node.base.digests import blake2b_256
from edge_node.devnet.runtime.handler import Handler
from edge_node.devnet.runtime.origin import Origin
from edge_node.devnet.runtime.work import Work

CODE_KEY = b":code"


def remark(_work: Work, origin: Origin, remark: bytes) -> None:
    """Leave bytes in the block."""
    if not origin.root:
        origin.signer()


def set_code(work: Work, origin: Origin, code: bytes) -> None:
    """Replace the runtime's code; root alone. What this chain does stays the same, as if it were the same code."""
    origin.require_root()
    work.state.put(CODE_KEY, code)
    work.code_changed = True
    work.emit("System", "CodeUpdated")


def set_storage(work: Work, origin: Origin, items: list[tuple[bytes, bytes]]) -> None:
    """Write raw storage; root alone."""
    origin.require_root()
    for key, value in items:
        work.state.put(key, value)


def kill_storage(work: Work, origin: Origin, keys: list[bytes]) -> None:
    """Take raw storage away; root alone."""
    origin.require_root()
    for key in keys:
        work.state.put(key, None)


def remark_with_event(work: Work, origin: Origin, remark: bytes) -> None:
    """Leave bytes in the block and their hash in its events."""
    work.emit("System", "Remarked", {"sender": origin.signer(), "hash": blake2b_256(remark)})


HANDLERS: dict[str, Handler] = {
    "remark": remark,
    "set_code": set_code,
    "set_storage": set_storage,
    "kill_storage": kill_storage,
    "remark_with_event": remark_with_event,
}
