"""How long a well-behaved client of the npm SDK waits while another means no good, against the same node when idle.

One call after the other, each a signed CnsApi.Get; the slowest of a hundred counts. The bad client is a process of its
own on the same cores, so what it costs to be bad is part of the figure: the control is a process that takes a core and
asks the node nothing.
"""

import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from benchmarks._ddc import Contender, node
from benchmarks.frame import Case, Options, emit, machine, read_options, rounded, scratch
from edge_node.base.limits import MIB
from tests.interop.accounts import Account
from tests.interop.contents import content
from tests.interop.grpc_client import Client
from tests.interop.hostile import ATTACKS
from tests.interop.place import EDITHS, PRIVATE, Place

SLOWER_MAX = 2.0
CONTROL = "no_attack_but_a_core_taken"


def measure(options: Options) -> list[Case]:
    seconds = 0.45 if options.quick else 2.0
    waits: dict[str, list[tuple[float, float]]] = {name: [] for name in (*ATTACKS, CONTROL)}
    with scratch(on_disk=True) as directory, node(directory) as (place, ours), attacker(place) as attack:
        p99_ms(ours, 2.0)  # imports, compilers: not counted
        for _ in range(options.runs):
            for name, pairs in waits.items():
                idle = p99_ms(ours, seconds)
                with taken_core() if name == CONTROL else attacked(attack, name):
                    pairs.append((p99_ms(ours, seconds), idle))
    return [_case(name, pairs, seconds) for name, pairs in waits.items()]


def _case(name: str, pairs: list[tuple[float, float]], seconds: float) -> Case:
    value, idle = (statistics.median(column) for column in zip(*pairs, strict=True))
    return Case(
        name="ddc_hostile",
        case=name.replace("_", " "),
        value=rounded(value),
        unit="ms at p99",
        baseline="the same client at the idle node, just before",
        baseline_value=rounded(idle),
        ratio=rounded(value / idle),
        promise=None if name == CONTROL else f"at most {SLOWER_MAX:g} times the idle node's",
        met=None if name == CONTROL else value <= SLOWER_MAX * idle,
        runs=len(pairs),
        conditions=f"{machine()}; {seconds:g} s each, one bad and one good client on the node's cores",
    )


def p99_ms(contender: Contender, seconds: float) -> float:
    """The wait that one call in a hundred exceeds."""
    took = sorted(contender.sdk("load.steady", bucket=PRIVATE, name="nobody", seconds=seconds)["took"])
    return float(took[len(took) * 99 // 100])


@contextmanager
def attacker(place: Place) -> Iterator[Callable[[str], None]]:
    """A process of bad clients; called with a name it begins that one, with "" it ends it."""
    with Client(place.target, Account.of(1)) as owner:
        cid = owner.put(EDITHS, content(64 * MIB))
    argv = [sys.executable, "-m", "tests.interop.hostile", str(place.grpc[0]), str(place.http[0]), cid.hex()]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:

        def tell(name: str) -> None:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(f"{name}\n")
            process.stdin.flush()
            process.stdout.readline()

        yield tell
        process.kill()


@contextmanager
def attacked(attack: Callable[[str], None], name: str) -> Iterator[None]:
    """One bad client meanwhile."""
    attack(name)
    yield
    attack("")


@contextmanager
def taken_core() -> Iterator[None]:
    """A process that only counts meanwhile."""
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as process:
        yield
        process.kill()


def main() -> None:
    options = read_options()
    emit(measure(options), options)


if __name__ == "__main__":
    main()
