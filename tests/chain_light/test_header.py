"""Headers against real chains' own, against the SCALE rules, and against every changed byte."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_node.base.ids import Hash256
from edge_node.chain_light.header import (
    BABE,
    BEEFY,
    DIGEST_ITEMS_MAX,
    DIGEST_PAYLOAD_MAX,
    GRANDPA,
    HEADER_BYTES_MIN,
    DigestItem,
    DigestKind,
    Header,
    HeaderMisuse,
    MalformedHeader,
    decode_header,
    encode_header,
    genesis_header,
    hash_header,
    header_of_json,
    json_of_header,
    read_header,
)
from edge_node.wire.scale import U32_MAX, MalformedScale, Scale, blob, compact

CHAINS = json.loads((Path(__file__).parents[1] / "vectors/chain/light-sync-states.json").read_text())["chains"]
RAWS = {name: bytes.fromhex(chain["header_scale"].removeprefix("0x")) for name, chain in CHAINS.items()}
ROOT = Hash256(bytes(range(32)))
OF_ENGINE = [DigestKind.CONSENSUS, DigestKind.SEAL, DigestKind.PRERUNTIME]
SHORT = Header(Hash256(bytes(32)), 0, ROOT, ROOT)

items = st.one_of(
    st.builds(
        DigestItem, st.sampled_from(OF_ENGINE), st.sampled_from([BABE, GRANDPA, BEEFY, b"none"]), st.binary(max_size=70)
    ),
    st.builds(DigestItem, st.just(DigestKind.OTHER), st.just(b""), st.binary(max_size=9)),
    st.just(DigestItem(DigestKind.RUNTIME_UPDATED, b"", b"")),
)
hashes = st.binary(min_size=32, max_size=32).map(Hash256)
headers = st.builds(Header, hashes, st.integers(0, U32_MAX), hashes, hashes, st.lists(items, max_size=5).map(tuple))


@pytest.mark.parametrize("name", CHAINS)
def test_real_headers(name):
    """A header of each chain is read, written as it stood, and has the hash the chain's specification names."""
    header = decode_header(RAWS[name])
    assert encode_header(header) == RAWS[name]
    assert (str(hash_header(header)), header.number) == (CHAINS[name]["hash"], CHAINS[name]["number"])
    assert str(header.state_root) == CHAINS[name]["state_root"]
    assert header.digest[-1].kind is DigestKind.SEAL


@pytest.mark.parametrize("name", CHAINS)
def test_genesis_hashes(name):
    """A chain's name follows from the root of its first state alone."""
    root = Hash256.parse(CHAINS[name]["genesis_state_root"].removeprefix("0x"))
    assert str(hash_header(genesis_header(root))) == CHAINS[name]["genesis_hash"]


@pytest.mark.parametrize("name", CHAINS)
def test_every_changed_bit_is_refused_or_another_block(name):
    """No bit of a real header can change without another hash, and what is read is what is written."""
    raw, wanted = RAWS[name], CHAINS[name]["hash"]
    for place in range(len(raw)):
        for bit in (0, 7):
            changed = raw[:place] + bytes((raw[place] ^ 1 << bit,)) + raw[place + 1 :]
            try:
                header = decode_header(changed)
            except MalformedScale:
                continue
            assert encode_header(header) == changed
            assert str(hash_header(header)) != wanted


@pytest.mark.parametrize("name", CHAINS)
def test_cut_and_lengthened_headers_are_refused(name):
    """Nothing less and nothing more than the encoding is a header."""
    raw = RAWS[name]
    for size in range(len(raw)):
        with pytest.raises(MalformedScale):
            decode_header(raw[:size])
    with pytest.raises(MalformedScale, match="1 bytes follow"):
        decode_header(raw + b"\x00")


def test_a_header_nests():
    """Two in a row are read one after the other; the shortest has the length that bounds a list of them."""
    scale = Scale(encode_header(SHORT) + RAWS["polkadot"])
    assert read_header(scale) == SHORT
    assert scale.at == HEADER_BYTES_MIN == len(encode_header(SHORT))
    assert read_header(scale).number == CHAINS["polkadot"]["number"]


@settings(max_examples=60)
@given(headers)
def test_round_trips(header):
    """Every header is read back from its SCALE form and from its JSON form, and hashes the same."""
    assert decode_header(encode_header(header)) == header
    through_json = header_of_json(json.loads(json.dumps(json_of_header(header))))
    assert (through_json, hash_header(through_json)) == (header, hash_header(header))


@settings(max_examples=60)
@given(headers, st.data())
def test_what_is_read_is_the_only_form(header, data):
    """Changed bytes are refused, or are the one encoding of another header."""
    raw = bytearray(encode_header(header))
    raw[data.draw(st.integers(32, len(raw) - 1))] = data.draw(st.integers(0, 255))
    try:
        read = decode_header(raw)
    except MalformedScale:
        return
    assert encode_header(read) == raw


def test_json_as_endpoints_send_it():
    """Members beside a header's are passed over, and so is the case of hex."""
    header = decode_header(RAWS["westend2"])
    sent = json_of_header(header)
    assert sent["number"] == hex(header.number)
    assert header_of_json(sent | {"parentHash": "0x" + header.parent.hex().upper(), "hash": "0x00"}) == header


GOOD = json_of_header(decode_header(RAWS["westend2"]))
WRONG_JSON = {
    "a list": [GOOD],
    "nothing": None,
    "no parent": {name: value for name, value in GOOD.items() if name != "parentHash"},
    "a short root": GOOD | {"stateRoot": "0x" + "00" * 31},
    "a root without 0x": GOOD | {"stateRoot": "00" * 32},
    "a root that is a number": GOOD | {"extrinsicsRoot": 7},
    "a number that is a number": GOOD | {"number": 7},
    "a number with a sign": GOOD | {"number": "-0x7"},
    "a number with an underscore": GOOD | {"number": "0x7_0"},
    "a number with a line end": GOOD | {"number": "0x70\n"},
    "a number above 2**32 - 1": GOOD | {"number": "0x100000000"},
    "no digest": GOOD | {"digest": None},
    "a digest that is a list": GOOD | {"digest": []},
    "no logs": GOOD | {"digest": {}},
    "logs that are an object": GOOD | {"digest": {"logs": {}}},
    "too many logs": GOOD | {"digest": {"logs": ["0x08"] * (DIGEST_ITEMS_MAX + 1)}},
    "a log that is a number": GOOD | {"digest": {"logs": [8]}},
    "a log of odd digits": GOOD | {"digest": {"logs": ["0x080"]}},
    "an empty log": GOOD | {"digest": {"logs": ["0x"]}},
    "a log with more behind": GOOD | {"digest": {"logs": ["0x0800"]}},
    "a log of an unknown kind": GOOD | {"digest": {"logs": ["0x0200"]}},
    "a log too long": GOOD | {"digest": {"logs": ["0x" + "00" * (DIGEST_PAYLOAD_MAX + 2048)]}},
}


@pytest.mark.parametrize("value", WRONG_JSON.values(), ids=WRONG_JSON.keys())
def test_wrong_json_is_refused(value):
    """What is no header in JSON is the endpoint's fault, and says which member is wrong."""
    with pytest.raises(MalformedHeader, match="not a header: "):
        header_of_json(value)


@pytest.mark.parametrize("kind", sorted({*range(256)} - set(map(int, DigestKind)))[:12])
def test_unknown_digest_kinds_are_refused(kind):
    """A kind this client does not know could change what it should believe."""
    raw = encode_header(SHORT)[:-1] + compact(1) + bytes((kind, 0, 0, 0, 0, 0))
    with pytest.raises(MalformedScale, match="no known kind"):
        decode_header(raw)


def test_a_digest_has_its_limits():
    """As many items and as long a payload as are allowed, and not one more."""
    head = encode_header(SHORT)[:-1]
    many = compact(DIGEST_ITEMS_MAX) + b"\x08" * DIGEST_ITEMS_MAX
    assert len(decode_header(head + many).digest) == DIGEST_ITEMS_MAX
    with pytest.raises(MalformedScale, match="65 digest items"):
        decode_header(head + compact(DIGEST_ITEMS_MAX + 1) + b"\x08" * (DIGEST_ITEMS_MAX + 1))
    longest = DigestItem(DigestKind.OTHER, b"", bytes(DIGEST_PAYLOAD_MAX))
    assert decode_header(encode_header(Header(ROOT, 1, ROOT, ROOT, (longest,)))).digest == (longest,)
    with pytest.raises(MalformedScale, match="are the most"):
        decode_header(head + compact(1) + b"\x00" + blob(bytes(DIGEST_PAYLOAD_MAX + 1)))


@pytest.mark.parametrize(
    "header",
    [
        Header(ROOT, -1, ROOT, ROOT),
        Header(ROOT, U32_MAX + 1, ROOT, ROOT),
        Header(ROOT, 1, ROOT, ROOT, (DigestItem(DigestKind.RUNTIME_UPDATED, b"", b""),) * (DIGEST_ITEMS_MAX + 1)),
        Header(ROOT, 1, ROOT, ROOT, (DigestItem(DigestKind.RUNTIME_UPDATED, b"", b"x"),)),
        Header(ROOT, 1, ROOT, ROOT, (DigestItem(DigestKind.OTHER, BABE, b""),)),
        Header(ROOT, 1, ROOT, ROOT, (DigestItem(DigestKind.SEAL, b"", b""),)),
        Header(ROOT, 1, ROOT, ROOT, (DigestItem(DigestKind.OTHER, b"", bytes(DIGEST_PAYLOAD_MAX + 1)),)),
    ],
)
def test_what_cannot_be_read_is_not_written(header):
    """Our own mistakes are refused before they are hashed."""
    with pytest.raises(HeaderMisuse):
        hash_header(header)


def test_payloads_of_an_engine():
    """Only what both kind and engine name, in order."""
    header = Header(
        ROOT, 1, ROOT, ROOT,
        (
            DigestItem(DigestKind.CONSENSUS, GRANDPA, b"a"),
            DigestItem(DigestKind.CONSENSUS, BABE, b"b"),
            DigestItem(DigestKind.SEAL, GRANDPA, b"c"),
            DigestItem(DigestKind.CONSENSUS, GRANDPA, b"d"),
        ),
    )  # fmt: skip
    assert header.payloads(DigestKind.CONSENSUS, GRANDPA) == [b"a", b"d"]
