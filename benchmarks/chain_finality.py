"""Justifications of 100 and of 667 votes, from bytes to a verdict, against PyNaCl's bare verification of them.

Every vote is needed: the sets are of 149 and of 1,000, in which so many are exactly the threshold. A justification
with more votes costs no more, since counting ends there.
"""

from benchmarks._finality import bare, justified, measured, set_that_needs
from benchmarks.frame import Case, Measure, Options, emit, interleave, machine, per_cpu, read_options, rounded
from edge_node.base.ids import Hash256
from edge_node.chain_light.grandpa import decode_justification, encode_justification, verify_justification
from edge_node.chain_light.header import Header

HEADER = Header(Hash256(bytes(32)), 26_629_221, Hash256(bytes(32)), Hash256(bytes(32)))
SLOWER_MAX = 1.3
VOTES_A_RUN = 20_000  # a second


def measure(options: Options) -> list[Case]:
    return [_against_bare(votes, options) for votes in (100, 667)]


def _against_bare(votes: int, options: Options) -> Case:
    voters = set_that_needs(votes)
    justification = justified(HEADER, voters.id, range(votes))
    raw, rounds = encode_justification(justification), VOTES_A_RUN // votes // (4 if options.quick else 1)

    def ours() -> int:
        verify_justification(decode_justification(raw), voters)
        return votes

    theirs = bare([justification])
    runs: dict[str, list[Measure]] = interleave(
        {"ours": lambda: measured(ours, rounds), "bare": lambda: measured(theirs, rounds)}, options.runs
    )
    taken, base = (1e3 * votes / per_cpu(runs[name]) for name in ("ours", "bare"))
    return Case(
        name="chain_finality", case=f"{votes} votes", value=rounded(taken), unit="ms of CPU",
        baseline="PyNaCl's bare verification of the same votes", baseline_value=rounded(base),
        ratio=rounded(taken / base), per_cpu_s=rounded(1e3 / taken),
        promise=f"at most {SLOWER_MAX}x the baseline's time", met=taken / base <= SLOWER_MAX, runs=options.runs,
        conditions=f"{machine()}; {len(raw)} bytes, {rounds} times a run; set of {len(voters.authorities)}",
    )  # fmt: skip


def main() -> None:
    options = read_options()
    emit(measure(options), options)


if __name__ == "__main__":
    main()
