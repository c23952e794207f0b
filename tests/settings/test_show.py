"""Settings on the screen and as JSON."""

import json

from edge_node.settings.fields import FIELDS
from edge_node.settings.resolve import resolve
from edge_node.settings.show import as_json, as_table, rows

TEXT = b"[node]\nname = 'barn'\nkey_file = '/secret/place'\n[http]\nhosts = ['a', 'b']\n"


def test_a_row_for_every_setting() -> None:
    """Value, source, reload class and meaning stand in the row."""
    shown = {row.name: row for row in rows(resolve(TEXT, "e.toml", {}))}
    assert list(shown) == [field.name for field in FIELDS]
    assert (shown["node.name"].value, shown["node.name"].source) == ('"barn"', "e.toml:2")
    assert (shown["http.hosts"].value, shown["http.hosts"].reload) == ('["a", "b"]', "live")
    assert shown["log.level"].source == "default"


def test_secrets_are_never_shown() -> None:
    """A secret is set or unset, no more, in every form."""
    shown = rows(resolve(TEXT, "e.toml", {}))
    values = {row.name: row.value for row in shown}
    assert (values["node.key_file"], values["node.key_credential"]) == ("<set>", "<unset>")
    assert "/secret/place" not in as_table(shown) + as_json(shown)


def test_the_table_is_aligned() -> None:
    """Each column begins at the same place in every line."""
    lines = as_table(rows(resolve(TEXT, "e.toml", {}))).splitlines()
    assert lines[0].split() == ["SETTING", "VALUE", "SOURCE", "RELOAD"]
    column = lines[0].index("VALUE")
    assert {line[column - 1] for line in lines} == {" "}
    assert {line[column] == " " for line in lines} == {False}


def test_json_for_machines() -> None:
    """JSON is an array of objects with the row's fields."""
    read = json.loads(as_json(rows(resolve(TEXT, "e.toml", {}))))
    assert read[0] == {
        "name": "node.name",
        "value": '"barn"',
        "source": "e.toml:2",
        "reload": "restart",
        "about": "A name for people; shown in the TUI and in /info.",
    }
