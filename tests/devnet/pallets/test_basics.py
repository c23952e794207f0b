"""The shared types, at the places clients depend on."""

from edge_node.devnet.pallets.basics import TYPES


def arms(name):
    """Variants of a shared enum, by name."""
    return {arm.name: arm.index for arm in TYPES[name].arms}


def test_an_address_is_an_account_or_an_index():
    """MultiAddress of 32-byte accounts."""
    assert arms("MultiAddress") == {"Id": 0, "Index": 1, "Raw": 2, "Address32": 3, "Address20": 4}


def test_what_clients_look_up_by_parameter_has_parameters():
    """polkadot-js takes the kind of account from MultiAddress's first."""
    assert [(one.name, one.type) for one in TYPES["MultiAddress"].params] == [
        ("AccountId", "AccountId"), ("AccountIndex", "u32"),
    ]  # fmt: skip


def test_a_signature_says_its_kind():
    """0 ed25519, 1 sr25519, 2 ecdsa."""
    assert arms("MultiSignature") == {"Ed25519": 0, "Sr25519": 1, "Ecdsa": 2}


def test_an_era_has_a_variant_for_each_first_byte():
    """256 variants, immortal first."""
    assert len(arms("Era")) == 256
    assert arms("Era")["Immortal"] == 0
    assert arms("Era")["Mortal255"] == 255


def test_digest_items_have_the_indexes_of_headers():
    """Other 0, then 4, 5, 6 and 8."""
    assert arms("DigestItem") == {
        "Other": 0, "Consensus": 4, "Seal": 5, "PreRuntime": 6, "RuntimeEnvironmentUpdated": 8,
    }  # fmt: skip


def test_a_dispatch_error_names_its_module_at_three():
    """Clients read module errors by this index."""
    assert arms("DispatchError")["Module"] == 3
    assert arms("DispatchError")["Token"] == 7
    assert arms("TokenError")["NotExpendable"] == 8
