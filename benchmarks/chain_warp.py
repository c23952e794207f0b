"""A warp proof of 100 fragments between sets of 100, from bytes to the new anchor: CPU seconds of one thread.

Its votes are exactly those that the threshold takes, 67 a fragment, and each fragment announces the next set. The
baseline is PyNaCl's bare verification of the same votes.
"""

from benchmarks._finality import bare, measured, warp_proof
from benchmarks.frame import Case, Options, emit, interleave, machine, per_cpu, read_options, rounded
from edge_node.chain_light.warp import verify_warp

FRAGMENTS, AUTHORITIES = 100, 100
CPU_S_MAX = 1.2


def measure(options: Options) -> list[Case]:
    anchor, raw, justifications = warp_proof(FRAGMENTS, AUTHORITIES)
    votes = sum(len(justification.precommits) for justification in justifications)

    def ours() -> int:
        outcome = verify_warp(anchor, raw, fragments_max=FRAGMENTS)
        assert outcome.finished
        assert outcome.anchor.voters.id == FRAGMENTS
        return votes

    theirs = bare(justifications)
    runs = interleave({"ours": lambda: measured(ours, 1), "bare": lambda: measured(theirs, 1)}, options.runs)
    taken, base = (votes / per_cpu(runs[name]) for name in ("ours", "bare"))
    return [
        Case(
            name="chain_warp", case=f"{FRAGMENTS} fragments of {AUTHORITIES} authorities", value=rounded(taken),
            unit="s of CPU", baseline="PyNaCl's bare verification of the same votes", baseline_value=rounded(base),
            ratio=rounded(taken / base), per_cpu_s=rounded(FRAGMENTS / taken),
            promise=f"at most {CPU_S_MAX} s of CPU", met=taken <= CPU_S_MAX, runs=options.runs,
            conditions=f"{machine()}; {len(raw)} bytes, {votes} votes",
        )
    ]  # fmt: skip


def main() -> None:
    options = read_options()
    emit(measure(options), options)


if __name__ == "__main__":
    main()
