"""Where a value came from, in words."""

from edge_node.settings.source import DEFAULT, Origin, Source


def test_sources_in_words() -> None:
    """A file has its line, a variable its name, a default nothing."""
    assert str(Source(Origin.FILE, "/etc/x.toml", 12)) == "/etc/x.toml:12"
    assert str(Source(Origin.FILE, "/etc/x.toml")) == "/etc/x.toml"
    assert str(Source(Origin.ENVIRONMENT, "EDGE_NODE__LOG__LEVEL")) == "environment EDGE_NODE__LOG__LEVEL"
    assert str(DEFAULT) == "default"
