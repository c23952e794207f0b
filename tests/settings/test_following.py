"""The section of the chain: what its types let through."""

import msgspec
import pytest

from edge_node.settings.following import ChainSettings


def test_no_chain_is_followed_unless_somebody_says_so() -> None:
    """Neither a network nor a file, and nobody but the release is believed."""
    chain = ChainSettings()
    assert (chain.network, chain.spec_file, chain.operator_key, chain.endpoints) == ("", "", "", ())


@pytest.mark.parametrize(
    ("field", "good", "wrong"),
    [
        ("network", "cere-mainnet", "Cere"),
        ("network", "", "a" * 33),
        ("spec_file", "/etc/chain.json", "chain.json"),
        ("checkpoint_file", "/media/usb/checkpoint.txt", "checkpoint.txt"),
        ("operator_key", "0f" * 32, "0F" * 32),
        ("operator_key", "", "0f" * 31),
        ("stalled_s", 2, 1),
        ("stalled_s", 86_400, 86_401),
    ],
)
def test_forms_hold(field: str, good: str | int, wrong: str | int) -> None:
    """What is taken, and what is not."""
    assert getattr(msgspec.convert({field: good}, ChainSettings), field) == good
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({field: wrong}, ChainSettings)
