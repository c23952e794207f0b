"""A raw piece of 128 MiB read by the npm SDK with acknowledgements, every byte checked, against a server in memory."""

from functools import partial

from benchmarks._ddc import BASELINE, Contender, baseline, node
from benchmarks.frame import Case, Measure, Options, disk, emit, interleave, machine, read_options, scratch
from edge_node.base.limits import MIB

SIZE = 128 * MIB


def measure(options: Options) -> list[Case]:
    with scratch(on_disk=True) as directory, node(directory) as (_, ours), baseline(directory) as theirs:
        contenders = {"ours": _reader(ours), "theirs": _reader(theirs)}
        measured = interleave(contenders, options.runs)
    against = partial(
        Case.against,
        name="ddc_get",
        unit="MiB",
        ours=measured["ours"],
        baseline=BASELINE,
        theirs=measured["theirs"],
        conditions=f"{machine()}; {disk()}, page cache warm; one piece of 128 MiB a run",
    )
    promise = "at least 70 MiB/s and 28 % of the baseline"
    return [
        against(case="on the wall", on_the_wall=True, promise=promise, rate_min=70, ratio_min=0.28),
        against(case="per CPU second of the server"),
    ]


def _reader(contender: Contender) -> "partial[Measure]":
    cid = contender.put(SIZE)
    contender.measure_get(cid, SIZE)  # imports, compilers, the page cache: not counted
    return partial(contender.measure_get, cid, SIZE)


def main() -> None:
    options = read_options()
    emit(measure(options), options)


if __name__ == "__main__":
    main()
