"""The npm packages as child processes: installed once per lock, then asked case by case (npm/drive.mjs)."""

import fcntl
import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

from tests.interop.driving import CASE_S, Driver, DriverFault, driving

ROOT = Path(__file__).parents[2]
PROJECT = Path(__file__).parent / "npm"
INSTALLED = ROOT / ".interop"  # git ignores it
INSTALL_S = 900


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


@contextmanager
def driver(
    place: Mapping[str, Any], log: Path, *node_options: str, script: str = "drive.mjs", case_s: float = CASE_S
) -> Iterator[Driver]:
    """A driver for one place, gone after the block. What the libraries print goes to `log`."""
    install()
    node = shutil.which("node")
    if node is None:
        raise DriverFault("node is not installed: apt-get install nodejs")
    with driving([node, *node_options, str(PROJECT / script)], [json.dumps(place)], log, PROJECT, case_s) as one:
        yield one
