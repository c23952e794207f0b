"""State proofs: 922 keys under one prefix, told by a proof of some 1,700 entries; 200 changes to a state of 5,000 keys.

The state is one of our own tries, state version 1: a map of 461 keys with two entries each (a fifth of the values are
too long to stand in their nodes) among 4,078 other keys. One unit of work takes the entries as they come from an
endpoint, hashes them, and tells every pair under the prefix, or that one is missing. Baseline: hashing the same
entries with hashlib, without which nothing can be believed.

The changes are those of a block: 200 values set anew, the new root known. Baseline: the same state built from nothing.
"""

from collections.abc import Callable, Sequence
from functools import partial
from hashlib import blake2b

from benchmarks.frame import Case, Measure, emit, interleave, machine, per_cpu, per_wall, read_options, rounded, timed
from edge_node.chain_light.trie_build import Trie
from edge_node.chain_light.trie_proof import PrefixFound, Proof

KEYS, STATE_KEYS, CHANGES = 922, 5_000, 200
PROOF_MS_MAX = 120.0
NAME = "chain_proofs"


def digest(*parts: object, size: int = 16) -> bytes:
    """Bytes that look like chance and are the same in every run."""
    return blake2b(repr(parts).encode(), digest_size=size).digest()


PREFIX = digest("pallet") + digest("map")


def make_state() -> dict[bytes, bytes]:
    """The pairs: a double map under one prefix, and whatever else a chain keeps."""
    state: dict[bytes, bytes] = {}
    for number in range(KEYS):
        outer, inner = digest("outer", number // 2), digest("inner", number)
        state[PREFIX + outer + inner] = digest("value", number, size=20) * (3 if number % 5 == 0 else 1)
    for number in range(STATE_KEYS - KEYS):
        state[digest("pallet", number % 40) + digest("key", number, size=32)] = digest("value", number, size=48)
    return state


def verify(trie: Trie, entries: Sequence[bytes], rounds: int) -> float:
    """Take the proof and tell all keys under the prefix, again and again."""
    for _ in range(rounds):
        proof = Proof(entries)
        found = proof.keys_under(trie.root, PREFIX)
        proof.require_all_used()
        assert isinstance(found, PrefixFound)
        assert len(found.pairs) == KEYS
    return rounds


def hash_alone(entries: Sequence[bytes], rounds: int) -> float:
    """Hash the same entries and do nothing with them."""
    for _ in range(rounds):
        for entry in entries:
            blake2b(entry, digest_size=32).digest()
    return rounds


def change(trie: Trie, blocks: Sequence[dict[bytes, bytes]]) -> float:
    """Block upon block, each with its root."""
    for changes in blocks:
        trie = trie.updated(changes)
        assert trie.root
    return len(blocks)


def build(state: dict[bytes, bytes], rounds: int) -> float:
    """The whole state from nothing."""
    for _ in range(rounds):
        assert Trie(state, 1).root
    return rounds


def ms_each(rate: Callable[[Sequence[Measure]], float], runs: Sequence[Measure]) -> float:
    """Milliseconds for one unit of work."""
    return 1_000 / rate(runs)


def compare(
    case: str,
    ours: Sequence[Measure],
    baseline: str,
    theirs: Sequence[Measure],
    conditions: str,
    promise_ms: float | None = None,
) -> Case:
    """Milliseconds of ours against the baseline's, on the CPU."""
    value, base, wall = ms_each(per_cpu, ours), ms_each(per_cpu, theirs), ms_each(per_wall, ours)
    return Case(
        name=NAME, case=case, value=rounded(value), unit="ms CPU", baseline=baseline, baseline_value=rounded(base),
        ratio=rounded(value / base), per_cpu_s=rounded(per_cpu(ours)), runs=len(ours),
        promise=None if promise_ms is None else f"at most {promise_ms:.0f} ms",
        met=None if promise_ms is None else min(value, wall) <= promise_ms,
        conditions=f"{machine()}; {conditions}; wall {wall:.3g} ms",
    )  # fmt: skip


def main() -> None:
    options = read_options()
    state = make_state()
    trie = Trie(state, 1)
    entries, keys = trie.prove_prefix(PREFIX), sorted(state, key=digest)
    rounds = 10 if options.quick else 40
    blocks = [
        {keys[(CHANGES * block + at) % len(keys)]: digest(block, at, size=40) for at in range(CHANGES)}
        for block in range(rounds)
    ]
    measured = interleave(
        {
            "proof": lambda: timed(partial(verify, trie, entries, rounds)),
            "hashing": lambda: timed(partial(hash_alone, entries, 10 * rounds)),
            "blocks": lambda: timed(partial(change, trie, blocks)),
            "building": lambda: timed(partial(build, state, max(2, rounds // 10))),
        },
        options.runs,
    )
    size = sum(map(len, entries))
    proof = compare(
        f"{KEYS} keys under one prefix, verified and told",
        measured["proof"],
        "BLAKE2b-256 of the same entries with hashlib",
        measured["hashing"],
        f"{len(entries)} entries, {size} bytes, state version 1",
        PROOF_MS_MAX,
    )
    block = compare(
        f"{CHANGES} changes to a state of {STATE_KEYS} keys, and its root",
        measured["blocks"],
        "the same state built from nothing, and its root",
        measured["building"],
        f"{len(blocks)} blocks one upon the other, state version 1",
    )
    emit([proof, block], options)


if __name__ == "__main__":
    main()
