"""docs/metrics.md: every metric family the node exposes, from its declaration."""

import importlib
import pkgutil
from collections.abc import Iterator
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, ProcessCollector

import edge_node
from edge_node.base.counters import REGISTRY
from edge_node.gateway.metric_families import FAMILIES

HEADING = """# Metrics

Made by `make docs` from the declarations in the code; a test fails when it is stale.

Prometheus' text form 0.0.4. `GET /v1/metrics` on the control and view sockets always; `GET /metrics` on the HTTP doors
with `http.metrics = true`, without a key and for programs of the same machine only (a reverse proxy on this machine is
one of them: let it not pass this path on). Figures are gathered when they are asked for; totals begin at 0 with the
process. Every label has a small, fixed set of values: problem slugs, rooms, status codes; never a stream, device or
address.

"""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the page."""

    name: str
    kind: str
    labels: tuple[str, ...]
    about: str


def rows() -> list[Row]:
    """Every family: those of the process-wide registry, those of a node's rooms, those of the process."""
    load_everything()
    found = [Row(one.name, one.kind, one.labels, one.about) for one in FAMILIES]
    found += [*_registered()]
    process = CollectorRegistry()
    ProcessCollector(registry=process)
    found += [Row(_full(one.name, one.type), one.type, (), one.documentation) for one in process.collect()]
    return sorted(found, key=lambda row: row.name)


def render() -> str:
    """The page."""
    lines = [HEADING, "| metric | type | labels | meaning |\n|---|---|---|---|\n"]
    for row in rows():
        labels = ", ".join(f"`{label}`" for label in row.labels)
        lines.append(f"| `{row.name}` | {row.kind} | {labels} | {row.about} |\n")
    return "".join(lines)


def load_everything() -> None:
    """Import every module of the product: a counter or refusal that nobody loads would be left out."""
    for module in pkgutil.walk_packages(edge_node.__path__, "edge_node."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)


def _registered() -> Iterator[Row]:
    for collector in dict.fromkeys(REGISTRY._collector_to_names):  # noqa: SLF001 - label names have no other door
        labels = tuple(getattr(collector, "_labelnames", ()))
        for one in collector.collect():
            yield Row(_full(one.name, one.type), one.type, labels, one.documentation)


def _full(name: str, kind: str) -> str:
    return f"{name}_total" if kind == "counter" else name
