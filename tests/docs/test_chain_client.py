"""The page on the chain client names every state, and the bounds that the code has."""

import re
from pathlib import Path

from edge_node.chain_light.anchor_keeper import HISTORY_MAX, RECENT_MAX, UNSAVED_MAX
from edge_node.chain_light.following import INBOX
from edge_node.chain_light.hand_offs import PROBES_MAX
from edge_node.chain_light.status import ChainState
from edge_node.chain_light.sync_policy import USUAL
from edge_node.chain_light.warping import HINTS_BATCH

PAGE = (Path(__file__).parents[2] / "docs/specs/chain-client.md").read_text()


def test_every_state_has_its_row():
    """In the table of states, each once, and no other."""
    rows = re.findall(r"^\| ([a-z-]+) \| ", PAGE.split("## States")[1].split("\n## ")[0], re.MULTILINE)
    assert sorted(rows) == sorted([*(str(state) for state in ChainState), "state"])


def test_the_bounds_are_those_of_the_code():
    """A number that is changed there is changed here."""
    for words in (
        f"at most every {USUAL.save_s:.0f} s",
        f"more than {USUAL.warp_blocks} blocks behind",
        f"older than {USUAL.stalled_s / 60:.0f} min",
        f"for {USUAL.given_up_s / 60:.0f} min two groups",
        f"by more than {USUAL.jump_s:.0f} s",
        f"also every {USUAL.cross_check_s / 60:.0f} min, and every {USUAL.vouch_s:.0f} s",
        f"({USUAL.link_headers} at most)",
        f"Every {USUAL.poll_s:.0f} s whoever claims",
        f"up to {PROBES_MAX} heights a round, in\n   batches of {HINTS_BATCH}",
        f"{USUAL.batch} proofs are verified in one hop",
        f"One question {USUAL.hop_s:.0f} s; one endpoint leads a warp for at most {USUAL.warp_s / 60:.0f} min",
        f"{INBOX} pushed justifications wait",
        f"{HISTORY_MAX}\npoints of history, {RECENT_MAX} hashes, {UNSAVED_MAX} hand-offs",
    ):
        assert words in PAGE, words
