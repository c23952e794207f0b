"""What the node counts about itself, in process; a door that exports it is wired elsewhere."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

REGISTRY = CollectorRegistry(auto_describe=True)

REFUSALS = Counter("edge_node_refusals", "Requests refused, by problem slug.", ["slug"], registry=REGISTRY)
LOOP_LATENESS = Gauge("edge_node_loop_lateness_seconds", "How late the event loop woke.", registry=REGISTRY)
COMMIT_SECONDS = Histogram("edge_node_commit_seconds", "Append, sync and index of a round.", registry=REGISTRY)
COMMIT_RECORDS = Histogram(
    "edge_node_commit_records", "Records in a round.", registry=REGISTRY, buckets=(1, 4, 16, 64, 256, 1024)
)
LOG_DAMAGES = Counter(
    "edge_node_log_damages", "Damaged stretches of the log met at a start.", ["cause"], registry=REGISTRY
)


def refusals(slug: str) -> int:
    """How often `slug` was the reason of a refusal since the process started."""
    value = REGISTRY.get_sample_value("edge_node_refusals_total", {"slug": slug})
    return int(value or 0)
