"""Judges written in Python, each in an environment of its own: what one of them needs, another refuses beside it."""

import fcntl
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from tests.interop.driving import QUICK_CASE_S, Driver, DriverFault, driving

ROOT = Path(__file__).parents[2]
JUDGES = Path(__file__).parent / "judges"
INSTALLED = ROOT / ".interop"  # git ignores it
INSTALL_S = 600


def environment(name: str) -> Path:
    """The interpreter of .interop/`name`, made anew unless what lies there came from requirements/judge-`name`.lock."""
    INSTALLED.mkdir(exist_ok=True)
    lock = ROOT / f"requirements/judge-{name}.lock"
    home = INSTALLED / name
    with (INSTALLED / f"{name}.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        wanted = sha256(lock.read_bytes() + sys.version.encode()).hexdigest()
        made_from = home / "made-from"
        if not made_from.exists() or made_from.read_text() != wanted:
            shutil.rmtree(home, ignore_errors=True)
            _run(sys.executable, "-m", "venv", str(home))
            # Wheels only: no package here may run a script of its own to be installed.
            _run(
                str(home / "bin/python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
                "--require-hashes", "--only-binary", ":all:", "-r", str(lock),
            )  # fmt: skip
            made_from.write_text(wanted)
    return home / "bin/python"


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=INSTALL_S, check=False)
    if done.returncode != 0:
        raise DriverFault(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")


@contextmanager
def judge(name: str, log: Path) -> Iterator[Driver]:
    """The judges of one environment (judges/serve.py), gone after the block. What the libraries print goes to `log`."""
    command = [str(environment(name)), "-I", "-X", "utf8", str(JUDGES / "serve.py")]
    with driving(command, [], log, JUDGES, QUICK_CASE_S) as one:
        yield one
