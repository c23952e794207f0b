"""/metrics: what the node counts, gathered when it is asked for, in Prometheus' text form (docs/metrics.md)."""

from collections.abc import Iterator
from ipaddress import IPv6Address, ip_address

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.metrics_core import Metric

from edge_node.base.counters import REGISTRY
from edge_node.base.offload import FILE, offload
from edge_node.gateway.errors import LoopbackOnly
from edge_node.gateway.metric_families import FAMILIES, Moment, Segments, Sources, family_of
from edge_node.gateway.operation import Answer, Auth, Operation
from edge_node.paths import Paths
from edge_node.serving import Request, Response, Router

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
SEGMENT_CLASSES = ("ev", "px", "rc")
_HEADERS = (("content-type", CONTENT_TYPE), ("cache-control", "no-store"))


GET_METRICS = Operation(
    method="GET",
    path="/metrics",
    id="getMetrics",
    about="The node's figures, where the setting http.metrics opens them; to programs of the same machine.",
    auth=Auth.NOTHING,
    answers={200: Answer(about="Prometheus' text form.", type="text/plain", schema={"type": "string"})},
    refusals=("loopback-only",),
)


class Metrics:
    """The scrape. `metrics_response` is what another door mounts; `add_to` opens /metrics to this machine only."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._process = CollectorRegistry()
        ProcessCollector(registry=self._process)

    def add_to(self, router: Router) -> None:
        """Register /metrics, by the setting `http.metrics`."""
        GET_METRICS.mount(router, self.scrape)

    async def scrape(self, request: Request) -> Response:
        """The figures, without a key, for a scraper on this machine; LoopbackOnly for any other."""
        if not is_loopback(request.peer):
            raise LoopbackOnly(request.peer)
        return await self.metrics_response()

    async def metrics_response(self) -> Response:
        """The figures now."""
        return Response(200, _HEADERS, await self.render())

    async def render(self) -> bytes:
        """The exposition, text format 0.0.4."""
        segments = await offload(_look_at, self._sources.paths, limiter=FILE)
        return generate_latest(_Joined(self._process, Moment(self._sources, segments)))


class _Joined:
    """What `generate_latest` wants of a registry: the process-wide counters, this node's figures, the process."""

    def __init__(self, process: CollectorRegistry, moment: Moment) -> None:
        self._process, self._moment = process, moment

    def collect(self) -> Iterator[Metric]:
        yield from (family_of(family, self._moment) for family in FAMILIES)
        yield from REGISTRY.collect()
        yield from self._process.collect()


def is_loopback(peer: str) -> bool:
    """Whether an address is this machine's own; an IPv4 address in IPv6 form counts as what it is."""
    address = ip_address(peer.partition("%")[0])
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return address.is_loopback


def _look_at(paths: Paths) -> dict[str, Segments]:
    """Files and bytes of each segment class; a file that leaves meanwhile is passed over."""
    found = {}
    for name in SEGMENT_CLASSES:
        directory, sizes = paths.segments / name, []
        for path in directory.glob("*.seg") if directory.is_dir() else ():
            try:
                sizes.append(path.stat().st_size)
            except FileNotFoundError:
                continue
        found[name] = Segments(len(sizes), sum(sizes))
    return found
