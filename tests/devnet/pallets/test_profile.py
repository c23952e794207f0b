"""The profiles: which pallets they have, and how they differ."""

import pytest

from edge_node.devnet.pallets import PROFILES, NoSuchProfile, dev_profile, profile_named, sdk_profile


def test_both_have_the_pallets_at_their_indexes():
    """As on the real lines, with the pallets left out that this chain does not have."""
    for profile in PROFILES.values():
        assert {pallet.name: pallet.index for pallet in profile.pallets} == {
            "System": 0, "Utility": 1, "Babe": 2, "Timestamp": 3, "Balances": 6, "TransactionPayment": 7,
            "Grandpa": 11, "Sudo": 14, "DdcStaking": 35, "DdcCustomers": 36, "DdcNodes": 37, "DdcClusters": 38,
        }  # fmt: skip


def test_the_later_line_says_its_version():
    """Signatures cover it."""
    assert (dev_profile().version.spec_version, dev_profile().version.transaction_version) == (80_013, 27)
    assert sdk_profile().version.spec_version != 80_013


def test_the_state_version_is_told_in_the_runtime_version():
    """0 unless asked for."""
    assert profile_named("sdk").state_version == 0
    (version,) = (one for one in sdk_profile(1).pallet("System").constants if one.name == "Version")
    assert version.value["system_version"] == 1


def test_an_unknown_name_is_refused_with_those_there_are():
    """A typing error is told apart from a missing line."""
    with pytest.raises(NoSuchProfile, match="sdk, dev-80013"):
        profile_named("main")
