"""All pins: what may be used, what takes it back, and that nothing goes back."""

from contextlib import closing
from dataclasses import replace

import pytest

from edge_node.base.errors import Refusal
from edge_node.base.ids import Hash256, PublicKey
from edge_node.chain_light import metadata_pins
from edge_node.chain_light.chain_db import open_chain_db
from edge_node.chain_light.chain_db_errors import ChainDbUnwritable
from edge_node.chain_light.metadata_bytes import metadata_hash, parse_metadata
from edge_node.chain_light.metadata_check import MalformedMetadata
from edge_node.chain_light.metadata_pin import MetadataPin, Runtime, sign_metadata_pin
from edge_node.chain_light.metadata_pin_errors import (
    MetadataNotPinned,
    PinConflicts,
    PinGoesBack,
    PinNotTrusted,
    PinOfOtherNetwork,
    TooManyPins,
)
from edge_node.chain_light.metadata_pins import KeptPins, MetadataPins, pins_of
from edge_node.chain_light.vouching import Signers, VouchKeys
from edge_node.devnet.pallets import sdk_profile
from edge_node.devnet.runtime.form import Form
from tests.chain_light.test_metadata_pin import GENESIS, KEYS, NOW, OPERATOR, RELEASE, opened

FORM = Form(sdk_profile())
V14, V15 = FORM.written(14), FORM.written(15)
RUNTIME = Runtime(GENESIS, 80_013, Hash256(b"\7" * 32))
PIN = MetadataPin(runtime=RUNTIME, metadata=(metadata_hash(V15),), issued_ms=NOW, counter=1)


def pin(*signers, **changes):
    return sign_metadata_pin(replace(PIN, **changes), signers or RELEASE[:2])


def pins(*raws):
    found = MetadataPins()
    for raw in raws:
        found = found.after(opened(raw, genesis=None))
    return found


def test_pinned_metadata_is_read():
    """And only that: the other version's hash is another one."""
    held = pins(pin())
    assert held.allow(RUNTIME, V15) == parse_metadata(V15)
    with pytest.raises(MetadataNotPinned, match="another hash"):
        held.allow(RUNTIME, V14)
    both = tuple(sorted((metadata_hash(V14), metadata_hash(V15))))
    assert pins(pin(metadata=both)).allow(RUNTIME, V14).pallets == FORM.metadata.pallets


@pytest.mark.parametrize(
    "runtime",
    [RUNTIME._replace(spec_version=80_014), RUNTIME._replace(code=Hash256(bytes(32))),
     RUNTIME._replace(genesis=Hash256(bytes(32)))],
    ids=["another version", "other code", "another chain"],
)  # fmt: skip
def test_another_runtime_has_no_pin(runtime):
    """All three of what a pin names must be those that were proved."""
    with pytest.raises(MetadataNotPinned, match="nobody has said"):
        pins(pin()).allow(runtime, V15)


def test_every_changed_byte_is_refused_before_it_is_read():
    """An endpoint with permuted indexes, or fields, or a bomb, does not get as far as the parser."""
    held = pins(pin())
    for raw in (V15[:-1], V15 + b"\0", b"", b"meta\x0f" + b"\xff" * 2_000_000, *(
        V15[:place] + bytes((V15[place] ^ 1,)) + V15[place + 1 :] for place in range(0, len(V15), 997)
    )):  # fmt: skip
        with pytest.raises(MetadataNotPinned):
            held.allow(RUNTIME, raw)


def test_pinned_nonsense_is_still_refused():
    """A signature on bytes makes no metadata of them."""
    junk = b"meta\x0fjunk"
    with pytest.raises(Refusal) as refused:
        pins(pin(metadata=(metadata_hash(junk),))).allow(RUNTIME, junk)
    assert not isinstance(refused.value, MetadataNotPinned)
    with pytest.raises(MalformedMetadata):
        pins(pin(metadata=(metadata_hash(b"atem"),))).allow(RUNTIME, b"atem")


def test_a_newer_word_takes_the_place_of_the_one_before():
    """Of the same signers and the same runtime, and of no others."""
    wrong = pin(metadata=(metadata_hash(V14),))
    held = pins(wrong, pin(counter=2))
    held.require(RUNTIME, metadata_hash(V15))
    with pytest.raises(MetadataNotPinned):
        held.require(RUNTIME, metadata_hash(V14))
    other = RUNTIME._replace(spec_version=1)
    held = held.after(opened(pin(runtime=other)))
    assert [one.pin.runtime.spec_version for one in held.listed()] == [1, 80_013]
    assert len(held) == 2


def test_nothing_goes_back():
    """A lower counter, the same counter with other words; the same words again are nothing new."""
    held = pins(pin(counter=5))
    with pytest.raises(PinGoesBack, match="its counter is 4, and 5"):
        held.after(opened(pin(counter=4)))
    with pytest.raises(PinConflicts):
        held.after(opened(pin(counter=5, metadata=())))
    assert held.after(opened(pin(counter=5))).listed() == held.listed()
    held.after(opened(pin(OPERATOR, counter=1)))  # who counts for themselves


@pytest.mark.parametrize(
    ("first", "second"), [(RELEASE[:2], [OPERATOR]), ([OPERATOR], RELEASE[:2])], ids=["operator", "release"]
)
def test_either_can_take_a_runtime_back(first, second):
    """Whoever vouched for it: and with a newer word, who took it back vouches again."""
    held = pins(pin(*first), pin(*second, metadata=()))
    with pytest.raises(MetadataNotPinned, match="taken back"):
        held.require(RUNTIME, metadata_hash(V15))
    held.after(opened(pin(*second, counter=2))).require(RUNTIME, metadata_hash(V15))


def test_each_vouches_for_its_own():
    """What one does not name the other may."""
    held = pins(pin(), pin(OPERATOR, metadata=(metadata_hash(V14),)))
    for raw in (V14, V15):
        held.require(RUNTIME, metadata_hash(raw))
    assert held.hashes(RUNTIME) == {metadata_hash(V14), metadata_hash(V15)}


def test_there_is_a_bound(monkeypatch):
    """One more runtime is refused; a newer word for one that is there is not."""
    monkeypatch.setattr(metadata_pins, "PINS_MAX", 2)
    held = pins(pin(), pin(OPERATOR))
    with pytest.raises(TooManyPins):
        held.after(opened(pin(runtime=RUNTIME._replace(spec_version=1))))
    held.after(opened(pin(counter=2)))


@pytest.fixture
def db(tmp_path):
    with closing(open_chain_db(tmp_path / "chain.db")) as opened_db:
        yield opened_db


def test_pins_are_kept(db):
    """What is accepted is there after a restart; what it takes the place of is not."""
    kept = KeptPins(db, KEYS, GENESIS)
    assert len(kept.load()) == 0
    kept.accept(pin(), now_ms=NOW)
    kept.accept(pin(), now_ms=NOW)
    newer = kept.accept(pin(counter=2, metadata=()), now_ms=None)
    kept.accept(pin(OPERATOR), now_ms=NOW)
    again = KeptPins(db, KEYS, GENESIS)
    assert again.load().listed() == kept.current.listed()
    assert (again.passed_over, db.pins()[0]) == ((), [newer.raw, pin(OPERATOR)])


def test_what_is_refused_changes_nothing(db):
    """Neither in memory nor in the file."""
    kept = KeptPins(db, KEYS, GENESIS)
    kept.accept(pin(counter=2), now_ms=NOW)
    elsewhere = pin(counter=3, runtime=RUNTIME._replace(genesis=Hash256(bytes(32))))
    for raw, why in (
        (pin(), PinGoesBack),
        (pin(RELEASE[0]), PinNotTrusted),
        (pin(counter=2, metadata=()), PinConflicts),
        (elsewhere, PinOfOtherNetwork),
    ):
        with pytest.raises(why):
            kept.accept(raw, now_ms=NOW)
    db._conn.execute("PRAGMA query_only = 1")
    with pytest.raises(ChainDbUnwritable):
        kept.accept(pin(counter=3), now_ms=NOW)
    assert [one.pin.counter for one in kept.current.listed()] == [2]
    assert [one.pin.counter for one in KeptPins(db, KEYS, GENESIS).load().listed()] == [2]


def test_keys_judge_anew_at_each_start(db):
    """A pin of an operator whose key is no longer trusted is passed over and named, and so is a damaged one."""
    kept = KeptPins(db, KEYS, GENESIS)
    kept.accept(pin(OPERATOR), now_ms=NOW)
    kept.accept(pin(), now_ms=NOW)
    db._conn.execute("UPDATE pins SET digest = x'00' WHERE id = 2")
    later = KeptPins(db, VouchKeys(release=KEYS.release, operator=PublicKey(bytes(32))), GENESIS)
    assert len(later.load()) == 0
    assert later.passed_over[0] == "pin 2: it is damaged"
    assert later.passed_over[1].startswith("a pin is not believed: of the release")


def test_pins_of_documents_in_any_order():
    """The newest of each holds; another network's are not this one's, and nothing to speak of."""
    elsewhere = pin(runtime=RUNTIME._replace(genesis=Hash256(bytes(32))))
    raws = [pin(counter=3), pin(), elsewhere, pin(counter=2, metadata=()), pin(OPERATOR)]
    for order in (raws, raws[::-1]):
        held, refused = pins_of(order, KEYS, GENESIS)
        assert [(one.by, one.pin.counter) for one in held.listed()] == [(Signers.OPERATOR, 1), (Signers.RELEASE, 3)]
        assert refused == []
    held, refused = pins_of([pin(), pin(metadata=())], KEYS, GENESIS)
    assert len(held) == 1
    assert refused == ["a pin is not believed: a different one with counter 1 was accepted before"]
