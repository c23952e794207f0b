"""A sentence and its truth, as they go from one process to the other."""

import msgspec

from edge_node.devnet.claim import Claim


def test_a_claim_survives_the_way_to_the_trial() -> None:
    """The check writes JSON, the trial reads it."""
    claim = Claim("4 of 4 are stored", holds=True)
    assert msgspec.json.decode(msgspec.json.encode(claim), type=Claim) == claim
