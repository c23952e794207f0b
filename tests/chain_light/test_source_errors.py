"""Each says what is the case, whose fault it is, and nothing that is secret or unprintable."""

import pytest

from edge_node.base.ids import Hash256
from edge_node.chain_light import source_errors as errors
from edge_node.chain_light.errors import BadAnswer, ChainError

URL = "wss://rpc.example:443/ws/9f8e7d?key=secret"
ONE, OTHER = Hash256(b"\x01" * 32), Hash256(b"\x02" * 32)

UNAVAILABLE = [
    errors.EndpointUnreachable(URL, "no route"),
    errors.EndpointGone(URL, "closed"),
    errors.EndpointSilent(URL, "chain_getHeader", 10),
    errors.EndpointBusy(URL, 64),
    errors.MethodMissing("grandpa_proveFinality"),
    errors.EndpointRefused("state_getReadProof", 4003, "no state"),
    errors.NoEndpoint({URL: "silent"}),
]
BLAMED = [
    errors.AnswerTooLarge("the answer", 16),
    errors.MalformedAnswer("no object"),
    errors.OtherHeader(ONE, OTHER),
    errors.OtherChain(ONE, OTHER),
]


@pytest.mark.parametrize("error", UNAVAILABLE + BLAMED, ids=lambda error: error.slug)
def test_each_is_a_fact_with_a_remedy(error):
    """One root, an own slug, a sentence of what to do, and no key of an address in any message."""
    assert isinstance(error, ChainError)
    assert error.remedy.endswith(".")
    assert len({other.slug for other in UNAVAILABLE + BLAMED}) == len(UNAVAILABLE + BLAMED)
    assert "9f8e7d" not in str(error)
    assert "secret" not in str(error)


def test_whose_fault_it_is_shows_in_the_class():
    """A wrong answer is blamed on who gave it; no answer is not."""
    assert all(isinstance(error, BadAnswer) for error in BLAMED)
    assert not any(isinstance(error, BadAnswer) for error in UNAVAILABLE)
    assert all(isinstance(error, errors.EndpointUnavailable) for error in UNAVAILABLE)


@pytest.mark.parametrize(
    ("url", "place"),
    [
        (URL, "wss://rpc.example:443"),
        ("ws://127.0.0.1:9944", "ws://127.0.0.1:9944"),
        ("ws://[::1]:9944/", "ws://[::1]:9944"),
        ("wss://host?key=x", "wss://host"),
    ],
)
def test_a_place_is_an_address_without_what_may_be_a_key(url, place):
    """Path and query are left out."""
    assert errors.place_of(url) == place


def test_words_of_an_endpoint_are_tamed():
    """Control characters are written out, and no endpoint fills a log with one answer."""
    error = errors.EndpointRefused("m", 1, "\x1b[2J\u202e\ud800" + "x" * 100_000)
    assert str(error).isprintable()
    assert len(error.words) == 200
    assert errors.MalformedAnswer("\n" * 9_000).why == "\\n" * 100
    assert errors.EndpointGone(URL, "a" * 500).why == "a" * 200
    assert errors.tamed(str(errors.OtherChain(ONE, OTHER))) == str(errors.OtherChain(ONE, OTHER))


def test_nobody_answered_says_who_and_why():
    """The reasons are kept by address, and told; without any there was nobody to ask."""
    both = errors.NoEndpoint({URL: "silent", "ws://127.0.0.1:1": "refused"})
    assert str(both) == "no endpoint answered: wss://rpc.example:443: silent; ws://127.0.0.1:1: refused"
    assert both.reasons[URL] == "silent"
    assert str(errors.NoEndpoint({})) == "no endpoint is usable"
