"""From a command line to the UI."""

from pathlib import Path

import pytest

from tui.entry import EXIT_REFUSED, EXIT_USAGE, NoTerminal, Options, main, run, socket_of


def test_without_a_terminal_nothing_is_drawn(capsys: pytest.CaptureFixture[str]) -> None:
    """Standard error counts too: that is where it is drawn."""
    with pytest.raises(NoTerminal):
        run(Options(socket=Path("/nowhere")))
    assert main(["--socket", "/nowhere"]) == EXIT_REFUSED
    assert "hint:" in capsys.readouterr().err


def test_a_wrong_command_line_is_usage(capsys: pytest.CaptureFixture[str]) -> None:
    """A socket and a far node are two ways."""
    with pytest.raises(SystemExit) as ended:
        main(["--socket", "/a", "--attach", "ssh://b"])
    assert ended.value.code == EXIT_USAGE
    assert "not allowed" in capsys.readouterr().err


def test_the_settings_name_the_socket(tmp_path: Path) -> None:
    """In the data directory, or where the file says; who may open the view socket alone gets that one."""
    config = tmp_path / "e.toml"
    config.write_text(f'[node]\ndata_dir = "{tmp_path}/data"\n')
    assert socket_of(config, {}) == tmp_path / "data/run/control/control.sock"
    view = tmp_path / "view.sock"
    view.touch()
    config.write_text(
        f'[node]\ndata_dir = "{tmp_path}/data"\n[control]\nsocket = "/x/c.sock"\nview_socket = "{view}"\n'
    )
    assert socket_of(config, {}) == view
    view.unlink()
    assert socket_of(config, {}) == Path("/x/c.sock")
