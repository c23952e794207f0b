"""The connection's framing: any split, hostile corpus, h11 as oracle, pipelining, misuse."""

import json
from pathlib import Path

import h11
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_node.wire.http1 import (
    CLOSED,
    END_OF_MESSAGE,
    NEED_DATA,
    PAUSED,
    BodyData,
    ServerConnection,
)
from edge_node.wire.http1_errors import BodyTruncated, HttpMisuse
from edge_node.wire.http1_head import HeadLimits, RequestHead
from tests.wire.http1_rig import cut, oracle_read_all, read_all

VECTORS = Path(__file__).parents[1] / "vectors" / "http1"
HOSTILE = json.loads((VECTORS / "hostile.json").read_text())["cases"]
ACCEPTED = json.loads((VECTORS / "accepted.json").read_text())["cases"]
EVERY = [case["request"].encode("latin-1") for case in [*HOSTILE, *ACCEPTED]]

POST = b"POST /events HTTP/1.1\r\nHost: node\r\nContent-Length: 3\r\n\r\nabc"
GET = b"GET / HTTP/1.1\r\nHost: node\r\n\r\n"


def ready(raw: bytes) -> ServerConnection:
    """A connection that has received `raw` and given out nothing."""
    connection = ServerConnection(HeadLimits())
    connection.receive(raw)
    return connection


@pytest.mark.parametrize("case", HOSTILE, ids=lambda case: case["name"])
def test_hostile_connections_are_refused(case: dict[str, str]) -> None:
    """Every connection of the corpus ends with the stated status, and no request hidden in it is read."""
    read = read_all([case["request"].encode("latin-1")])
    assert read.status == case["status"]
    assert not any("smuggled" in one.target for one in read.requests)


@pytest.mark.parametrize("case", HOSTILE, ids=lambda case: case["name"])
def test_the_corpus_says_what_h11_makes_of_it(case: dict[str, str]) -> None:
    """Where h11 reads what we refuse, the corpus lists it, with our reason."""
    oracle = oracle_read_all(case["request"].encode("latin-1"))
    assert case["h11"] == ("refuses" if oracle.status else "reads")
    assert case["why"]


@pytest.mark.parametrize("case", ACCEPTED, ids=lambda case: case["name"])
def test_good_connections_are_read(case: dict[str, list[list[str]]]) -> None:
    """Every connection of the corpus gives exactly the stated requests, and h11 reads the same."""
    raw = str(case["request"]).encode("latin-1")
    wanted = [(method, target, body.encode("latin-1")) for method, target, body in case["requests"]]
    assert read_all([raw]).complete == wanted
    assert oracle_read_all(raw).complete == wanted


@pytest.mark.parametrize("raw", EVERY, ids=range(len(EVERY)))
def test_byte_by_byte_is_the_same_as_at_once(raw: bytes) -> None:
    """A connection that drips one byte at a time is read, or refused, like one that comes whole."""
    if len(raw) < 2_000:
        assert read_all(cut(raw, range(len(raw)))) == read_all([raw])


@given(raw=st.sampled_from(EVERY), places=st.lists(st.integers(1, 40_000), max_size=6))
def test_any_split_gives_the_same_events(raw: bytes, places: list[int]) -> None:
    """Wherever the network cuts the bytes, the requests and the refusal are the same."""
    assert read_all(cut(raw, places)) == read_all([raw])


METHODS = st.sampled_from(["GET", "POST", "HEAD", "PUT", "OPTIONS", "get", "", "G T", "GE\x00T"])
TARGETS = st.one_of(
    st.sampled_from(["/", "/a?b=c", "*", "http://node/", "http://other/", "/#", "//", "", "/\x7f", "/ ", "/a\\b"]),
    st.text(st.characters(max_codepoint=255), max_size=5).map("/{}".format),
)
VERSIONS = st.sampled_from(["HTTP/1.1"] * 6 + ["HTTP/1.0", "HTTP/1.2", "HTTP/2.0", "http/1.1", ""])
NAMES = st.sampled_from(
    ["Content-Length", "content-length", "Transfer-Encoding", "Host", "Connection", "Expect", "X-A", "X A", ""]
)
VALUES = st.one_of(
    st.sampled_from(
        ["3", "0", "03", "3,3", "+3", "chunked", "Chunked", "gzip", "close", "node", "100-continue", " ", ""]
    ),
    st.text(st.characters(max_codepoint=255), max_size=4),
)
COLONS = st.sampled_from([": "] * 6 + [":", " : ", "\t:", ":\t", ""])
ENDS = st.sampled_from(["\r\n"] * 12 + ["\n", "\r", "\r\n ", "\r\r\n", "\n\r"])
FIELDS = st.lists(st.tuples(NAMES, COLONS, VALUES, ENDS).map("".join), max_size=4).map("".join)
BODIES = st.sampled_from(
    [
        "",
        "abc",
        "3\r\nabc\r\n0\r\n\r\n",
        "3\r\nabc\r\n0\r\nX: y\r\n\r\n",
        "3;x\r\nabc\r\n0\r\n\r\n",
        "3 \r\nabc\r\n0\r\n\r\n",
        "3\nabc",
    ]
)
HOSTS = st.sampled_from(["Host: node\r\n"] * 4 + ["", "Host: a b\r\n"])


@st.composite
def connections(draw: st.DrawFn) -> bytes:
    """One or two requests, mostly nearly right."""
    text = ""
    for _ in range(draw(st.integers(1, 2))):
        first = f"{draw(METHODS)} {draw(TARGETS)} {draw(VERSIONS)}{draw(ENDS)}"
        text += first + draw(HOSTS) + draw(FIELDS) + draw(ENDS) + draw(BODIES)
    return text.encode("latin-1")


@st.composite
def mutants(draw: st.DrawFn) -> bytes:
    """A good connection with a few bytes replaced, inserted or removed."""
    raw = bytearray(draw(st.sampled_from([str(case["request"]).encode("latin-1") for case in ACCEPTED])))
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, max(0, min(len(raw) - 1, 200))))
        junk = draw(
            st.sampled_from([b"", b"\r", b"\n", b"\r\n", b" ", b"\t", b"\x00", b":", b",", b";", b"0", b"\xff", b"Z"])
        )
        raw[at : at + draw(st.integers(0, 2))] = junk
    return bytes(raw)


@settings(max_examples=400)
@given(raw=st.one_of(connections(), mutants()))
def test_what_h11_refuses_we_refuse(raw: bytes) -> None:
    """Whatever we read, h11 reads too and in the same way: no bytes are a request to us alone."""
    ours, oracle = read_all([raw]), oracle_read_all(raw)
    shared = min(len(ours.complete), len(oracle.complete))
    assert ours.complete[:shared] == oracle.complete[:shared]
    if oracle.stopped:
        return  # h11 closes after every HTTP/1.0 request, we honour its keep-alive
    assert len(ours.complete) <= len(oracle.complete)
    if oracle.status:
        assert ours.status or ours.stopped


@settings(max_examples=200)
@given(raw=st.one_of(connections(), mutants()), places=st.lists(st.integers(1, 300), max_size=4))
def test_any_split_of_junk_gives_the_same_events(raw: bytes, places: list[int]) -> None:
    """Junk too is judged the same however it is cut."""
    assert read_all(cut(raw, places)) == read_all([raw])


@settings(max_examples=200)
@given(raw=st.binary(max_size=300))
def test_nothing_but_a_refusal_comes_of_noise(raw: bytes) -> None:
    """Random bytes never raise anything but a refusal with a status."""
    assert read_all([raw]).status in {0, 400, 414, 417, 431, 501, 505}


@settings(max_examples=100)
@given(
    bodies=st.lists(st.binary(max_size=200), min_size=1, max_size=4),
    chunked=st.booleans(),
    places=st.lists(st.integers(1, 1_500), max_size=8),
)
def test_requests_of_h11s_client_come_back_whole(bodies: list[bytes], chunked: bool, places: list[int]) -> None:
    """What h11's client writes, pipelined and cut anywhere, is read back exactly."""
    raw = b""
    for body in bodies:
        client = h11.Connection(h11.CLIENT)
        framing = ("Transfer-Encoding", "chunked") if chunked else ("Content-Length", str(len(body)))
        raw += client.send(h11.Request(method="POST", target="/x", headers=[("Host", "node"), framing])) or b""
        raw += (client.send(h11.Data(body)) or b"") + (client.send(h11.EndOfMessage()) or b"")
    assert read_all(cut(raw, places)).complete == [("POST", "/x", body) for body in bodies]


def test_the_next_request_waits_for_the_answer() -> None:
    """A pipelined request is not looked at before the former is answered: it may be junk by then or later."""
    connection = ready(POST + b"\x00junk")
    assert isinstance(connection.next_event(), RequestHead)
    assert connection.next_event() == BodyData(b"abc")
    assert connection.next_event() is END_OF_MESSAGE
    assert connection.next_event() is PAUSED
    assert connection.buffered == 5


def test_a_whole_body_is_taken_in_one_step() -> None:
    """A body that has arrived with its head needs no further event."""
    connection = ready(POST + GET)
    connection.next_event()
    assert connection.take_whole_body() == b"abc"
    assert connection.complete
    connection.start_next_cycle()
    head = connection.next_event()
    assert isinstance(head, RequestHead)
    assert head.method == "GET"


def test_a_body_on_its_way_is_not_taken() -> None:
    """A partial body, and any chunked one, comes by events."""
    partial = ready(POST[:-1])
    partial.next_event()
    assert partial.take_whole_body() is None
    assert partial.body_left == 3
    chunked = ready(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
    chunked.next_event()
    assert chunked.take_whole_body() is None
    assert chunked.body_left is None
    assert chunked.next_event() is END_OF_MESSAGE
    assert chunked.body_left == 0


def test_a_request_without_a_body_is_complete_at_once() -> None:
    """Nobody needs to ask for the end of a GET before the next cycle."""
    connection = ready(GET + GET)
    connection.next_event()
    assert connection.complete
    connection.start_next_cycle()
    assert isinstance(connection.next_event(), RequestHead)


def test_an_unread_body_blocks_the_next_cycle() -> None:
    """Starting the next request over unread bytes is our own mistake and says so."""
    connection = ready(POST)
    connection.next_event()
    with pytest.raises(HttpMisuse):
        connection.start_next_cycle()


def test_a_closed_client_is_no_error_between_requests() -> None:
    """An end after a whole request is CLOSED; inside a body it is BodyTruncated with the count."""
    connection = ready(GET)
    connection.next_event()
    connection.start_next_cycle()
    assert connection.next_event() is NEED_DATA
    connection.receive(b"")
    assert connection.next_event() is CLOSED
    cut_off = ready(POST[:-1])
    cut_off.next_event()
    cut_off.next_event()
    cut_off.receive(b"")
    with pytest.raises(BodyTruncated) as caught:
        cut_off.next_event()
    assert caught.value.received == 2


@pytest.mark.parametrize(("extra", "status"), [(0, 0), (1, 431)])
def test_the_head_limit_counts_every_byte(extra: int, status: int) -> None:
    """A head of exactly the limit is read, one byte more is refused, cut or whole."""
    limits = HeadLimits(bytes=2_000)
    frame = b"GET / HTTP/1.1\r\nHost: node\r\nX-A: %b\r\n\r\n"
    raw = frame % (b"v" * (2_000 - len(frame) + 2 + extra))
    assert len(raw) == 2_000 + extra
    assert read_all([raw], limits).status == status
    assert read_all(cut(raw, range(0, 2_001, 7)), limits).status == status


@pytest.mark.parametrize(("extra", "status"), [(0, 0), (1, 414)])
def test_the_target_limit_counts_every_byte(extra: int, status: int) -> None:
    """A target of exactly the limit is read, one byte more is refused, cut or whole."""
    raw = b"GET /%b HTTP/1.1\r\nHost: node\r\n\r\n" % (b"t" * (8_191 + extra))
    assert read_all([raw]).status == status
    assert read_all(cut(raw, range(0, 9_000, 97))).status == status


@pytest.mark.parametrize(("count", "status"), [(100, 0), (101, 431)])
def test_the_header_count_has_a_limit(count: int, status: int) -> None:
    """A hundred headers are read, one more is refused."""
    raw = b"GET / HTTP/1.1\r\nHost: node\r\n" + b"X-A: b\r\n" * (count - 1) + b"\r\n"
    assert read_all([raw]).status == status


def test_endless_input_is_refused_at_the_limit() -> None:
    """A head that never ends costs its limit and not a byte more than the read that crossed it."""
    connection = ServerConnection(HeadLimits())
    status = 0
    for _ in range(40):
        connection.receive(b"GET / HTTP/1.1\r\n" if not connection.buffered else b"X-A: " + b"b" * 1_000 + b"\r\n")
        try:
            connection.next_event()
        except Exception as broken:
            status = getattr(broken, "status", 0)
            break
    assert status == 431
    assert connection.buffered <= 34 * 1024


def test_the_rest_belongs_to_the_next_protocol() -> None:
    """After an upgrade every byte behind the head is given out, once."""
    connection = ready(GET + b"\x81\x00frames")
    assert isinstance(connection.next_event(), RequestHead)
    assert connection.take_rest() == b"\x81\x00frames"
    assert (connection.take_rest(), connection.buffered) == (b"", 0)


def test_body_data_compares_by_its_bytes() -> None:
    """Two pieces with the same bytes are equal, hash alike and show their size only."""
    assert BodyData(b"ab") == BodyData(b"ab")
    assert hash(BodyData(b"ab")) == hash(BodyData(b"ab"))
    assert repr(BodyData(b"secret")) == "BodyData(6 bytes)"
