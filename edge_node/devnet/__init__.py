"""A local site for trial: real node and device processes on this machine, and the proof that they kept their word."""

from edge_node.devnet.chain_program import ChainOptions, ChainPlace, run_chain
from edge_node.devnet.check import check_site
from edge_node.devnet.claim import Claim
from edge_node.devnet.show import run_show
from edge_node.devnet.station import EASY, LOAD, run_station
from edge_node.devnet.trial import TrialFault, run_trial

__all__ = [
    "EASY",
    "LOAD",
    "ChainOptions",
    "ChainPlace",
    "Claim",
    "TrialFault",
    "check_site",
    "run_chain",
    "run_show",
    "run_station",
    "run_trial",
]
