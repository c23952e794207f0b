"""Find and read the settings file, lay the environment over it, and check the whole."""

import os
import stat
from collections.abc import Mapping
from pathlib import Path

from edge_node.base.limits import MIB
from edge_node.settings.errors import SettingsFileUnreadable
from edge_node.settings.resolve import Loaded, resolve
from edge_node.settings.validate import validate

CONFIG_VARIABLE = "EDGE_NODE_CONFIG"
SYSTEM_FILE = Path("/etc/edge-node/edge-node.toml")
FILE_MAX_BYTES = MIB  # a settings file of a hundred lines has 8 KiB; a device file named by mistake has no end


def find_file(config: Path | None, environ: Mapping[str, str], system_file: Path = SYSTEM_FILE) -> Path | None:
    """`config`, else `$EDGE_NODE_CONFIG`, else the system's file if there is one; None: defaults alone."""
    if config is not None:
        return config
    if named := environ.get(CONFIG_VARIABLE):
        return Path(named)
    return system_file if system_file.exists() else None


def load(config: Path | None, environ: Mapping[str, str], system_file: Path = SYSTEM_FILE) -> Loaded:
    """The checked settings with their sources; SettingsError for the first fault, with its place.

    A file that was named must be there; only the system's own may be absent.
    """
    file = find_file(config, environ, system_file)
    loaded = resolve(_read(file) if file else b"", str(file or ""), environ)
    validate(loaded)
    return loaded


def _read(file: Path) -> bytes:
    try:
        with open(file, "rb", opener=_open_at_once) as stream:
            if stat.S_ISFIFO(os.fstat(stream.fileno()).st_mode):
                raise SettingsFileUnreadable(str(file), "a pipe, so not a settings file")
            raw = stream.read(FILE_MAX_BYTES + 1)
    except OSError as error:
        raise SettingsFileUnreadable(str(file), error.strerror or type(error).__name__) from error
    if len(raw) > FILE_MAX_BYTES:
        raise SettingsFileUnreadable(str(file), f"larger than {FILE_MAX_BYTES} bytes, so not a settings file")
    return raw


def _open_at_once(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK)  # a pipe that nobody writes to would not let go of its opener
