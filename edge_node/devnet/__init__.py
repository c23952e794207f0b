"""A local site for trial: real node and device processes on this machine, and the proof that they kept their word."""

from edge_node.devnet.check import Claim, check_site
from edge_node.devnet.station import run_station
from edge_node.devnet.trial import TrialFault, run_trial

__all__ = ["Claim", "TrialFault", "check_site", "run_station", "run_trial"]
