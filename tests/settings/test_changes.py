"""What a new snapshot changes at once and what waits; secrets are told by their being set."""

import msgspec

from edge_node.settings.changes import changes, merged
from edge_node.settings.fields import FIELDS
from edge_node.settings.resolve import resolve
from edge_node.settings.tree import Reload, Settings


def test_differences_are_told_with_value_source_and_class() -> None:
    """In the order of the file; what is the same is not told."""
    text = b'[http]\nhosts = ["a.example"]\nlisten = "127.0.0.1:1"\n[log]\nlevel = "debug"\n'
    found = changes(Settings(), resolve(text, "f.toml", {}))
    assert [(one.name, one.was, one.now, one.source, one.live) for one in found] == [
        ("log.level", '"info"', '"debug"', "f.toml:5", True),
        ("http.listen", '"127.0.0.1:8091"', '"127.0.0.1:1"', "f.toml:3", False),
        ("http.hosts", "[]", '["a.example"]', "f.toml:2", True),
    ]
    assert str(found[0]) == 'log.level: "info" -> "debug" (f.toml:5), in force at once'
    assert str(found[1]).endswith("at the next start")
    assert changes(Settings(), resolve(b"", "", {})) == []


def test_a_secret_is_never_told() -> None:
    """Only that it is set."""
    [change] = changes(Settings(), resolve(b'[node]\nkey_file = "/secret/place"\n', "f", {}))
    assert (change.was, change.now) == ("<unset>", "<set>")
    assert "secret/place" not in str(change)


def test_only_live_fields_are_taken_over() -> None:
    """The rest stays as the node was started with."""
    other = resolve(
        b'[http]\nhosts = ["a"]\nlisten = ""\n[journal]\ngather_ms = 1.5\nsegment_bytes = 33554432\n', "f", {}
    )
    snapshot = merged(Settings(), other.settings)
    assert (snapshot.http.hosts, snapshot.journal.gather_ms) == (("a",), 1.5)
    assert (snapshot.http.listen, snapshot.journal.segment_bytes) == ("127.0.0.1:8091", 256 * 1024 * 1024)
    for field in FIELDS:
        wanted = other.settings if field.reload is Reload.LIVE else Settings()
        assert field.value_in(snapshot) == field.value_in(wanted), field.name


def test_applying_the_same_changes_nothing() -> None:
    """A snapshot merged with itself is itself."""
    settings = msgspec.structs.replace(Settings(), http=msgspec.structs.replace(Settings().http, hosts=("x",)))
    assert merged(settings, settings) == settings
