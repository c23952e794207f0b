"""Pieces of 10 KiB by the npm SDK, sixteen at a time: durable puts and verified gets a second."""

from functools import partial
from typing import Any

from benchmarks._ddc import Contender, node
from benchmarks.frame import Case, Measure, Options, disk, emit, interleave, machine, read_options, scratch
from edge_node.base.limits import KIB

SIZE, IN_PARALLEL = 10 * KIB, 16


def measure(options: Options) -> list[Case]:
    count = 500 if options.quick else 3_000
    with scratch(on_disk=True) as directory, node(directory) as (_, ours):
        _put(ours, 200)  # imports, compilers, the first segment: not counted
        stored: list[list[str]] = []

        def put() -> Measure:
            measured, cids = _put(ours, count)
            stored.append(cids)
            return measured

        def get() -> Measure:
            return ours.measure("load.gets", count, cids=stored[-1], readers=IN_PARALLEL)[0]

        measured = interleave({"puts": put, "gets": get}, options.runs)
    alone = partial(
        Case.alone,
        name="ddc_small",
        conditions=f"{machine()}; {disk()}; {count} pieces of 10 KiB a run, {IN_PARALLEL} at a time on one channel",
    )
    promises: tuple[tuple[str, int], ...] = (("puts", 250), ("gets", 400))
    return [
        alone(case=unit, unit=unit, ours=measured[unit], promise=f"at least {rate} a second", rate_min=rate)
        for unit, rate in promises
    ]


def _put(contender: Contender, count: int) -> tuple[Measure, Any]:
    measured, facts = contender.measure("load.puts", count, count=count, size=SIZE, writers=IN_PARALLEL)
    return measured, facts["results"]


def main() -> None:
    options = read_options()
    emit(measure(options), options)


if __name__ == "__main__":
    main()
