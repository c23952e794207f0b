"""What the service manager is told, over real datagram sockets."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import trio
from structlog.testing import capture_logs
from trio.testing import MockClock

from edge_node.base.clock import SystemClock
from edge_node.supervise.health import Beat, Health, RoomHealth, RoomState
from edge_node.supervise.notify import STATUS_MAX_CHARS, Notifier, watchdog_of, words_of

WELL = Health(ready=True, rooms={"journal": RoomHealth(RoomState.RUNNING)})
FRESH = {"journal": Beat(1.0, 15.0), "store": Beat(15.0, 15.0)}
STALE = {"journal": Beat(22.4, 15.0), "store": Beat(1.0, 15.0)}


class Manager:
    """The other end: a socket that reads when it is asked to."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self._socket.bind("\0" + address[1:] if address.startswith("@") else address)

    def read(self) -> list[dict[str, str]]:
        """Every notice that has come since, oldest first."""
        notices = []
        while True:
            try:
                text = self._socket.recv(65_536).decode()
            except BlockingIOError:
                return notices
            notices.append(dict(line.split("=", 1) for line in text.split("\n")))

    def close(self) -> None:
        self._socket.close()


@pytest.fixture(params=["path", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Manager]:
    made = Manager(str(tmp_path / "notify") if request.param == "path" else f"@edge-node-test-{os.getpid()}")
    yield made
    made.close()


@pytest.fixture
def notifier(manager: Manager) -> Iterator[Notifier]:
    made = Notifier(manager.address, 30.0, clock=SystemClock())
    yield made
    made.close()


def test_a_life_is_told(manager: Manager, notifier: Notifier) -> None:
    """Words while it starts, ready, a reload between its two ends, stopping."""
    notifier.say("opening the log")
    notifier.say_ready("ready")
    with notifier.reloading():
        assert [notice.get("READY") for notice in manager.read()[:2]] == [None, "1"]
    notifier.say_stopping()
    ready, stopping = manager.read()
    assert (ready["READY"], ready["STATUS"]) == ("1", "ready")
    assert stopping["STOPPING"] == "1"


def test_a_reload_says_when_it_began(manager: Manager, notifier: Notifier) -> None:
    """systemd's notify-reload wants the monotonic time, to part this reload from one before."""
    before = SystemClock().monotonic_s()
    with notifier.reloading():
        pass
    reloading, _ = manager.read()
    assert reloading["RELOADING"] == "1"
    assert before <= int(reloading["MONOTONIC_USEC"]) / 1e6 <= SystemClock().monotonic_s()


def test_the_watchdog_is_fed_only_while_every_heartbeat_is_fresh(manager: Manager, notifier: Notifier) -> None:
    """One stalled room, and the manager is told which instead; it is fed again when the room moves."""
    for beats in (FRESH, STALE, FRESH):
        notifier.look(beats, WELL)
    fed, starved, again = manager.read()
    assert fed == again == {"STATUS": "ready", "WATCHDOG": "1"}
    assert starved == {"STATUS": "stalled: journal (22 s)"}


def test_without_a_watchdog_nobody_is_fed(manager: Manager) -> None:
    """The words are renewed all the same."""
    notifier = Notifier(manager.address, clock=SystemClock())
    notifier.look(FRESH, WELL)
    notifier.close()
    assert manager.read() == [{"STATUS": "ready"}]


def test_a_manager_that_does_not_read_holds_up_nobody(manager: Manager, notifier: Notifier) -> None:
    """Its queue is full: notices are dropped at once; ready is owed, and told first when it reads again."""
    for _ in range(10_000):
        notifier.look(FRESH, WELL)
        if notifier.dropped:
            break
    assert notifier.dropped == 1
    notifier.say_ready("ready at last")
    notifier.look(FRESH, WELL)
    assert notifier.dropped == 3
    assert not any("READY" in notice for notice in manager.read())
    notifier.look(FRESH, WELL)
    notifier.look(FRESH, WELL)
    told, after = manager.read()
    assert told == {"READY": "1", "STATUS": "ready", "WATCHDOG": "1"}
    assert "READY" not in after


def test_stopping_replaces_a_ready_that_was_never_heard(manager: Manager, notifier: Notifier) -> None:
    """A manager that hears late is told what is true then."""
    while not notifier.dropped:
        notifier.say("busy")
    notifier.say_ready("ready")
    notifier.say_stopping()
    manager.read()
    notifier.look({}, WELL)
    (notice,) = manager.read()
    assert (notice.get("READY"), notice["STOPPING"]) == (None, "1")


def test_nothing_follows_on_stopping(manager: Manager, notifier: Notifier) -> None:
    """A reload that ends during the shutdown does not call the node ready again."""
    with notifier.reloading():
        notifier.say_stopping()
    assert [notice.keys() - {"STATUS", "MONOTONIC_USEC"} for notice in manager.read()] == [
        {"RELOADING"},
        {"STOPPING"},
        set(),
    ]


async def test_a_third_of_the_watchdog_s_time(manager: Manager, notifier: Notifier, autojump_clock: MockClock) -> None:
    """Two notices may be lost before it bites."""
    with trio.move_on_after(29):
        await notifier.run(lambda: FRESH, lambda: WELL)
    assert [notice["WATCHDOG"] for notice in manager.read()] == ["1", "1", "1"]


def test_a_manager_that_is_gone_is_told_of_once(tmp_path: Path) -> None:
    """Nobody listens at the address: one line in the log, no error."""
    notifier = Notifier(str(tmp_path / "nobody"), clock=SystemClock())
    with capture_logs() as lines:
        notifier.say_ready("ready")
        notifier.say("ready")
    notifier.close()
    assert [line["event"] for line in lines] == ["notice.dropped"]


@pytest.mark.parametrize("address", ["", "vsock:2:1234", "relative/path"])
def test_without_a_socket_nothing_happens(address: str) -> None:
    """A node started by hand, or by a manager that speaks otherwise, says nothing."""
    notifier = Notifier(address, clock=SystemClock())
    notifier.say_ready("ready")
    notifier.look(FRESH, WELL)
    notifier.close()
    assert notifier.dropped == 0


@pytest.mark.parametrize(
    ("environ", "wanted"),
    [
        ({"WATCHDOG_USEC": "30000000"}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "7"}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "8"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "-3"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({}, None),
    ],
)
def test_the_watchdog_is_read_from_the_environment(environ: dict[str, str], wanted: float | None) -> None:
    """In microseconds, for this process only; nonsense is no watchdog."""
    assert watchdog_of(environ, 7) == wanted


def test_the_environment_is_enough(manager: Manager) -> None:
    """What systemd sets is what is needed."""
    notifier = Notifier.of({"NOTIFY_SOCKET": manager.address, "WATCHDOG_USEC": "3000000"}, SystemClock())
    notifier.look(FRESH, WELL)
    notifier.close()
    assert notifier.period_s == 1.0
    assert manager.read() == [{"STATUS": "ready", "WATCHDOG": "1"}]


def test_words_name_what_is_not_well() -> None:
    """One line for `systemctl status`; what a disk says in it cannot break the line or flood it."""
    sick = {"journal": RoomHealth(RoomState.DEGRADED, "read-only: EIO"), "http": RoomHealth(RoomState.RUNNING)}
    assert words_of(Health(ready=False, rooms=sick)) == "not ready; journal degraded: read-only: EIO"
    assert words_of(Health(ready=False, rooms={})) == "not ready"
    assert words_of(WELL) == "ready"


def test_words_are_one_bounded_line(manager: Manager, notifier: Notifier) -> None:
    """A reason with line ends forges no notice."""
    notifier.say("why\nREADY=1\n" + "x" * 5_000)
    (notice,) = manager.read()
    assert notice.keys() == {"STATUS"}
    assert len(notice["STATUS"]) < STATUS_MAX_CHARS + 50
