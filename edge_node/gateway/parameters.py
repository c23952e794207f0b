"""Query parameters as typed values, or a refusal that names the parameter."""

from edge_node.base.ids import MalformedId, VaultId
from edge_node.gateway.errors import BadParameter
from edge_node.serving import Request


def read_number(request: Request, name: str, default: int, lowest: int, highest: int) -> int:
    """A decimal integer in `[lowest, highest]`; `default` when absent."""
    text = request.query.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= 20):
        raise BadParameter(name, "wants a decimal number")
    value = int(text)
    if not lowest <= value <= highest:
        raise BadParameter(name, f"wants {lowest} to {highest}, got {value}")
    return value


def read_flag(request: Request, name: str) -> bool:
    """`1` or `0`; absent is `0`."""
    text = request.query.get(name)
    if text not in (None, "0", "1"):
        raise BadParameter(name, "wants 0 or 1")
    return bool(text == "1")


def read_vault(request: Request, own: VaultId) -> VaultId:
    """The vault asked for; the node's own when absent."""
    text = request.query.get("vault")
    if text is None:
        return own
    try:
        return VaultId.parse(text)
    except MalformedId as refusal:
        raise BadParameter("vault", refusal.why) from refusal
