"""Compiled-in readings against the chain's own codec, real proofs, and bytes of any other form."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_node.base.digests import blake2b_256
from edge_node.base.ids import Hash256
from edge_node.chain_light.layouts import (
    AUTHORITIES,
    CODE,
    NO_ACCOUNT,
    NOW,
    NUMBER,
    PARENT,
    RUNTIME,
    SET_ID,
    WELL_KNOWN_AUTHORITIES,
    Account,
    NoAccount,
    RuntimeUpgrade,
    UnknownLayout,
    account_layout,
)
from edge_node.chain_light.storage_key import storage_key
from edge_node.chain_light.trie_proof import Incomplete, Present, Proof
from edge_node.devnet.pallets import dev_profile, sdk_profile
from edge_node.devnet.pallets.balances import CERE
from edge_node.devnet.runtime.genesis import CODE as CODE_BYTES
from edge_node.devnet.runtime.grandpa_block import ChangeOrder
from edge_node.wire.scale import uint
from tests.chain_light.electorate import electorate, polkadot, vector
from tests.devnet.runtime.stage import ALICE, BOB, VALIDATORS, make_stage

ALL = [AUTHORITIES, CODE, NOW, NUMBER, PARENT, RUNTIME, SET_ID, WELL_KNOWN_AUTHORITIES, account_layout(ALICE.id)]


@pytest.fixture(params=[0, 1], ids=["state version 0", "state version 1"])
def version(request):
    return request.param


@pytest.fixture(params=[sdk_profile, dev_profile], ids=["sdk", "dev-80013"])
def stage(request, version):
    made = make_stage(request.param(version))
    made.ok(ALICE, "Balances", "transfer_keep_alive", dest=BOB.address, value=3 * CERE)
    made.chain.finalize()
    return made


def proved(stage, layout):
    """What a proof at the head shows, read."""
    state = stage.chain.head.state
    found = Proof(state.prove([layout.key])).read(state.root, layout.key)
    return layout.read(found.value if isinstance(found, Present) else None)


def test_the_places_are_the_metadatas(stage):
    """Each key is the one that the runtime's own metadata leads to."""
    item = stage.chain.form.item
    for layout in (NOW, NUMBER, PARENT, RUNTIME, SET_ID, AUTHORITIES):
        assert layout.key == storage_key(item(*layout.name.split(".")))
    assert account_layout(ALICE.id).key == storage_key(item("System", "Account"), ALICE.id)


def test_values_are_those_of_the_chains_codec(stage):
    """Of a proof at the head, in both profiles and both versions of the state."""
    head = stage.chain.head
    assert proved(stage, NUMBER) == head.number == 1
    assert proved(stage, PARENT) == head.header.parent
    assert proved(stage, NOW) == stage.now_ms
    version = stage.chain.form.profile.version
    assert proved(stage, RUNTIME) == RuntimeUpgrade(version.spec_version, version.spec_name)
    assert proved(stage, CODE) == blake2b_256(CODE_BYTES)
    assert proved(stage, SET_ID) == 0
    assert proved(stage, AUTHORITIES) == tuple(one.authority for one in VALIDATORS)
    assert proved(stage, WELL_KNOWN_AUTHORITIES) is None
    for who in (ALICE, BOB):
        found, said = proved(stage, account_layout(who.id)), stage.read("System", "Account", who.id)
        counts = [said[name] for name in ("nonce", "consumers", "providers", "sufficients")]
        assert found == Account(*counts, *(said["data"][name] for name in ("free", "reserved", "frozen")))
    assert proved(stage, account_layout(ALICE.id)).nonce == 1
    assert proved(stage, account_layout(BOB.id)).free == 1_000_003 * CERE


def test_what_is_not_there():
    """An account nobody paid has nothing, counters begin at zero, block 0 has no time; a runtime has to be."""
    assert account_layout(bytes(32)).read(None) == NO_ACCOUNT == (0,) * 7
    assert [layout.read(None) for layout in (NUMBER, SET_ID, NOW, PARENT, AUTHORITIES)] == [0, 0, None, None, None]
    for layout in (RUNTIME, CODE):
        with pytest.raises(UnknownLayout, match="there is none"):
            layout.read(None)


def test_the_set_changes(version):
    """The id counts up with the announcement, as the pallet does it."""
    stage = make_stage(sdk_profile(version))
    stage.chain.schedule(ChangeOrder(electorate(3), 0))
    stage.write()
    stage.write()
    assert (proved(stage, SET_ID), proved(stage, AUTHORITIES)) == (1, electorate(3))


def test_real_state():
    """Polkadot's authorities stand where old runtimes keep them; a real proof of another key tells none of ours."""
    raw = bytes.fromhex(vector("polkadot-justification-302592")["authorities_storage_value"])
    assert WELL_KNOWN_AUTHORITIES.read(raw) == polkadot()[1].authorities
    facts = vector("polkadot-genesis-storage-proof")
    proof, root = Proof.of_scale(bytes.fromhex(facts["proof_scale_vec_of_nodes"])), Hash256.parse(facts["state_root"])
    assert proof.read(root, bytes.fromhex(facts["key"])) == Present(bytes.fromhex(facts["value"]))
    found = {layout.name: proof.read(root, layout.key) for layout in ALL}
    assert not [name for name, one in found.items() if isinstance(one, Present)]
    assert isinstance(found[":code"], Incomplete)


@pytest.mark.parametrize("layout", ALL, ids=lambda layout: layout.name)
def test_other_forms_are_a_fact(layout):
    """One byte more or fewer is another form; the code alone is any bytes."""
    if layout is CODE:
        assert layout.read(b"") == blake2b_256(b"")
        return
    good = {
        "Grandpa.Authorities": b"\x04" + bytes(32) + uint(1, 8), "Timestamp.Now": bytes(8), "System.Number": bytes(4),
        "System.ParentHash": bytes(32), "System.LastRuntimeUpgrade": b"\x04\x04a", "Grandpa.CurrentSetId": bytes(8),
        ":grandpa_authorities": b"\x01\x04" + bytes(32) + uint(1, 8), "System.Account": bytes(80),
    }[layout.name]  # fmt: skip
    layout.read(good)
    for wrong in (good[:-1], good + b"\0", b""):
        with pytest.raises(UnknownLayout) as unknown:
            layout.read(wrong)
        assert unknown.value.item == layout.name


@pytest.mark.parametrize(
    ("layout", "raw"),
    [(AUTHORITIES, b"\0"), (AUTHORITIES, b"\x08" + (bytes(32) + uint(1, 8)) * 2),
     (AUTHORITIES, b"\x04" + bytes(40)), (WELL_KNOWN_AUTHORITIES, b"\x02\x04" + bytes(32) + uint(1, 8)),
     (WELL_KNOWN_AUTHORITIES, b"\x01\0"), (RUNTIME, b"\x04\x04\xff"), (RUNTIME, b"\x01\0\x04a")],
    ids=["nobody", "one twice", "without weight", "another version", "nobody, well known", "no text", "a long number"],
)  # fmt: skip
def test_what_no_runtime_of_ours_writes(layout, raw):
    """It is told, and nothing is made of it."""
    with pytest.raises(UnknownLayout):
        layout.read(raw)


AMOUNTS = st.integers(0, 2**127 - 1)


@given(AMOUNTS, AMOUNTS, AMOUNTS, AMOUNTS)
@settings(max_examples=50)
def test_an_account_of_before_and_after_holds(free, reserved, third, fourth):
    """After: the last field is flags. Before: two kinds of frozen, of which the larger counts. Other flags: unknown."""
    layout = account_layout(bytes(32))
    head = b"".join(uint(number, 4) for number in (1, 2, 3, 4)) + b"".join(uint(x, 16) for x in (free, reserved, third))
    assert layout.read(head + uint(1 << 127, 16)) == Account(1, 2, 3, 4, free, reserved, third)
    assert layout.read(head + uint(fourth, 16)) == Account(1, 2, 3, 4, free, reserved, max(third, fourth))
    with pytest.raises(UnknownLayout, match="flags"):
        layout.read(head + uint(1 << 127 | max(1, fourth), 16))


def test_an_account_is_32_bytes():
    """Anything else names none."""
    for size in (0, 31, 33):
        with pytest.raises(NoAccount):
            account_layout(bytes(size))


def test_a_layout_is_a_value():
    """It can be made for another place and keeps how it is read."""
    assert replace(NUMBER, key=b"x").read(uint(7, 4)) == 7
    assert isinstance(PARENT.read(bytes(32)), Hash256)
