"""Why a checkpoint is not believed: facts, each with what to do."""

from edge_node.base.errors import LocalError, Refusal
from edge_node.base.ids import Hash256, shorten
from edge_node.chain_light.errors import ChainError


class CheckpointMisuse(ChainError, LocalError):
    """Our own code asked for a checkpoint that cannot be."""


class CheckpointRefused(ChainError, Refusal):
    """Root of what is wrong with a checkpoint; nothing was believed and nothing changed."""

    slug = "checkpoint-refused"
    remedy = "Ask for a newer checkpoint of this network, signed by the release keys or by your cold key."


class MalformedCheckpoint(CheckpointRefused):
    """Signed as it should be, and no checkpoint: `why` says which member is wrong."""

    slug = "malformed-checkpoint"
    remedy = "Tell who signed it: the document does not have the form of docs/specs/checkpoint.md."

    def __init__(self, why: str) -> None:
        self.why = why.encode("unicode_escape").decode("ascii")[:200]
        super().__init__(f"no checkpoint: {self.why}")


class CheckpointNotTrusted(CheckpointRefused):
    """Neither two release keys nor the operator's cold key have signed it."""

    slug, status = "checkpoint-not-trusted", 403
    forged = True

    def __init__(self, release: str, operator: str) -> None:
        self.release, self.operator = release, operator
        super().__init__(f"of the release: {release}; of the operator: {operator}")


class OtherNetwork(CheckpointRefused):
    """It is a checkpoint of another chain."""

    slug, status = "checkpoint-of-another-network", 409
    remedy = "Give the checkpoint of the network that this node is set to follow."

    def __init__(self, wanted: Hash256, found: Hash256) -> None:
        self.wanted, self.found = wanted, found
        super().__init__(f"it is of the chain that begins with {shorten(found)}, not with {shorten(wanted)}")


class CheckpointExpired(CheckpointRefused):
    """Its time is over: whoever finalized its block may have withdrawn what they had at stake."""

    slug, status = "checkpoint-expired", 409

    def __init__(self, expires_ms: int, now_ms: int) -> None:
        self.expires_ms, self.now_ms = expires_ms, now_ms
        super().__init__(f"it ended at {expires_ms} ms, and it is {now_ms} ms")


class CheckpointFromFuture(CheckpointRefused):
    """It was issued later than this clock says it is."""

    slug, status = "checkpoint-from-future", 409
    remedy = "Set this machine's clock; if it is right, tell who signed the checkpoint that theirs is not."

    def __init__(self, issued_ms: int, now_ms: int) -> None:
        self.issued_ms, self.now_ms = issued_ms, now_ms
        super().__init__(f"it was issued at {issued_ms} ms, and it is {now_ms} ms")


class CheckpointGoesBack(CheckpointRefused):
    """A newer one was accepted before: an old one in its place would hide what came between."""

    slug, status = "checkpoint-goes-back", 409

    def __init__(self, what: str, found: int, seen: int) -> None:
        self.what, self.found, self.seen = what, found, seen
        super().__init__(f"its {what} is {found}, and {seen} was accepted before")


class CheckpointConflicts(CheckpointRefused):
    """Another one with the same counter, or of another block of the same height, was accepted before."""

    slug, status = "checkpoint-conflicts", 409
    remedy = "Keep both documents and ask who signed them: one of the two is wrong, or a key is stolen."

    def __init__(self, what: str, number: int) -> None:
        self.what, self.number = what, number
        super().__init__(f"a different one with {what} {number} was accepted before")
