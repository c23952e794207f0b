"""Every secret of one node that can be known here, so that none of them leaves in a bundle."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from edge_node.base.limits import KIB
from edge_node.bundle.redaction import forms_of
from edge_node.doctor import Site
from edge_node.settings.endpoints import parse_endpoints
from edge_node.settings.fields import FIELDS

KEY_FILE_MAX_BYTES = 64 * KIB  # a PEM chain with its key; what is larger is no key


def secrets_of(site: Site) -> set[str]:
    """Values of secret settings, the directory of credentials, and the contents of all key files that can be read."""
    found = {str(field.value_in(site.settings)) for field in FIELDS if field.secret}
    found |= _behind_hosts(site)
    found.add(site.environ.get("CREDENTIALS_DIRECTORY", ""))
    for file in _key_files(site):
        found |= _contents(file)
    return found - {""}


def _behind_hosts(site: Site) -> set[str]:
    """What follows the host in the chain's endpoints: providers put their customers' keys there."""
    urls = (rule.url.partition("://")[2] for rule in parse_endpoints(site.settings.chain.endpoints))
    return {rest for url in urls for rest in url.partition("/")[2].replace("?", "/").split("/")}


def _key_files(site: Site) -> Iterator[Path]:
    settings, credentials = site.settings, site.environ.get("CREDENTIALS_DIRECTORY")
    yield from _below(site.paths.keys)
    yield from (Path(name) for name in (settings.node.key_file, settings.http.certificate_key_file) if name)
    if credentials:
        yield from _below(Path(credentials))


def _below(directory: Path) -> list[Path]:
    return sorted(path for path in directory.rglob("*") if ".key" in path.name or "key.pem" in path.name) + sorted(
        path for path in directory.glob("*") if path.is_file() and not path.suffix
    )


def _contents(file: Path) -> set[str]:
    """A seed in all its forms; of a PEM file every line of its body."""
    raw = b""
    with contextlib.suppress(OSError):  # who cannot read the key cannot put it into a bundle either
        descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            raw = os.read(descriptor, KEY_FILE_MAX_BYTES)
        finally:
            os.close(descriptor)
    text = raw.decode(errors="ignore").strip()
    found = {line for line in text.splitlines() if len(line) > 15 and "-----" not in line}
    with contextlib.suppress(ValueError):
        found |= forms_of(bytes.fromhex(text))
    return found
