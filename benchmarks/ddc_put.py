"""A raw piece of 128 MiB stored by the npm SDK, on the disk when it is answered, against a server in memory."""

from functools import partial

from benchmarks._ddc import BASELINE, baseline, node
from benchmarks.frame import Case, Options, disk, emit, interleave, machine, read_options, scratch
from edge_node.base.limits import MIB

SIZE = 128 * MIB


def measure(options: Options) -> list[Case]:
    with scratch(on_disk=True) as directory, node(directory) as (_, ours), baseline(directory) as theirs:
        for contender in (ours, theirs):
            contender.put(SIZE)  # imports, compilers, the first segment: not counted
        contenders = {"ours": partial(ours.measure_put, SIZE), "theirs": partial(theirs.measure_put, SIZE)}
        measured = interleave(contenders, options.runs)
    against = partial(
        Case.against,
        name="ddc_put",
        unit="MiB",
        ours=measured["ours"],
        baseline=BASELINE,
        theirs=measured["theirs"],
        conditions=f"{machine()}; {disk()}; one piece of 128 MiB a run",
    )
    promise = "at least 25 MiB/s and 20 % of the baseline"
    return [
        against(case="on the wall", on_the_wall=True, promise=promise, rate_min=25, ratio_min=0.20),
        against(case="per CPU second of the server"),
    ]


def main() -> None:
    options = read_options()
    emit(measure(options), options)


if __name__ == "__main__":
    main()
