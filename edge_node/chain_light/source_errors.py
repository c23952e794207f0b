"""What asking an endpoint ends in when it is no answer: nobody there, no word, a refusal, or a wrong answer."""

from collections.abc import Mapping

from edge_node.base.ids import Hash256, shorten
from edge_node.chain_light.errors import BadAnswer, ChainError

_WORDS_MAX = 200


def place_of(url: str) -> str:
    """Scheme, host and port of an address: what follows them is often a key, which no message may hold."""
    return "/".join(url.split("/", 3)[:3]).partition("?")[0]


def tamed(text: str, most: int = _WORDS_MAX) -> str:
    """An endpoint's words as a line may show them: printable ASCII and our own ellipsis, no longer than `most`."""
    return text[: most + 1].encode("unicode_escape").decode("ascii").replace(r"\u2026", "…")[:most]


class EndpointUnavailable(ChainError):
    """Root of what keeps an endpoint from answering; it says nothing wrong, so nothing is held against its honesty."""

    slug = "chain-endpoint-unavailable"
    remedy = "The node asks its other endpoints; look at the network between, and at who runs this one."


class EndpointUnreachable(EndpointUnavailable):
    """No connection came about; `why` names the step and what was found there."""

    slug = "chain-endpoint-unreachable"

    def __init__(self, url: str, why: str) -> None:
        self.url, self.why = url, tamed(why)
        super().__init__(f"{place_of(url)} cannot be reached: {self.why}")


class EndpointGone(EndpointUnavailable):
    """The connection ended, and with it whatever was being waited for."""

    slug = "chain-endpoint-gone"

    def __init__(self, url: str, why: str) -> None:
        self.url, self.why = url, tamed(why)
        super().__init__(f"the connection with {place_of(url)} has ended: {self.why}")


class EndpointSilent(EndpointUnavailable):
    """A call had no answer in its time."""

    slug = "chain-endpoint-silent"

    def __init__(self, url: str, method: str, waited_s: float) -> None:
        self.url, self.method, self.waited_s = url, method, waited_s
        super().__init__(f"{place_of(url)} has not answered {method} for {waited_s:g} s")


class EndpointBusy(EndpointUnavailable):
    """So many calls wait for their turn at an endpoint that one more is not taken."""

    slug = "chain-endpoint-busy"

    def __init__(self, url: str, waiting: int) -> None:
        self.url, self.waiting = url, waiting
        super().__init__(f"{waiting} calls already wait for {place_of(url)}")


class MethodMissing(EndpointUnavailable):
    """The endpoint does not have the method, or does not offer it to us."""

    slug = "chain-method-missing"
    remedy = "The node asks its other endpoints; add one whose RPC offers this method."

    def __init__(self, method: str) -> None:
        self.method = method
        super().__init__(f"it does not offer {method}")


class EndpointRefused(EndpointUnavailable):
    """It answered with an error of its own: `code` of JSON-RPC or the method's, `words` as it put it, tamed."""

    slug = "chain-endpoint-refused"

    def __init__(self, method: str, code: int, words: str) -> None:
        self.method, self.code, self.words = method, code, tamed(words)
        super().__init__(f"{method} was refused with {code}: {self.words}")


class NoEndpoint(EndpointUnavailable):
    """Nobody answered; `reasons` has by each endpoint's url why not, and is empty where none was usable."""

    slug = "no-chain-endpoint"
    remedy = "Look at the endpoints' verdicts: `edge-node chain status` shows each with its reason."

    def __init__(self, reasons: Mapping[str, str]) -> None:
        self.reasons = dict(reasons)
        told = "; ".join(f"{place_of(url)}: {tamed(why)}" for url, why in self.reasons.items())
        super().__init__(f"no endpoint answered: {told}" if told else "no endpoint is usable")


class AnswerTooLarge(BadAnswer):
    """An answer, or a part of one, is larger than any honest one; `most` bytes may come."""

    slug = "chain-answer-too-large"

    def __init__(self, what: str, most: int) -> None:
        self.what, self.most = what, most
        super().__init__(f"{what} is longer than {most} bytes")


class MalformedAnswer(BadAnswer):
    """What came is not the answer's form; `why` says where."""

    slug = "malformed-chain-answer"

    def __init__(self, why: str) -> None:
        self.why = tamed(why)
        super().__init__(f"malformed answer: {self.why}")


class OtherHeader(BadAnswer):
    """A header came that does not have the hash it was asked by."""

    slug = "other-header"

    def __init__(self, wanted: Hash256, got: Hash256) -> None:
        self.wanted, self.got = wanted, got
        super().__init__(f"the header's hash is {shorten(got)}, asked for was {shorten(wanted)}")


class OtherChain(BadAnswer):
    """The endpoint serves another chain."""

    slug = "other-chain"
    remedy = "Replace the endpoint, or name its chain in the settings: it serves another network."

    def __init__(self, wanted: Hash256, got: Hash256) -> None:
        self.wanted, self.got = wanted, got
        super().__init__(f"its chain begins with {shorten(got)}, ours with {shorten(wanted)}")
