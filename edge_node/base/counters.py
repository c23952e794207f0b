"""What the node counts about itself, in process; a door that exports it is wired elsewhere."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics

# A sample more for every counter would say no more than the process's start time.
disable_created_metrics()  # type: ignore[no-untyped-call]  # prometheus_client leaves it untyped
REGISTRY = CollectorRegistry(auto_describe=True)

REFUSALS = Counter("edge_node_refusals", "Requests refused, by problem slug.", ["slug"], registry=REGISTRY)
LOOP_LATENESS = Gauge(
    "edge_node_loop_lateness_seconds", "How late the event loop woke when it was last looked at.", registry=REGISTRY
)
LOOP_DELAYS = Histogram(
    "edge_node_loop_delay_seconds",
    "How late the event loop woke, looked at twice a second.",
    registry=REGISTRY,
    buckets=(0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5),
)
COMMIT_SECONDS = Histogram(
    "edge_node_commit_seconds",
    "Append, sync and index of a round.",
    registry=REGISTRY,
    buckets=(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
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
