"""Specifications of networks: what is read, what is refused, and in which words."""

import json

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_node.base.ids import Hash256
from edge_node.chain_light.shipped import SHIPPED, shipped_spec
from edge_node.chain_light.spec import (
    ENDPOINTS_MAX,
    SPEC_MAX_BYTES,
    ChainSpec,
    Endpoint,
    NetworkKind,
    NoAnchor,
    SpecCutShort,
    SpecRefused,
)

MAINNET = json.loads(shipped_spec("cere-mainnet").to_file())
DEV = json.loads(shipped_spec("dev").to_file())


def read(value, **changes):
    return ChainSpec.from_file(json.dumps(value | changes).encode())


def ends(*urls):
    return [{"url": url, "group": "one"} for url in urls]


def without(name):
    return {member: value for member, value in MAINNET.items() if member != name}


@pytest.mark.parametrize("name", SHIPPED)
def test_round_trip(name):
    """What is written as a file is read as it was."""
    spec = shipped_spec(name)
    assert ChainSpec.from_file(spec.to_file()) == spec


def test_the_window_of_bonding():
    """Three eras of six epochs of 2,400 slots of six seconds are three days."""
    assert shipped_spec("cere-mainnet").bonding_ms == 3 * 86_400_000


def test_a_spec_cut_in_half():
    """Wherever a file ends too soon, it says so, and how much there was of it."""
    raw = shipped_spec("cere-mainnet").to_file()
    for size in range(len(raw.rstrip())):
        with pytest.raises(SpecCutShort, match=f"ends after {size} bytes") as refused:
            ChainSpec.from_file(raw[:size])
        assert "Copy the file again" in refused.value.remedy
    with pytest.raises(SpecRefused, match="Expecting property name") as refused:
        ChainSpec.from_file(raw.replace(b'"id"', b"id"))
    assert not isinstance(refused.value, SpecCutShort)


WRONG = {
    "a list": ([MAINNET], "Expected `object`, got `array`"),
    "a text": ("cere", "Expected `object`, got `str`"),
    "nothing in it": ({}, "missing required field `format`"),
    "no genesis": (without("genesis"), "missing required field `genesis`"),
    "no slots": (without("slot_ms"), "missing required field `slot_ms`"),
    "a member too many": (MAINNET | {"slot": 6}, "unknown field `slot`"),
    "a member too many in an endpoint": (
        MAINNET | {"endpoints": [{"url": "wss://a", "group": "a", "weight": 1}]},
        r"unknown field `weight` - at `\$.endpoints\[0\]`",
    ),
    "another format": (MAINNET | {"format": "edge_node/chain-spec/v2"}, r"at `\$.format`"),
    "a text for a number": (MAINNET | {"ss58": "54"}, r"Expected `int`, got `str` - at `\$.ss58`"),
    "a truth for a number": (MAINNET | {"decimals": True}, r"Expected `int`, got `bool` - at `\$.decimals`"),
    "nothing for a number": (MAINNET | {"decimals": None}, r"Expected `int`, got `null` - at `\$.decimals`"),
    "an object for a list": (MAINNET | {"endpoints": {}}, r"Expected `array`, got `object` - at `\$.endpoints`"),
    "a text for an endpoint": (MAINNET | {"endpoints": ["wss://a"]}, r"at `\$.endpoints\[0\]`"),
    "a prefix too large": (MAINNET | {"ss58": 1 << 14}, r"at `\$.ss58`"),
    "a prefix below zero": (MAINNET | {"ss58": -1}, r"at `\$.ss58`"),
    "no slot at all": (MAINNET | {"slot_ms": 0}, r"at `\$.slot_ms`"),
    "an epoch of no slots": (MAINNET | {"epoch_slots": 0}, r"at `\$.epoch_slots`"),
    "bonding for ever": (MAINNET | {"bonding_eras": 1_001}, r"at `\$.bonding_eras`"),
    "a third state version": (MAINNET | {"state_version": 2}, r"at `\$.state_version`"),
    "another kind": (MAINNET | {"kind": "Live"}, r"at `\$.kind`"),
    "a genesis cut": (MAINNET | {"genesis": "81"}, r"64 lower-case hex digits - at `\$.genesis`"),
    "a genesis with 0x": (MAINNET | {"genesis": "0x" + MAINNET["genesis"]}, r"at `\$.genesis`"),
    "a genesis that is a number": (MAINNET | {"genesis": 81}, r"64 lower-case hex digits - at `\$.genesis`"),
    "a live network without": (MAINNET | {"genesis": None}, "only a development network"),
    "an id with a line end": (MAINNET | {"id": "cere\n"}, r"at `\$.id`"),
    "an id that is a path": (MAINNET | {"id": "../cere"}, r"at `\$.id`"),
    "a name that moves the cursor": (MAINNET | {"name": "a\x1b[2J"}, r"at `\$.name`"),
    "a name in letters that look alike": (MAINNET | {"name": "C\u0435re"}, r"at `\$.name`"),
    "a symbol with a space": (MAINNET | {"symbol": "CE RE"}, r"at `\$.symbol`"),
    "a source of nothing": (MAINNET | {"sources": {"prefix": "x"}}, "sources names what is no member"),
    "a source too long": (MAINNET | {"sources": {"ss58": "x" * 201}}, r"at `\$.sources\[...\]`"),
    "one endpoint twice": (MAINNET | {"endpoints": ends("wss://a", "wss://a")}, "one url twice"),
    "too many endpoints": (MAINNET | {"endpoints": ends(*(f"wss://a{n}" for n in range(17)))}, r"at `\$.endpoints`"),
    "a group of capitals": (MAINNET | {"endpoints": [{"url": "wss://a", "group": "A"}]}, r"endpoints\[0\].group"),
    "dev money elsewhere": (DEV | {"endpoints": ends("ws://127.0.0.1", "wss://192.168.1.7")}, "not a loopback address"),
    "dev money behind a name": (DEV | {"endpoints": ends("ws://localhost:9944")}, "not a loopback address"),
}


@pytest.mark.parametrize(("value", "why"), WRONG.values(), ids=WRONG.keys())
def test_wrong_files_are_refused_by_member(value, why):
    """A refusal names the member and what was wanted of it."""
    with pytest.raises(SpecRefused, match=why) as refused:
        ChainSpec.from_file(json.dumps(value).encode())
    assert (refused.value.slug, refused.value.status) == ("chain-spec-refused", 400)


URLS_REFUSED = [
    "", "http://a", "https://a", "wss:/a", "wss://", "WSS://a", "wss://A", "wss://a b", "wss://a\n", "wss://a:0",
    "wss://a:65536", "wss://a:123456", "wss://a:", "wss://u:p@a", "wss://a/p@q", "wss://a/#x", "wss://-a", "wss://a.",
    "wss://a?b", "wss://[::1", "wss://\u0430", " wss://a", "wss://a/\u2028", "wss://" + "a" * 254,
]  # fmt: skip


@pytest.mark.parametrize("url", URLS_REFUSED)
def test_addresses_that_are_refused(url):
    """Another scheme, a name and password, capitals, spaces, and what is never sent: the endpoint is named by place."""
    with pytest.raises(SpecRefused, match=r"endpoints\[1\]"):
        read(MAINNET, endpoints=ends("wss://good", url))


LOCAL = {
    "ws://127.0.0.1:9944": True, "ws://127.9.9.9/x": True, "ws://[::1]:9944": True, "wss://a.b-c:65535/ws?k=v": False,
    "ws://localhost": False, "ws://127.0.0.1.example": False, "ws://10.0.0.1": False, "ws://[fe80::1]": False,
    "ws://0.0.0.0": False, "ws://2130706433": False, "ws://127.1": False,
}  # fmt: skip


@pytest.mark.parametrize(("url", "loopback"), LOCAL.items())
def test_what_is_on_this_machine(url, loopback):
    """Only a literal loopback address is: a name is whatever a resolver says."""
    assert Endpoint(url=url, group="one").loopback is loopback


def test_limits():
    """Sixteen endpoints and 64 KiB are read; white space around counts."""
    most = read(MAINNET, endpoints=ends(*(f"wss://a{n}" for n in range(ENDPOINTS_MAX))))
    assert (len(most.endpoints), most.groups) == (ENDPOINTS_MAX, {"one"})
    assert read(MAINNET, endpoints=[]).groups == frozenset()
    raw = json.dumps(MAINNET).encode()
    assert ChainSpec.from_file(raw.ljust(SPEC_MAX_BYTES)).id == "cere-mainnet"
    with pytest.raises(SpecRefused, match="65537 bytes, where 65536 are the most"):
        ChainSpec.from_file(raw.ljust(SPEC_MAX_BYTES + 1))


@pytest.mark.parametrize(
    "raw",
    [b"", b"{", b"\xff\xfe{}", b"\xef\xbb\xbf{}", b"{" * 40_000, b"[" * 60_000, b'{"id":1.5}', b'{"id":1,"id":2}'],
)
def test_hostile_bytes(raw):
    """What is no JSON of ours is refused like any other wrong file."""
    with pytest.raises(SpecRefused):
        ChainSpec.from_file(raw)


def test_a_refusal_shows_no_control_characters():
    """The name of an unknown member comes from the file: it cannot move a terminal's cursor nor fill a log."""
    with pytest.raises(SpecRefused) as refused:
        read(MAINNET, **{"\x1b[2J" + "x" * 9_000: 1})
    assert str(refused.value).isprintable()
    assert len(str(refused.value)) < 250


@settings(max_examples=100)
@given(st.data())
def test_changed_files_are_refused_or_valid(data):
    """Whatever one changed byte makes of a file, it is refused in words or is a specification that can be written."""
    raw = bytearray(shipped_spec("cere-testnet").to_file())
    raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    try:
        spec = ChainSpec.from_file(bytes(raw))
    except SpecRefused:
        return
    assert ChainSpec.from_file(spec.to_file()) == spec


def test_a_network_without_a_checkpoint_says_how_to_give_one():
    """The fact names the network, and the remedy the three ways."""
    fact = NoAnchor("cere-mainnet", Hash256.parse(MAINNET["genesis"]))
    assert (fact.slug, fact.status, str(fact)) == ("no-anchor", 503, "no checkpoint of cere-mainnet was given")
    for way in ("file", "USB", "QR", "cold key", "docs/specs/checkpoint.md"):
        assert way in fact.remedy


def test_a_spec_is_frozen():
    """Nobody changes a network under another's hands."""
    with pytest.raises(AttributeError):
        shipped_spec("dev").kind = NetworkKind.LIVE
    assert msgspec.structs.fields(ChainSpec)[0].required
