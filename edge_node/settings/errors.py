"""What can be wrong with settings: each error is a fact with its place, and never shows a secret."""

from typing import ClassVar

from edge_node.base.errors import EdgeNodeError


class SettingsError(EdgeNodeError):
    """Root of this room's errors; `where` is a file with its line, or an environment variable."""

    slug: ClassVar[str] = "bad-settings"
    remedy: ClassVar[str] = "Correct the settings; `edge-node settings` shows every value with its source."

    def __init__(self, where: str, what: str) -> None:
        self.where = where
        super().__init__(f"{where}: {what}")


class SettingsFileUnreadable(SettingsError):
    """The file named by `--config` or `$EDGE_NODE_CONFIG` is absent or may not be read."""

    remedy = "Check the path and its permissions, or make a file with `edge-node init`."

    def __init__(self, file: str, why: str) -> None:
        self.file, self.why = file, why
        super().__init__(file, why)


class SettingsSyntax(SettingsError):
    """The file is not TOML 1.0 in UTF-8."""

    remedy = "Correct the line; https://toml.io describes the format."

    def __init__(self, where: str, why: str) -> None:
        self.why = why
        super().__init__(where, f"not TOML: {why}")


class UnknownSetting(SettingsError):
    """No setting has this name; `nearest` is the known name most like it, or empty."""

    remedy = "Correct or remove the name; `edge-node settings` lists every known one."

    def __init__(self, where: str, name: str, nearest: str) -> None:
        self.name, self.nearest = name, nearest
        guess = f"; did you mean `{nearest}`?" if nearest else ""
        super().__init__(where, f"unknown setting `{name}`{guess}")


class UnfitSetting(SettingsError):
    """The value is of a wrong type or outside its range."""

    def __init__(self, where: str, name: str, want: str, got: str) -> None:
        self.name, self.want, self.got = name, want, got
        super().__init__(where, f"`{name}` wants {want}, got {got}")


class SettingsConflict(SettingsError):
    """Values that are fine alone and wrong together."""

    def __init__(self, where: str, names: tuple[str, ...], why: str) -> None:
        self.names, self.why = names, why
        super().__init__(where, f"{' and '.join(f'`{name}`' for name in names)}: {why}")
