"""Problem documents and the registry."""

import msgspec
import pytest

import edge_node.wire.http_range  # the registry shows what is loaded
from edge_node.base.counters import refusals
from edge_node.base.errors import Refusal
from edge_node.base.ids import Digest
from edge_node.base.refusals import REFUSAL_RING, Asker
from edge_node.serving.problems import internal_problem, problem_document, problem_registry, problem_response
from edge_node.serving.refusals import MethodNotAllowed


class Odd(Refusal):
    """A refusal with every sort of data."""

    slug = "odd-thing"
    status = 429
    retry_after_s = 3
    remedy = "Wait."

    def __init__(self) -> None:
        self.line = 7
        self.digest = Digest(bytes(32))
        self.names = ("a", "b")
        self.raw = b"bytes"
        self.nested = [object()]
        self.status_text = None
        self.title = "mine"
        self._secret = "hidden"
        super().__init__("an odd thing")


class Stranger(Refusal):
    """A key is not known."""

    slug = "unknown-key-of-test"
    status = 401


def test_a_problem_has_the_standard_members_and_the_errors_data() -> None:
    """RFC 9457 members, remedy, and data that JSON can say; never bytes, objects, private or reserved names."""
    assert problem_document(Odd(), "/x") == {
        "type": "urn:edge-node:problem:odd-thing",
        "title": "Odd thing",
        "status": 429,
        "detail": "an odd thing",
        "remedy": "Wait.",
        "instance": "/x",
        "line": 7,
        "digest": "00" * 32,
        "names": ("a", "b"),
        "status_text": None,
    }


def test_a_problem_response_counts_and_names_its_headers() -> None:
    """Content type, no caching, Retry-After; the counter of the slug rises."""
    before = refusals("odd-thing")
    response = problem_response(Odd())
    headers = dict(response.headers)
    assert headers == {"content-type": "application/problem+json", "cache-control": "no-store", "retry-after": "3"}
    assert isinstance(response.body, bytes)
    assert msgspec.json.decode(response.body)["line"] == 7
    assert refusals("odd-thing") == before + 1


def test_every_problem_is_kept_for_the_operator() -> None:
    """What a client is told stands in the ring with who asked, our own faults too."""
    before = REFUSAL_RING.last
    problem_response(Odd(), asker=Asker("10.0.0.7", "aabbccdd…", "http"))
    internal_problem(Asker("10.0.0.8"))
    odd, internal = REFUSAL_RING.since(before)
    assert (odd.slug, odd.status, odd.detail, odd.remedy) == ("odd-thing", 429, "an odd thing", "Wait.")
    assert (odd.peer, odd.key, odd.door) == ("10.0.0.7", "aabbccdd…", "http")
    assert (internal.slug, internal.status, internal.peer) == ("internal", 500, "10.0.0.8")


def test_statuses_that_demand_a_header_get_it() -> None:
    """405 lists the methods, 401 challenges."""
    assert ("allow", "GET, HEAD") in problem_response(MethodNotAllowed("PUT", ("GET", "HEAD"))).headers
    assert dict(problem_response(Stranger("no")).headers)["www-authenticate"].startswith("Edge-Request")


def test_an_internal_problem_says_nothing_of_its_cause() -> None:
    """500 with the slug `internal`, counted."""
    before = refusals("internal")
    assert internal_problem().status == 500
    assert refusals("internal") == before + 1


def test_the_registry_has_every_refusal() -> None:
    """Every loaded subclass of Refusal stands under its slug."""
    registry = problem_registry()
    assert {kind.error for kind in registry["odd-thing"]} == {Odd}
    assert edge_node.wire.http_range.RangeNotSatisfiable in {k.error for k in registry["range-not-satisfiable"]}
    assert registry["body-too-large"][0].status == 413


@pytest.mark.parametrize("room", ["serving", "wire.http"])
def test_our_slugs_mean_one_status(room: str) -> None:
    """One slug of this room, one status, one remedy or more."""
    for kinds in problem_registry().values():
        ours = [kind for kind in kinds if f"edge_node.{room}" in kind.error.__module__]
        assert len({kind.status for kind in ours}) <= 1
        assert all(kind.remedy for kind in ours if kind.error.__doc__ and not kind.error.__doc__.startswith("Root"))


def test_numbers_that_a_reader_may_round_are_strings() -> None:
    """2^53 - 1 is a number, 2^53 is a decimal string: JavaScript must not lose a digit of a sequence number."""

    class Counted(Refusal):
        slug, status = "counted", 409

        def __init__(self, seq: int) -> None:
            self.seq = seq
            super().__init__("counted")

    assert problem_document(Counted(2**53 - 1))["seq"] == 2**53 - 1
    assert problem_document(Counted(2**53))["seq"] == str(2**53)
