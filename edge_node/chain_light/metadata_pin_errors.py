"""Why metadata, or a word for it, is not believed: facts, each with what to do."""

from edge_node.base.errors import Refusal
from edge_node.base.ids import Hash256, shorten
from edge_node.chain_light.errors import ChainError


class PinRefused(ChainError, Refusal):
    """Root of what is wrong with a pin; nothing was believed and nothing changed."""

    slug = "metadata-pin-refused"
    remedy = "Ask for a newer pin of this runtime, signed by the release keys or by your cold key."


class MalformedPin(PinRefused):
    """Signed as it should be, and no pin: `why` says which member is wrong."""

    slug = "malformed-metadata-pin"
    remedy = "Tell who signed it: the document does not have the form of docs/specs/metadata-pin.md."

    def __init__(self, why: str) -> None:
        self.why = why.encode("unicode_escape").decode("ascii")[:200]
        super().__init__(f"no metadata pin: {self.why}")


class PinNotTrusted(PinRefused):
    """Neither two release keys nor the operator's cold key have signed it."""

    slug, status = "metadata-pin-not-trusted", 403
    forged = True

    def __init__(self, release: str, operator: str) -> None:
        self.release, self.operator = release, operator
        super().__init__(f"of the release: {release}; of the operator: {operator}")


class PinOfOtherNetwork(PinRefused):
    """It is of another chain."""

    slug, status = "metadata-pin-of-another-network", 409
    remedy = "Give the pin of the network that this node is set to follow."

    def __init__(self, wanted: Hash256, found: Hash256) -> None:
        self.wanted, self.found = wanted, found
        super().__init__(f"it is of the chain that begins with {shorten(found)}, not with {shorten(wanted)}")


class PinFromFuture(PinRefused):
    """It was issued later than this clock says it is."""

    slug, status = "metadata-pin-from-future", 409
    remedy = "Set this machine's clock; if it is right, tell who signed the pin that theirs is not."

    def __init__(self, issued_ms: int, now_ms: int) -> None:
        self.issued_ms, self.now_ms = issued_ms, now_ms
        super().__init__(f"it was issued at {issued_ms} ms, and it is {now_ms} ms")


class PinGoesBack(PinRefused):
    """A newer word of the same signers for the same runtime was accepted before."""

    slug, status = "metadata-pin-goes-back", 409

    def __init__(self, counter: int, seen: int) -> None:
        self.counter, self.seen = counter, seen
        super().__init__(f"its counter is {counter}, and {seen} was accepted before")


class PinConflicts(PinRefused):
    """Another word with the same counter was accepted before."""

    slug, status = "metadata-pin-conflicts", 409
    remedy = "Keep both documents and ask who signed them: one of the two is wrong, or a key is stolen."

    def __init__(self, counter: int) -> None:
        self.counter = counter
        super().__init__(f"a different one with counter {counter} was accepted before")


class TooManyPins(PinRefused):
    """So many runtimes are pinned already that one more is a mistake, or meant to fill the disk."""

    slug, status = "too-many-metadata-pins", 409
    remedy = "Tell who signs them: a network has a few runtimes in a year."

    def __init__(self, most: int) -> None:
        self.most = most
        super().__init__(f"{most} pins are kept, and no more")


class MetadataNotPinned(ChainError, Refusal):
    """What an endpoint says of the runtime is vouched for by nobody, so nothing is signed or read by it."""

    slug, status = "metadata-not-pinned", 503
    remedy = (
        "Import a pin of this runtime, signed by the release keys or by your cold key (docs/specs/metadata-pin.md). "
        "Until then nothing is written to the chain, and only what needs no metadata is read."
    )

    def __init__(self, spec_version: int, code: Hash256, metadata: Hash256 | None, why: str) -> None:
        self.spec_version, self.code, self.metadata, self.why = spec_version, code, metadata, why
        what = "the metadata" if metadata is None else f"metadata {shorten(metadata)}"
        super().__init__(f"{what} of runtime {spec_version} (code {shorten(code)}): {why}")
