"""Facts about settings: data for machines, words for people."""

from edge_node.base.errors import EdgeNodeError
from edge_node.settings.errors import SettingsConflict, SettingsError, UnknownSetting


def test_every_error_has_a_remedy() -> None:
    """Each fact says what to do about it, under one root."""
    for kind in (SettingsError, *SettingsError.__subclasses__()):
        assert issubclass(kind, EdgeNodeError)
        assert kind.remedy
        assert kind.slug == "bad-settings"


def test_errors_carry_their_data() -> None:
    """The parts of a message are attributes too."""
    unknown = UnknownSetting("e.toml:3", "http.listn", "http.listen")
    assert (unknown.where, unknown.name, unknown.nearest) == ("e.toml:3", "http.listn", "http.listen")
    assert str(SettingsConflict("e.toml:1", ("a", "b"), "never both")) == "e.toml:1: `a` and `b`: never both"
