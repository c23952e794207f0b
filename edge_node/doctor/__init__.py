"""The examination of one node: evidence, a verdict and a remedy for each thing it stands on; nothing is changed."""

from edge_node.doctor.examination import CHECKS, Report, examine, report_unloadable
from edge_node.doctor.finding import Finding, Verdict
from edge_node.doctor.segments import probe_segments
from edge_node.doctor.site import Holder, Site, kept_from_starting
from edge_node.doctor.versions import probe_versions

__all__ = [
    "CHECKS",
    "Finding",
    "Holder",
    "Report",
    "Site",
    "Verdict",
    "examine",
    "kept_from_starting",
    "probe_segments",
    "probe_versions",
    "report_unloadable",
]
