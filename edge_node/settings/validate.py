"""Rules across settings: what each field's own type cannot say."""

import math
from collections.abc import Callable, Iterator

from edge_node.base.limits import NUMBER_EXACT_IN_JSON
from edge_node.settings.address import ListenAddress, parse_listen
from edge_node.settings.buckets import parse_buckets
from edge_node.settings.doors import parse_pairs
from edge_node.settings.endpoints import parse_endpoints
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
    _check_lists(loaded)
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
    http, grpc = loaded.settings.http, loaded.settings.grpc
    listens = (("http.listen", http.listen), ("http.listen_tls", http.listen_tls), ("grpc.listen", grpc.listen))
    for name, text in listens:
        try:
            _ = parse_listen(text) if text else None
        except ValueError as error:
            raise UnfitSetting(loaded.where(name), name, f"an address ({error})", repr(text)) from error


def _check_lists(loaded: Loaded) -> None:
    of = loaded.settings
    lists: tuple[tuple[str, str, tuple[str, ...], Callable[[tuple[str, ...]], object]], ...] = (
        ("retention.rules", "rules", of.retention.rules, parse_rules),
        ("ddc.doors", "pairs", of.ddc.doors, parse_pairs),
        ("ddc.buckets", "buckets", of.ddc.buckets, parse_buckets),
    )
    for name, what, texts, parse in lists:
        try:
            parse(texts)
        except ValueError as error:
            wanted = f"{what} that can be read ({error})"
            raise UnfitSetting(loaded.where(name), name, wanted, repr(list(texts))) from error
    try:
        parse_endpoints(of.chain.endpoints)
    except ValueError as error:
        # Not repeated: providers put their customers' keys into the address.
        where, wanted = loaded.where("chain.endpoints"), f"endpoints that can be read ({error})"
        raise UnfitSetting(where, "chain.endpoints", wanted, "another list") from error


def _plain_door(loaded: Loaded) -> Iterator[Finding]:
    plain = {"http": loaded.settings.http.plain, "grpc": loaded.settings.grpc.plain}
    for name, kind, address in _plain_addresses(loaded):
        if plain[kind] == "loopback" and not address.is_loopback:
            yield (
                (name, f"{kind}.plain"),
                f'{address} can be reached from outside this machine without TLS; say plain = "lan" to allow it',
            )


def _one_door_each(loaded: Loaded) -> Iterator[Finding]:
    tls = loaded.settings.http.listen_tls
    taken = {str(parse_listen(tls)): "http.listen_tls"} if tls else {}
    for name, _, address in _plain_addresses(loaded):
        if address.port and (other := taken.get(str(address))):
            yield tuple(dict.fromkeys((name, other))), f"two doors cannot both be {address}"
        taken[str(address)] = name


def _plain_addresses(loaded: Loaded) -> Iterator[tuple[str, str, ListenAddress]]:
    """Every address that is listened at without TLS: the setting, what is spoken there, and where."""
    for name, text in (("http", loaded.settings.http.listen), ("grpc", loaded.settings.grpc.listen)):
        if text:
            yield f"{name}.listen", name, parse_listen(text)
    for pair in parse_pairs(loaded.settings.ddc.doors):
        for kind, address in (("http", pair.http), ("grpc", pair.grpc)):
            if address is not None:
                yield "ddc.doors", kind, address


def _certificate(loaded: Loaded) -> Iterator[Finding]:
    http = loaded.settings.http
    if http.certificate_file and not http.certificate_key_file:
        yield ("http.certificate_file", "http.certificate_key_file"), "a certificate wants its key"
    if http.certificate_key_file and not http.certificate_file:
        yield ("http.certificate_key_file", "http.certificate_file"), "a key wants its certificate"


def _sizes(loaded: Loaded) -> Iterator[Finding]:
    journal, ingest = loaded.settings.journal, loaded.settings.ingest
    for name, door in (("http", loaded.settings.http), ("grpc", loaded.settings.grpc)):
        if door.connections_per_address_max > door.connections_max:
            names = (f"{name}.connections_per_address_max", f"{name}.connections_max")
            yield names, "one address may hold more than there are"
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


def _network(loaded: Loaded) -> Iterator[Finding]:
    chain = loaded.settings.chain
    if chain.network and chain.spec_file:
        yield ("chain.network", "chain.spec_file"), "one chain is followed: a network of the release, or a file's"
    if chain.network or chain.spec_file:
        return
    for name in ("endpoints", "checkpoint_file", "pin_file", "operator_key"):
        if getattr(chain, name):
            yield (f"chain.{name}", "chain.network"), "no chain is followed, so this says nothing; name a network"


RULES: tuple[Callable[[Loaded], Iterator[Finding]], ...] = (
    _plain_door,
    _one_door_each,
    _certificate,
    _sizes,
    _sockets,
    _network,
)
