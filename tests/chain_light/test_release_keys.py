"""The release's keys: three or none, and never one that everybody has."""

from edge_node.chain_light.release_keys import RELEASE_KEYS
from edge_node.chain_light.vouching import RELEASE_THRESHOLD
from edge_node.trust.dev_keys import DEV_KEYS


def test_there_are_enough_to_lose_one_or_none() -> None:
    """Two of three sign; a release that has fewer would believe nobody, which is what none says openly."""
    assert len(RELEASE_KEYS) == 0 or len(RELEASE_KEYS) > RELEASE_THRESHOLD


def test_none_of_them_is_everybodys() -> None:
    """A development key in a release would vouch for anything."""
    assert not RELEASE_KEYS & DEV_KEYS.keys()
