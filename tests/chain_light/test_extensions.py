"""Signed extensions: contents by identifier, order by metadata, and what is not known is not signed."""

from dataclasses import replace

import pytest

from edge_node.base.ids import Hash256
from edge_node.chain_light.era import era_at
from edge_node.chain_light.extensions import (
    ChainFacts,
    Terms,
    TermsMissing,
    UnknownExtension,
    read_extra,
    terms_of,
    write_additional,
    write_extra,
)
from edge_node.chain_light.metadata_parts import SignedExtension
from edge_node.chain_light.values import Chosen, ValueMisfit
from edge_node.wire.scale import Scale
from tests.chain_light.runtimes import mini_metadata, mini_parts

PARTS = mini_parts()
MINI = mini_metadata()
FORM = PARTS["extrinsic"]
BY_NAME = {extension.identifier: extension for extension in FORM.extensions}
U32, UNIT = BY_NAME["CheckSpecVersion"].additional, BY_NAME["CheckSpecVersion"].extra
TERMS = Terms(nonce=3, tip=5, era=era_at(1000, 64))
FACTS = ChainFacts(genesis=Hash256(b"g" * 32), spec_version=9, transaction_version=2, era_block=Hash256(b"e" * 32))


def with_extensions(*extensions):
    """The small runtime with other extensions."""
    return mini_metadata(extrinsic=replace(FORM, extensions=extensions))


def test_the_order_is_the_metadatas():
    """The same extensions in another order are other bytes: nothing of the order is ours."""
    assert write_extra(MINI, TERMS).hex() == "8502" + "0c" + "14"
    assert write_additional(MINI, FACTS) == b"\x09\0\0\0" + b"g" * 32 + b"e" * 32
    turned = with_extensions(*reversed(FORM.extensions))
    assert write_extra(turned, TERMS).hex() == "14" + "0c" + "8502"
    assert write_additional(turned, FACTS) == b"e" * 32 + b"g" * 32 + b"\x09\0\0\0"


def test_terms_come_back():
    """What is read of an extrinsic is what its signer decided."""
    scale = Scale(write_extra(MINI, TERMS))
    assert terms_of(read_extra(MINI, scale)) == TERMS
    scale.end()


def test_an_unknown_extension_is_refused_when_it_holds_something():
    """In what is sent, or in what is signed besides; one that holds nothing is harmless."""
    write_extra(with_extensions(SignedExtension("Brand", UNIT, UNIT)), TERMS)
    write_additional(with_extensions(SignedExtension("Brand", UNIT, UNIT)), FACTS)
    with pytest.raises(UnknownExtension, match="Brand"):
        write_extra(with_extensions(SignedExtension("Brand", U32, UNIT)), TERMS)
    with pytest.raises(UnknownExtension, match="Brand"):
        write_additional(with_extensions(SignedExtension("Brand", UNIT, U32)), FACTS)


def test_a_known_extension_of_another_type_is_refused():
    """A genesis hash does not become a number, nor a nonce a hash, because the metadata says so."""
    with pytest.raises(ValueMisfit):
        write_additional(with_extensions(SignedExtension("CheckGenesis", UNIT, U32)), FACTS)
    with pytest.raises(ValueMisfit):
        write_extra(with_extensions(SignedExtension("CheckNonce", BY_NAME["CheckGenesis"].additional, UNIT)), TERMS)


@pytest.mark.parametrize("number", [2**32, -1])
def test_a_nonce_out_of_range_is_refused(number):
    """It is never cut."""
    with pytest.raises(ValueMisfit):
        write_extra(MINI, Terms(nonce=number))


@pytest.mark.parametrize(
    ("extra", "missing"),
    [
        ({}, "nonce"),
        ({"CheckNonce": 1}, "tip"),
        ({"CheckNonce": 1, "ChargeTransactionPayment": ()}, "tip"),
        ({"CheckNonce": 1, "ChargeTransactionPayment": 2}, "era"),
    ],
)
def test_terms_that_are_not_said_are_not_guessed(extra, missing):
    """A chain without a nonce, a tip or an era has no terms that could be read."""
    with pytest.raises(TermsMissing, match=missing):
        terms_of(extra)


def test_older_and_wider_forms_of_terms_are_read():
    """A tip beside an asset, and the era under its older name."""
    extra = {"CheckNonce": 1, "ChargeAssetTxPayment": {"tip": 2, "asset_id": None}, "CheckEra": Chosen("Immortal")}
    assert terms_of(extra) == Terms(nonce=1, tip=2)
