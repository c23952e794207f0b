"""The npm SDK as a child process: installed once per lock, then asked case by case (npm/drive.mjs)."""

import fcntl
import json
import os
import select
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PROJECT = Path(__file__).parent / "npm"
INSTALLED = ROOT / ".interop"  # git ignores it
INSTALL_S = 900
START_S = 120  # the SDK brings a whole chain client along, which takes seconds to read
CASE_S = 300


class DriverFault(Exception):
    """The driver itself did not do what it was asked; `log` says why."""


class CaseError(Exception):
    """What the SDK raised where the case expected none: `facts` as npm/errors.mjs describes it."""

    def __init__(self, case: str, facts: Mapping[str, Any]) -> None:
        self.facts = facts
        super().__init__(f"{case}: {facts.get('code')} {facts.get('message')}\n{facts.get('stack')}")


def install() -> None:
    """`npm ci` into .interop unless what lies there was made from this very lock; the drivers find it by a link."""
    INSTALLED.mkdir(exist_ok=True)
    with (INSTALLED / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        wanted = sha256((PROJECT / "package-lock.json").read_bytes()).hexdigest()
        made_from = INSTALLED / "made-from"
        if not made_from.exists() or made_from.read_text() != wanted:
            made_from.unlink(missing_ok=True)
            _npm_ci()
            made_from.write_text(wanted)
        link = PROJECT / "node_modules"
        if not link.is_symlink():
            link.symlink_to(os.path.relpath(INSTALLED / "node_modules", PROJECT))


def _npm_ci() -> None:
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copy(PROJECT / name, INSTALLED / name)
    npm = shutil.which("npm")
    if npm is None:
        raise DriverFault("npm is not installed: apt-get install nodejs npm")
    # No package here needs a script of its own to be installed.
    done = subprocess.run(
        [npm, "ci", "--ignore-scripts", "--no-progress"], cwd=INSTALLED, capture_output=True, text=True,
        timeout=INSTALL_S, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        raise DriverFault(f"npm ci ended with {done.returncode}:\n{done.stdout}{done.stderr}")


class Driver:
    """One Node.js process with the SDK in it, speaking to one place; cases run one after the other."""

    def __init__(self, process: subprocess.Popen[bytes], answers: int, log: Path) -> None:
        self.process, self._answers, self._log, self._waiting = process, answers, log, b""

    def __call__(
        self, case: str, transport: str | None = None, *, within_s: float = CASE_S, **args: Any
    ) -> dict[str, Any]:
        """Run `subject.case`; its facts. CaseError with what the SDK raised."""
        self.begin(case, transport, **args)
        return self.end(case, within_s)

    def begin(self, case: str, transport: str | None = None, **args: Any) -> None:
        """Start a case without waiting for it."""
        subject, _, name = case.partition(".")
        asked = {"subject": subject, "case": name, "transport": transport, "args": args}
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(asked).encode() + b"\n")
        self.process.stdin.flush()

    def end(self, case: str, within_s: float = CASE_S) -> dict[str, Any]:
        """The facts of the case that was begun."""
        answer = self.read(within_s)
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
def driver(place: Mapping[str, Any], log: Path, *node_options: str) -> Iterator[Driver]:
    """A driver for one place, gone after the block. What the libraries print goes to `log`."""
    install()
    node = shutil.which("node")
    if node is None:
        raise DriverFault("node is not installed: apt-get install nodejs")
    reading, writing = os.pipe()
    argv = [node, *node_options, str(PROJECT / "drive.mjs"), str(writing), json.dumps(place)]
    with log.open("ab") as output:
        process = subprocess.Popen(
            argv, stdin=subprocess.PIPE, stdout=output, stderr=output, pass_fds=(writing,), cwd=PROJECT
        )
    os.close(writing)
    try:
        one = Driver(process, reading, log)
        one.read(START_S)
        yield one
    finally:
        process.kill()
        process.wait()
        assert process.stdin is not None
        process.stdin.close()
        os.close(reading)
