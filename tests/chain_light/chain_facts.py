"""Endpoints and facts of a client that is well, to change one thing at a time."""

from edge_node.chain_light.staleness import Facts
from edge_node.chain_light.status import EndpointStatus, Verdict


def endpoint(group, *, finalized=100, best=102, verdict=Verdict.USABLE, reason=""):
    """One endpoint's status."""
    return EndpointStatus(
        url=f"ws://{group}.example",
        group=group,
        verdict=verdict,
        reason=reason,
        finalized=finalized,
        best=best,
        latency_ms=2.5,
        asked=3,
        refused=0,
        leads=False,
        banned_until_ms=None,
    )


def facts(**changes):
    """A client that follows at block 100 by two groups."""
    well = {
        "finalized": 100,
        "age_ms": 8_000,
        "stalled_ms": 180_000,
        "still_ms": 4_000,
        "live": True,
        "groups": frozenset({"a", "b"}),
        "endpoints": (endpoint("a"), endpoint("b")),
        "clock": "",
        "disk": "",
        "state": "",
        "forced": None,
        "leads_on": False,
        "lagging_ms": 0,
        "given_up_ms": 1_800_000,
        "last_fault": "",
    }
    return Facts(**(well | changes))
