"""The bounds that hold unless somebody chooses others."""

import dataclasses

from edge_node.chain_light.finality_proof import PROOF_BYTES_MAX
from edge_node.chain_light.sync_policy import USUAL


def test_the_usual_bounds_fit_together():
    """What must be shorter than what, whatever the numbers are."""
    assert USUAL.tick_s < USUAL.poll_s < USUAL.stalled_s < USUAL.given_up_s
    assert USUAL.tick_s < USUAL.asleep_s
    assert USUAL.hop_s < USUAL.stalled_s
    assert USUAL.save_s <= USUAL.stalled_s
    assert USUAL.vouch_s < USUAL.cross_check_s
    assert USUAL.link_headers < USUAL.warp_blocks
    assert USUAL.batch_bytes >= 2 * PROOF_BYTES_MAX


def test_every_bound_is_above_zero():
    """A bound of nothing would be a loop without rest."""
    assert all(getattr(USUAL, one.name) > 0 for one in dataclasses.fields(USUAL))
