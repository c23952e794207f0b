"""What can go wrong between a client and its node: refusals the node speaks, and answers nobody should believe."""

from typing import Any

from edge_node.base.errors import EdgeNodeError
from edge_node.base.ids import Cid

REFUSAL_PREFIX = "urn:edge-node:problem:"


class ClientError(EdgeNodeError):
    """Root of everything the client raises."""

    slug = "client"


class NodeUnreachable(ClientError):
    """No answer came: the network, the node's process or its name; `why` is the transport's own word."""

    slug = "node-unreachable"
    remedy = "Check that the node runs and that its address is right; what waits in a queue stays there."

    def __init__(self, url: str, why: str) -> None:
        self.url, self.why = url, why
        super().__init__(f"{url} gave no answer: {why}")


class AnswerNotUnderstood(ClientError):
    """Something answered, but not as a node does (docs/specs/http.md): a proxy, a portal, another program."""

    slug = "answer-not-understood"
    remedy = "Check that the address is the node's own and that nothing between answers in its place."

    def __init__(self, status: int, why: str) -> None:
        self.status, self.why = status, why
        super().__init__(f"an answer with status {status} is not a node's: {why}")


class ContentMismatch(ClientError):
    """Bytes or a receipt do not belong to the CID that was asked for or sent; they are not handed on."""

    slug = "content-mismatch"
    remedy = "Do not use what came; ask another node, and tell this node's operator to check its disk."

    def __init__(self, cid: Cid, why: str) -> None:
        self.cid, self.why = cid, why
        super().__init__(f"not the content of {cid}: {why}")


class ProofBroken(ClientError):
    """A page or a body does not prove what it says; `why` names the first thing that does not hold."""

    slug = "proof-broken"
    remedy = "Do not believe the page; keep it as evidence and ask the node's operator."

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(f"the proof does not hold: {why}")


class KeyMissing(ClientError):
    """Everything but the open paths is asked under an enrolled key, and this Node was made without one."""

    slug = "key-missing"
    remedy = "Give a key the node's operator has enrolled (--key FILE or EDGE_NODE_KEY on the command line)."

    def __init__(self) -> None:
        super().__init__("this request must be signed, and there is no key")


class NodeRefusal(ClientError):
    """The node said no, in its own words (RFC 9457): `slug`, `status`, `detail`, `remedy` and the problem's `data`.

    `retry_after_s` is set where the node says that waiting helps.
    """

    def __init__(
        self, status: int, slug: str, detail: str, remedy: str, data: dict[str, Any], retry_after_s: float | None = None
    ) -> None:
        self.status, self.detail, self.data, self.retry_after_s = status, detail, data, retry_after_s
        self.slug, self.remedy = slug, remedy  # type: ignore[misc]  # the fact is the node's, not this class's
        super().__init__(f"{detail} ({status} {slug})")

    @property
    def permanent(self) -> bool:
        """Whether the same request would be refused again: every 4xx but 408 and 429."""
        return 400 <= self.status < 500 and self.status not in {408, 429}


class RequestInvalid(NodeRefusal):
    """The request itself is wrong: 400 and the rest of 4xx."""


class NotAuthenticated(NodeRefusal):
    """401: no signature, a wrong one, or a key nobody enrolled."""


class NotAllowed(NodeRefusal):
    """403: the key is known and may not do this."""


class NotThere(NodeRefusal):
    """404: no such stream, piece or path."""


class Conflict(NodeRefusal):
    """409: it contradicts what the node already holds."""


class NotProcessable(NodeRefusal):
    """422: well formed, and not acceptable as it is."""


class SlowDown(NodeRefusal):
    """429: a rate or a quota is used up for now."""


class NodeUnavailable(NodeRefusal):
    """5xx: the node cannot do it at the moment, or broke."""


_BY_STATUS: dict[int, type[NodeRefusal]] = {
    401: NotAuthenticated,
    403: NotAllowed,
    404: NotThere,
    409: Conflict,
    422: NotProcessable,
    429: SlowDown,
}


def refusal_type(status: int) -> type[NodeRefusal]:
    """The class a status belongs to."""
    if status >= 500:
        return NodeUnavailable
    return _BY_STATUS.get(status, RequestInvalid)
