"""The wall clock of one process, set by hand while it runs: the machine's own stays as it is.

libfaketime (Debian: faketime) stands between the process and its C library and adds what a file says. Elapsed time is
not touched, as it is not when an administrator or an NTP daemon sets a clock.
"""

from collections.abc import Mapping
from pathlib import Path

LIBRARY = "libfaketimeMT.so.1"  # the build for programs with threads


class Wall:
    """A clock that is `ahead_s` seconds ahead of the machine's, in whole seconds, behind when negative."""

    def __init__(self, file: Path) -> None:
        self._file, self.ahead_s = file, 0
        self.step_to(0)

    def step_to(self, ahead_s: int) -> None:
        """Set it; the process sees it at its next look."""
        # Replaced whole: it is read at every look at the clock.
        fresh = self._file.with_suffix(".new")
        fresh.write_text(f"{ahead_s:+d}\n")
        fresh.replace(self._file)
        self.ahead_s = ahead_s

    @property
    def environ(self) -> Mapping[str, str]:
        """What a process must be started with to live by it."""
        return {
            "LD_PRELOAD": str(_library()),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1",
        }


def forget_process(pid: int) -> None:
    """Remove what the library keeps of a process, and leaves where that is killed or becomes another program."""
    for path in Path("/dev/shm").glob(f"*faketime_*_{pid}"):
        path.unlink(missing_ok=True)


def _library() -> Path:
    found = sorted(Path("/usr/lib").glob(f"*/faketime/{LIBRARY}"))
    assert found, f"{LIBRARY} is not installed: apt-get install faketime"
    return found[0]
