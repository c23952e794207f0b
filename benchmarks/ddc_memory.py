"""How much a node's memory grows while four writers of the npm SDK store 1 GiB in pieces of 128 MiB."""

from benchmarks._ddc import node, watching
from benchmarks.frame import Case, Options, disk, emit, machine, read_options, rounded, scratch
from edge_node.base.limits import KIB, MIB

SIZE, WRITERS = 128 * MIB, 4
GROWTH_MAX_MIB = 64


def measure(options: Options) -> list[Case]:
    # A smaller load: less of everything, but as many at a time.
    count, size = (4, SIZE // 2) if options.quick else (8, SIZE)
    with scratch(on_disk=True) as directory, node(directory) as (place, ours):
        ours.put(10 * KIB)  # what the first call loads is no growth
        with watching(place) as peak:
            measured, _ = ours.measure("load.puts", count * size / MIB, count=count, size=size, writers=WRITERS)
    growth = peak.growth_mib
    conditions = (
        f"{machine()}; {disk()}; {count} pieces of {size // MIB} MiB, {WRITERS} at a time; from"
        f" {peak.before // MIB} MiB, sampled every 20 ms; {measured.per_wall_s:.0f} MiB/s"
    )
    return [
        Case(
            name="ddc_memory",
            case="growth of RSS",
            value=rounded(growth),
            unit="MiB",
            per_cpu_s=rounded(measured.per_cpu_s),
            promise=f"at most {GROWTH_MAX_MIB} MiB",
            met=growth <= GROWTH_MAX_MIB,
            runs=1,
            conditions=conditions,
        )
    ]


def main() -> None:
    options = read_options()
    emit(measure(options), options)


if __name__ == "__main__":
    main()
