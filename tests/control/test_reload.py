"""Settings applied to a running node: live at once, the rest pending, and an invalid file changes nothing."""

from collections.abc import Callable
from pathlib import Path

import pytest

from edge_node.base.clock import SystemClock
from edge_node.control.errors import BadSettingsFile, CommandUnavailable
from edge_node.control.reload import Applied, SettingsDesk
from edge_node.serving import CertificateUnusable
from edge_node.settings import Loaded, Settings, load


class Rooms:
    """Notes what was taken over."""

    def __init__(self, file: Path, prepare: Callable[[Settings], Callable[[], None]] | None = None) -> None:
        self.file, self.taken, self.told = file, list[Settings](), list[Applied]()
        self.desk = SettingsDesk(
            self.read(),
            SystemClock(),
            read=self.read,
            rooms=[self.taken.append],
            **({} if prepare is None else {"prepare": prepare}),
        )
        self.desk.on_applied(self.told.append)

    def read(self) -> Loaded:
        return load(self.file, {})


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "e.toml"
    path.write_text('[http]\nhosts = ["old"]\n')
    return path


async def test_live_fields_are_taken_and_others_wait(file: Path) -> None:
    """Rooms get one snapshot in which only what is live has changed; what waits is told as pending."""
    rooms = Rooms(file)
    file.write_text('[http]\nhosts = ["new"]\nlisten = "127.0.0.1:1"\n')
    assert [one.name for one in await rooms.desk.look()] == ["http.listen", "http.hosts"]
    assert rooms.taken == []
    applied = await rooms.desk.apply()
    assert [one.name for one in applied.changed] == ["http.hosts"]
    assert [one.name for one in applied.pending] == ["http.listen"]
    [snapshot] = rooms.taken
    assert (snapshot.http.hosts, snapshot.http.listen) == (("new",), "127.0.0.1:8091")
    assert rooms.desk.running == snapshot
    assert rooms.told == [applied]
    assert str(rooms.desk.sources["http.hosts"]).endswith(":2")
    assert str(rooms.desk.sources["http.listen"]) == "default"


async def test_what_waits_stays_until_it_is_taken_back(file: Path) -> None:
    """A second look at the same file finds the same pending value; the old file leaves none."""
    rooms = Rooms(file)
    file.write_text('[http]\nlisten = ""\nhosts = ["old"]\n')
    await rooms.desk.apply()
    assert [one.name for one in await rooms.desk.look()] == ["http.listen"]
    file.write_text('[http]\nhosts = ["old"]\n')
    await rooms.desk.apply()
    assert rooms.desk.pending == {}
    assert await rooms.desk.look() == []


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("[http\n", ":1"),
        ('[http]\nhosts = "no list"\n', ":2"),
        ("[http]\nhostess = []\n", ":2"),
        ("[http]\n\nconnections_max = 5\n", "http.connections_per_address_max"),
        (None, "e.toml"),
    ],
)
async def test_an_invalid_file_changes_nothing(file: Path, text: str | None, where: str) -> None:
    """Not even what is right in it; line and reason are told, at the plan and at the execution."""
    rooms = Rooms(file)
    before = rooms.desk.running
    if text is None:
        file.unlink()
    else:
        file.write_text(text)
    for ask in (rooms.desk.look, rooms.desk.apply):
        with pytest.raises(BadSettingsFile) as refusal:
            await ask()
        assert where in str(refusal.value)
        assert refusal.value.remedy
    assert (rooms.taken, rooms.desk.running, rooms.told) == ([], before, [])


async def test_limits_that_belong_together_change_together(file: Path) -> None:
    """A body limit and the page that must hold it: judged as they will be, not one after the other."""
    rooms = Rooms(file)
    file.write_text("[ingest]\npage_bytes_max = 500\nbody_bytes_max = 500\n")
    await rooms.desk.apply()
    assert (rooms.desk.running.ingest.page_bytes_max, rooms.desk.running.ingest.body_bytes_max) == (500, 500)


async def test_what_a_room_cannot_prepare_is_refused(file: Path) -> None:
    """A certificate that cannot be read keeps the whole from being applied."""

    def prepare(settings: Settings) -> Callable[[], None]:
        raise CertificateUnusable(Path("c.pem"), "it is empty")

    rooms = Rooms(file, prepare)
    file.write_text('[http]\nhosts = ["new"]\n')
    with pytest.raises(BadSettingsFile, match="it is empty"):
        await rooms.desk.apply()
    assert rooms.desk.running.http.hosts == ("old",)


async def test_what_was_prepared_is_put_in_force_once(file: Path) -> None:
    """Looking prepares and throws away; applying puts in force."""
    adopted: list[str] = []
    rooms = Rooms(file, lambda _settings: lambda: adopted.append("yes"))
    await rooms.desk.look()
    assert adopted == []
    await rooms.desk.apply()
    assert adopted == ["yes"]


async def test_a_node_without_a_file_says_so() -> None:
    """There is nothing to read again."""
    desk = SettingsDesk(Loaded(Settings(), {}), SystemClock())
    assert desk.unavailable
    for ask in (desk.look, desk.apply):
        with pytest.raises(CommandUnavailable):
            await ask()
