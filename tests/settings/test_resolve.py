"""Typing of file and environment, and the messages for what does not fit."""

import tomllib

import pytest

from edge_node.settings.errors import SettingsError, SettingsSyntax, UnfitSetting, UnknownSetting
from edge_node.settings.resolve import nearest, resolve
from edge_node.settings.source import Origin, Source


def test_nothing_given_is_all_defaults() -> None:
    """An empty file and an empty environment make the default snapshot, every source saying so."""
    loaded = resolve(b"", "", {})
    assert loaded.settings.http.listen == "127.0.0.1:8091"
    assert {str(source) for source in loaded.sources.values()} == {"default"}


def test_a_file_sets_values_and_lines() -> None:
    """A value from the file is typed and knows its line."""
    loaded = resolve(b"# mine\n[http]\nlisten = '127.0.0.1:0'\nhosts = ['a.lan']\ndrain_s = 3\n", "e.toml", {})
    assert (loaded.settings.http.listen, loaded.settings.http.hosts) == ("127.0.0.1:0", ("a.lan",))
    assert (loaded.settings.http.drain_s, type(loaded.settings.http.drain_s)) == (3.0, float)
    assert loaded.sources["http.listen"] == Source(Origin.FILE, "e.toml", 3)
    assert loaded.where("http.drain_s") == "e.toml:5"
    assert loaded.where("http.plain") == "default"


def test_the_environment_wins_and_is_typed() -> None:
    """Text from the environment becomes a number, a list or text as the field asks."""
    environ = {
        "EDGE_NODE__HTTP__CONNECTIONS_MAX": "9",
        "EDGE_NODE__HTTP__HOSTS": "a.lan, b.lan",
        "EDGE_NODE__HTTP__LISTEN": "",
        "EDGE_NODE__NODE__NAME": "7",
        "EDGE_NODE_CONFIG": "/elsewhere",
        "PATH": "/bin",
    }
    loaded = resolve(b"[http]\nconnections_max = 5\n", "e.toml", environ)
    http = loaded.settings.http
    assert (http.connections_max, http.hosts, http.listen) == (9, ("a.lan", "b.lan"), "")
    assert loaded.settings.node.name == "7"
    assert loaded.where("http.connections_max") == "environment EDGE_NODE__HTTP__CONNECTIONS_MAX"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[http]\n\nlistn = 1", "e.toml:3: unknown setting `http.listn`; did you mean `http.listen`?"),
        ("[htpp]\nlisten = ''", "e.toml:1: unknown setting `htpp`; did you mean `http`?"),
        ("# x\nlisten_tls = ''", "e.toml:2: unknown setting `listen_tls`; did you mean `http.listen_tls`?"),
        ("[node]\nzzzzzzzz = ''", "e.toml:2: unknown setting `node.zzzzzzzz`"),
        (
            "[ingest]\naudit_rows_max = 1",
            "e.toml:2: unknown setting `ingest.audit_rows_max`; did you mean `trust.audit_rows_max`?",
        ),
        ("[http.listen]\nx = 1", "e.toml:1: `http.listen` wants a text, got a table"),
        ("http = 3", "e.toml:1: `http` wants a table, got 3"),
        ("[[http]]\n", "e.toml:1: `http` wants a table, got a list"),
        ("[http]\nlisten = 3", "e.toml:2: `http.listen` wants a text, got 3"),
        ("[http]\nhosts = [1]", "e.toml:2: `http.hosts` wants a list, each a text, got [1]"),
        ("[log]\nlevel = 'loud'", 'e.toml:2: `log.level` wants one of "debug", "error", "info", "warning", got "loud"'),
        ("[http]\nconnections_max = 0", "e.toml:2: `http.connections_max` wants an integer of at least 1, got 0"),
        ("[http]\nconnections_max = true", "e.toml:2: `http.connections_max` wants an integer of at least 1, got true"),
        ("[http]\nlisten = 1979-05-27", "e.toml:2: `http.listen` wants a text, got 1979-05-27"),
        ("[node]\nkey_file = 5", "e.toml:2: `node.key_file` wants a text, got a value that is not shown"),
    ],
)  # fmt: skip
def test_faults_name_line_want_and_got(text: str, message: str) -> None:
    """The first fault is named with its place, what was wanted or meant, and what stood there."""
    with pytest.raises((UnknownSetting, UnfitSetting)) as caught:
        resolve(text.encode(), "e.toml", {})
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("raw", "where"),
    [
        (b"a = 1\nb = \n", "e.toml:2"),
        (b"a = 1\na = 1\n", "e.toml:2"),
        (b"a = 1\n\n\xff\n", "e.toml:3"),
        (b"a = '", "e.toml:1"),
    ],
)
def test_broken_toml_names_its_line(raw: bytes, where: str) -> None:
    """What tomllib or UTF-8 refuses is reported with file and line."""
    with pytest.raises(SettingsSyntax) as caught:
        resolve(raw, "e.toml", {})
    assert caught.value.where == where
    assert "(at" not in str(caught.value)


def test_environment_faults_name_the_variable() -> None:
    """An unknown or unfit variable is named, with the nearest known one."""
    with pytest.raises(UnknownSetting, match=r"did you mean `EDGE_NODE__HTTP__LISTEN`"):
        resolve(b"", "", {"EDGE_NODE__HTPP__LISTEN": "x"})
    with pytest.raises(UnfitSetting, match=r"^environment EDGE_NODE__HTTP__DRAIN_S: .* wants a number of at least 0"):
        resolve(b"", "", {"EDGE_NODE__HTTP__DRAIN_S": "soon"})


def test_a_fault_in_a_secret_shows_nothing_of_it() -> None:
    """A secret's value never reaches a message."""
    with pytest.raises(SettingsError) as caught:
        resolve(b"[http]\ncertificate_key_file = ['hunter2']\n", "e.toml", {})
    assert "hunter2" not in str(caught.value)


def test_a_long_value_is_cut() -> None:
    """A message stays one line however long the value is."""
    with pytest.raises(UnfitSetting) as caught:
        resolve(tomllib_text("x" * 10_000), "e.toml", {})
    assert len(str(caught.value)) < 250


def tomllib_text(level: str) -> bytes:
    text = f"[log]\nlevel = '{level}'\n"
    assert tomllib.loads(text)
    return text.encode()


def test_nearest_is_empty_when_nothing_is_like_it() -> None:
    """A wild guess is worse than none."""
    assert nearest("zzz", ("http", "log")) == ""


@pytest.mark.parametrize("value", ["9" * 5_000, "[" * 20_000 + "]" * 20_000], ids=["digits", "brackets"])
def test_what_the_parser_itself_cannot_take_is_no_toml(value: str) -> None:
    """Python's own limits on digits and nesting are a fault of the file, not a defect of the node."""
    with pytest.raises(SettingsSyntax, match="not TOML"):
        resolve(f"[http]\nconnections_max = {value}\n".encode(), "e.toml", {})
