"""Rules across settings: what each field's own type cannot say."""

import math
from collections.abc import Callable, Iterator

from edge_node.base.limits import NUMBER_EXACT_IN_JSON
from edge_node.settings.address import parse_listen
from edge_node.settings.errors import SettingsConflict, UnfitSetting
from edge_node.settings.fields import FIELDS
from edge_node.settings.resolve import Loaded
from edge_node.settings.retention import parse_rules

Finding = tuple[tuple[str, ...], str]
"""The settings at fault, the one to change first in front, and why they do not go together."""


def validate(loaded: Loaded) -> None:
    """Nothing when every rule holds; else SettingsError for the first one broken."""
    _check_numbers(loaded)
    _check_addresses(loaded)
    _check_retention(loaded)
    for rule in RULES:
        for names, why in rule(loaded):
            raise SettingsConflict(loaded.where(names[0]), names, why)


def _check_numbers(loaded: Loaded) -> None:
    for field in FIELDS:
        value = field.value_in(loaded.settings)
        if isinstance(value, float) and not math.isfinite(value):
            raise UnfitSetting(loaded.where(field.name), field.name, "a finite number", str(value))
        if isinstance(value, int) and value >= NUMBER_EXACT_IN_JSON:
            raise UnfitSetting(loaded.where(field.name), field.name, "an integer below 2^53", "a larger one")


def _check_addresses(loaded: Loaded) -> None:
    http = loaded.settings.http
    for name, text in (("http.listen", http.listen), ("http.listen_tls", http.listen_tls)):
        try:
            _ = parse_listen(text) if text else None
        except ValueError as error:
            raise UnfitSetting(loaded.where(name), name, f"an address ({error})", repr(text)) from error


def _check_retention(loaded: Loaded) -> None:
    rules = loaded.settings.retention.rules
    try:
        parse_rules(rules)
    except ValueError as error:
        name = "retention.rules"
        raise UnfitSetting(loaded.where(name), name, f"rules that can be read ({error})", repr(list(rules))) from error


def _plain_door(loaded: Loaded) -> Iterator[Finding]:
    http = loaded.settings.http
    if http.listen and http.plain == "loopback" and not parse_listen(http.listen).is_loopback:
        yield (
            ("http.listen", "http.plain"),
            f'{http.listen} can be reached from outside this machine without TLS; say plain = "lan" to allow it',
        )


def _certificate(loaded: Loaded) -> Iterator[Finding]:
    http = loaded.settings.http
    if http.certificate_file and not http.certificate_key_file:
        yield ("http.certificate_file", "http.certificate_key_file"), "a certificate wants its key"
    if http.certificate_key_file and not http.certificate_file:
        yield ("http.certificate_key_file", "http.certificate_file"), "a key wants its certificate"


def _sizes(loaded: Loaded) -> Iterator[Finding]:
    http, journal, ingest = loaded.settings.http, loaded.settings.journal, loaded.settings.ingest
    if http.connections_per_address_max > http.connections_max:
        yield ("http.connections_per_address_max", "http.connections_max"), "one address may hold more than there are"
    if journal.preallocate_bytes > journal.segment_bytes:
        yield ("journal.preallocate_bytes", "journal.segment_bytes"), "a step is larger than the whole segment"
    if ingest.body_bytes_max > ingest.queue_bytes_max:
        yield ("ingest.body_bytes_max", "ingest.queue_bytes_max"), "the largest body does not fit into the queue"
    if ingest.body_bytes_max > ingest.page_bytes_max:
        yield ("ingest.body_bytes_max", "ingest.page_bytes_max"), "the largest body does not fit into a page"


def _sockets(loaded: Loaded) -> Iterator[Finding]:
    control = loaded.settings.control
    if control.socket == control.view_socket and control.socket.startswith("/"):
        yield ("control.view_socket", "control.socket"), "viewers would get what only operators may open"


RULES: tuple[Callable[[Loaded], Iterator[Finding]], ...] = (_plain_door, _certificate, _sizes, _sockets)
