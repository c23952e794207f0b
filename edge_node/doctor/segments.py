"""The log's segments: whole as far as headers, footers and last records tell, or, with `--deep`, to the last byte."""

from collections.abc import Sequence
from functools import partial

from edge_node.base.errors import EdgeNodeError
from edge_node.doctor.finding import Finding, bad, in_bytes, ok, warn
from edge_node.doctor.site import Site, remedy_of
from edge_node.journal import (
    Database,
    Inspection,
    OsFiles,
    SegmentState,
    inspect_database,
    inspect_segments,
    require_layout,
)

TOLD_MAX = 20  # faults told one by one; a disk that died has thousands
_LOST = (
    "Copy the directory before anything else. Reads of what lay there are refused, all else works; fetch lost pieces"
    " from another holder, and look at the disk (`smartctl -a`)."
)
_MENDED = "Nothing to do by hand: the next start of the node does it."


def probe_segments(site: Site) -> list[SegmentState]:
    """Look at every segment; with `deep` read all of it."""
    require_layout(site.paths)
    index = inspect_database(site.paths.index_db, Database.INDEX, lambda: True)
    return inspect_segments(
        Inspection(
            files=OsFiles(), paths=site.paths, applied=index.applied, running=site.running, deep=site.deep,
            progress=partial(site.progress, "segments"),
        )
    )  # fmt: skip


def judge_segments(states: Sequence[SegmentState], *, deep: bool) -> list[Finding]:
    """A finding per fault, and one over all."""
    faults = [(state, fault) for state in states for fault in state.faults]
    told = [
        (bad if fault.lost else warn)(
            "segments.damage" if fault.lost else "segments.unfinished", f"{state.name}: {fault.what}",
            _LOST if fault.lost else _MENDED, segment=state.name,
        )
        for state, fault in faults[:TOLD_MAX]
    ]  # fmt: skip
    lost = sum(fault.lost for _, fault in faults)
    if len(faults) > TOLD_MAX:
        rest = faults[TOLD_MAX:]
        grave = any(fault.lost for _, fault in rest)
        said = f"{len(rest)} more places"
        told.append(bad("segments.damage", said, _LOST) if grave else warn("segments.unfinished", said, _MENDED))
    figures = _figures(states) | {"damages": lost}
    files = f"{len(states)} segments, {in_bytes(sum(state.size for state in states))}"
    if lost:
        return [
            *told,
            bad("segments.log", f"{files}: {lost} places may have taken acknowledged records", _LOST, **figures),
        ]
    how = (
        f"every byte re-read, {figures['records']} records match their digests"
        if deep
        else "headers, footers and last records are sound"
    )
    return [*told, ok("segments.log", f"{files}: {how}", **figures)]


def _figures(states: Sequence[SegmentState]) -> dict[str, int]:
    return {
        "segments": len(states),
        "bytes": sum(state.size for state in states),
        "records": sum(state.records for state in states),
    }


def check_segments(site: Site) -> list[Finding]:
    """Probe and judge."""
    began = site.clock.monotonic_s()
    try:
        states = probe_segments(site)
    except EdgeNodeError as error:
        return [bad("segments.log", str(error), remedy_of(error))]
    found = judge_segments(states, deep=site.deep)
    found[-1].facts["took_ms"] = int((site.clock.monotonic_s() - began) * 1_000)
    return found
