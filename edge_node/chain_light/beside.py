"""A checkpoint's own chain, followed beside the anchor until it is as far: nothing of it is kept or told before."""

from collections.abc import Sequence

from edge_node.chain_light.anchor import Anchor
from edge_node.chain_light.proof_steps import Step

STEPS_MAX = 512  # hand-offs to keep once it is as far; older ones are on the chain again


class Beside:
    """A track (sync_ports) in memory alone. `steps` are the hand-offs, and the last step."""

    def __init__(self, anchor: Anchor) -> None:
        self.anchor = anchor
        self.steps: list[Step] = []

    async def take(self, steps: Sequence[Step], source: str) -> None:
        """See Track."""
        del source
        if not steps or steps[0].before != self.anchor:
            return
        self.anchor = steps[-1].after
        handed_over = [step for step in (*self.steps, *steps[:-1]) if step.is_hand_off]
        self.steps = [*handed_over[-STEPS_MAX:], steps[-1]]
