"""Options that several verbs share."""

from pathlib import Path

from edge_node.cli.options import ConfigOption, JsonOption
from edge_node.cli.verbs import build_app


def test_shared_options_read_the_same_everywhere() -> None:
    """--config takes a path, --json is a flag without a negative."""
    app = build_app()

    @app.command
    def probe(*, config: ConfigOption = None, json: JsonOption = False) -> tuple[Path | None, bool]:
        return config, json

    assert app(["probe"]) == (None, False)
    assert app(["probe", "--json", "--config", "/e.toml"]) == (Path("/e.toml"), True)
