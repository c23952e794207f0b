"""A judge in a process of its own, asked case by case: a line of JSON in, a line out on a descriptor it is told."""

import json
import os
import select
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

START_S = 120  # the SDK brings a whole chain client along, which takes seconds to read
CASE_S = 300
QUICK_CASE_S = 60  # of judges whose cases take a second


class DriverFault(Exception):
    """The driver itself did not do what it was asked; `log` says why."""


class CaseError(Exception):
    """What the judge raised where the case expected none: `facts` as npm/errors.mjs and judges/serve.py describe it."""

    def __init__(self, case: str, facts: Mapping[str, Any]) -> None:
        self.facts = facts
        super().__init__(f"{case}: {facts.get('code')} {facts.get('message')}\n{facts.get('stack')}")


class Driver:
    """One process with a judge in it, speaking to one place; cases run one after the other."""

    def __init__(self, process: subprocess.Popen[bytes], answers: int, log: Path, case_s: float = CASE_S) -> None:
        self.process, self._answers, self._log, self._waiting = process, answers, log, b""
        self._case_s = case_s

    def __call__(
        self, case: str, transport: str | None = None, *, within_s: float | None = None, **args: Any
    ) -> dict[str, Any]:
        """Run `subject.case`; its facts. CaseError with what the judge raised."""
        self.begin(case, transport, **args)
        return self.end(case, within_s)

    def begin(self, case: str, transport: str | None = None, **args: Any) -> None:
        """Start a case without waiting for it."""
        subject, _, name = case.partition(".")
        asked = {"subject": subject, "case": name, "transport": transport, "args": args}
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(asked).encode() + b"\n")
        self.process.stdin.flush()

    def end(self, case: str, within_s: float | None = None) -> dict[str, Any]:
        """The facts of the case that was begun."""
        answer = self.read(self._case_s if within_s is None else within_s)
        if "error" in answer:
            raise CaseError(case, answer["error"])
        facts: dict[str, Any] = answer["facts"]
        return facts

    def read(self, within_s: float) -> dict[str, Any]:
        """The driver's next line; DriverFault when it ended or takes longer than `within_s`."""
        deadline = time.monotonic() + within_s
        while b"\n" not in self._waiting:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self._answers], [], [], left)[0]:
                raise DriverFault(f"no answer within {within_s:.0f} s\n{self.last_words()}")
            more = os.read(self._answers, 1 << 20)
            if not more:
                raise DriverFault(f"the driver ended with {self.process.wait()}\n{self.last_words()}")
            self._waiting += more
        line, _, self._waiting = self._waiting.partition(b"\n")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def last_words(self) -> str:
        """The end of what the libraries said."""
        return self._log.read_text(errors="replace")[-2_000:]


@contextmanager
def driving(
    command: Sequence[str], told: Sequence[str], log: Path, folder: Path, case_s: float = CASE_S
) -> Iterator[Driver]:
    """Run `command`, the descriptor for its answers, and what it is `told`, until the block ends."""
    reading, writing = os.pipe()
    with log.open("ab") as output:
        process = subprocess.Popen(
            [*command, str(writing), *told], stdin=subprocess.PIPE, stdout=output, stderr=output, pass_fds=(writing,),
            cwd=folder,
        )  # fmt: skip
    os.close(writing)
    try:
        one = Driver(process, reading, log, case_s)
        one.read(START_S)
        yield one
    finally:
        process.kill()
        process.wait()
        assert process.stdin is not None
        process.stdin.close()
        os.close(reading)
