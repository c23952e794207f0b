"""What is done to a node that is not running: making one, changing its devices, revoking DDC tokens, under LOCK."""

import contextlib
import os
import sqlite3
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import trio

from edge_node.base.clock import Clock
from edge_node.base.errors import EdgeNodeError
from edge_node.base.ids import MalformedId, PublicKey, VaultId
from edge_node.identity import load_public_key, load_receipt_identity, load_tls_identity
from edge_node.journal import CLOSE_S, Database, Draft, Journal, Lane, open_journal
from edge_node.kinds import DEVICE_KIND, NODE_KINDS
from edge_node.paths import Paths
from edge_node.settings import Settings, template
from edge_node.trust.dev_keys import Held, require_own_secrets
from edge_node.trust.device import Device, DeviceChange, Enrolment, Role
from edge_node.trust.device_changes import VERSION, encode_change
from edge_node.trust.device_rows import load_devices
from edge_node.trust.devices import DeviceTable
from edge_node.trust.keys import SigningKey
from edge_node.trust.keystore import write_key_file
from edge_node.trust.token_revocation_rows import REVOCATION_KIND, encode_revocation, load_revocations
from edge_node.trust.token_revocation_rows import VERSION as REVOCATION_VERSION
from edge_node.trust.token_revocations import TokenRevocation, TokenRevocations

Result = TypeVar("Result")


class DirectoryTaken(EdgeNodeError):
    """`init` was asked to make a node where one is."""

    slug = "directory-taken"
    remedy = "Choose another data directory; a node is never made over another."

    def __init__(self, path: Path, what: str) -> None:
        self.path = path
        super().__init__(f"{path} already holds {what}")


class NoSuchDevice(EdgeNodeError):
    """Neither a name in use nor a known key."""

    slug = "unknown-device"
    remedy = "`edge-node device list` shows names and keys."

    def __init__(self, wanted: str) -> None:
        self.wanted = wanted
        super().__init__(f"no device is called {wanted!r}, and none has that key")


@dataclass(frozen=True, slots=True)
class Made:
    """A new node: its keys and where its secrets lie."""

    data_dir: Path
    node: PublicKey
    operator: PublicKey
    operator_key_file: Path


def make_node(settings: Settings, clock: Clock, random: Callable[[int], bytes], environ: Mapping[str, str]) -> Made:
    """Make the data directory, the node key (unless a credential or file holds it), the operator's key and the log.

    DirectoryTaken, with nothing changed, if a node is there; PublicSecret for a node key that everybody has, which a
    file or credential may hold. The operator's key is enrolled with every right on
    the node's own vault; it may be moved to another machine.
    """
    paths = Paths(Path(settings.node.data_dir))
    for path, what in ((paths.identity, "a node"), (paths.segments, "segments"), (paths.operator_key, "a key")):
        if path.exists():
            raise DirectoryTaken(path, what)
    paths.root.mkdir(mode=0o700, parents=True, exist_ok=True)
    paths.keys.mkdir(mode=0o700, exist_ok=True)
    node = _make_node_key(settings, paths, random, environ)
    require_own_secrets([Held("the node key", node)], "a node's key is to be its own")
    with SigningKey.generate(random) as operator_key:
        write_key_file(paths.operator_key, operator_key)
        operator = operator_key.public
    change = Enrolment(
        key=operator,
        name="operator",
        roles=frozenset({Role.OPERATOR}),
        vault=VaultId(node),
        t_ms=clock.now_ms(),
        note="made by init",
    )
    change_devices(settings, clock, random, lambda _: change)
    load_tls_identity(settings, paths, clock, environ)
    load_receipt_identity(settings.node, paths, clock, environ, random).key.close()
    return Made(paths.root, node, operator, paths.operator_key)


def _make_node_key(
    settings: Settings, paths: Paths, random: Callable[[int], bytes], environ: Mapping[str, str]
) -> PublicKey:
    if settings.node.key_credential or settings.node.key_file:
        return load_public_key(settings.node, paths, environ)
    with SigningKey.generate(random) as key:
        write_key_file(paths.node_key, key)
        return key.public


def write_settings(file: Path, chosen: Mapping[str, object]) -> Path:
    """Write a commented settings file, mode 0600, with `chosen` in force; DirectoryTaken if something is there."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise DirectoryTaken(file, "settings") from None
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(template(chosen))
    return file


def find_device(table: DeviceTable, wanted: str) -> Device:
    """The device of that name, or with that key in hex; NoSuchDevice otherwise."""
    if (named := table.named(wanted)) is not None:
        return named
    with contextlib.suppress(MalformedId):
        if (device := table.get(PublicKey.parse(wanted))) is not None:
            return device
    raise NoSuchDevice(wanted)


class RevokedAlready(EdgeNodeError):
    """What is to be refused is refused already."""

    slug = "already-revoked"
    remedy = "Nothing is left to do; `edge-node grant list` shows what is revoked."

    def __init__(self, standing: TokenRevocation) -> None:
        self.standing = standing
        super().__init__(f"the {standing.by} {standing.subject} is revoked already, since {standing.t_ms} ms")


def query_registry(
    settings: Settings,
    clock: Clock,
    random: Callable[[int], bytes],
    query: Callable[[sqlite3.Connection], Result],
    holder: str = "edge-node device",
) -> Result:
    """What `query` answers from meta.db of a stopped node; DirectoryInUse while one runs."""
    answers: list[Result] = []

    async def ask(journal: Journal) -> None:
        answers.append(await journal.query(query, database=Database.META))

    _with_journal(settings, clock, random, ask, holder)
    return answers[0]


def change_devices(
    settings: Settings,
    clock: Clock,
    random: Callable[[int], bytes],
    decide: Callable[[DeviceTable], DeviceChange],
) -> Device:
    """Make one change, durable on return: `decide` sees the registry and answers the change to log.

    DirectoryInUse while a node runs; a DeviceError, with nothing logged, if the change may not happen.
    """
    made: list[Device] = []

    async def change(journal: Journal) -> None:
        table = await journal.query(load_devices, database=Database.META)
        wanted = decide(table)
        made.append(table.outcome(wanted))
        draft = Draft(DEVICE_KIND, VERSION, b"", encode_change(wanted), wanted)
        await journal.append([draft], Lane.CONTROL)

    _with_journal(settings, clock, random, change)
    return made[0]


def revoke_grants(
    settings: Settings, clock: Clock, random: Callable[[int], bytes], change: TokenRevocation
) -> TokenRevocation:
    """Refuse DDC tokens from the next start on, durable on return; DirectoryInUse while a node runs, RevokedAlready."""

    async def revoke(journal: Journal) -> None:
        known = TokenRevocations(await journal.query(load_revocations, database=Database.META))
        if (standing := known.standing(change)) is not None:
            raise RevokedAlready(standing)
        draft = Draft(REVOCATION_KIND, REVOCATION_VERSION, b"", encode_revocation(change), change)
        await journal.append([draft], Lane.CONTROL)

    _with_journal(settings, clock, random, revoke, "edge-node grant")
    return change


def _with_journal(
    settings: Settings,
    clock: Clock,
    random: Callable[[int], bytes],
    work: Callable[[Journal], Awaitable[None]],
    holder: str = "edge-node device",
) -> None:
    async def run() -> None:
        journal = open_journal(
            Paths(Path(settings.node.data_dir)),
            settings.journal,
            NODE_KINDS,
            random=random,
            clock=clock,
            holder=holder,
        )
        refusals: list[EdgeNodeError] = []
        try:
            async with trio.open_nursery() as nursery:
                await nursery.start(journal.run)
                try:
                    await work(journal)
                except EdgeNodeError as refusal:  # carried out of the nursery, which would wrap it in a group
                    refusals.append(refusal)
                nursery.cancel_scope.cancel()
        finally:
            with trio.move_on_after(CLOSE_S, shield=True):
                await journal.flush_and_close()
        if refusals:
            raise refusals[0]

    trio.run(run)
