"""What the server counts about its connections."""

from prometheus_client import Counter

from edge_node.base.counters import REGISTRY

CONNECTIONS_REFUSED = Counter(
    "edge_node_http_connections_refused", "Connections closed at once: too many.", registry=REGISTRY
)
CONNECTIONS_EXPIRED = Counter(
    "edge_node_http_connections_expired", "Connections or waits ended by their deadline.", registry=REGISTRY
)
CONNECTIONS_BROKEN = Counter(
    "edge_node_http_connections_broken", "Connections ended by an error of ours.", registry=REGISTRY
)
REQUESTS_BROKEN = Counter(
    "edge_node_http_requests_broken", "Requests answered with 500, or cut, by an error of ours.", registry=REGISTRY
)
HANDSHAKES_REFUSED = Counter(
    "edge_node_tls_handshakes_refused", "TLS handshakes that did not come about.", registry=REGISTRY
)
ACCEPTS_DELAYED = Counter(
    "edge_node_accepts_delayed", "Pauses of an accept loop for want of descriptors or memory.", registry=REGISTRY
)
CALLS_BROKEN = Counter(
    "edge_node_calls_broken", "Remote calls answered with INTERNAL, or cut, by an error of ours.", registry=REGISTRY
)
CALLS_REFUSED = Counter(
    "edge_node_calls_refused", "Streams refused before they were looked at: too many, or stopping.", registry=REGISTRY
)
CALLS_RESET = Counter("edge_node_calls_reset", "Calls that their client gave up.", registry=REGISTRY)
