"""The node key: there, readable, and the one this directory was made with."""

import contextlib
import sqlite3
from collections.abc import Collection
from dataclasses import dataclass

from edge_node.base.errors import EdgeNodeError, Refusal
from edge_node.base.ids import PublicKey, VaultId
from edge_node.doctor.chain import follows_development
from edge_node.doctor.finding import Finding, bad, ok, unknown, warn
from edge_node.doctor.site import Site, remedy_of
from edge_node.identity import load_public_key
from edge_node.journal import IdentityUnreadable, NewerFormat, OsFiles, open_unchanged, read_identity
from edge_node.settings import NodeSettings
from edge_node.trust.dev_keys import DEV_KEYS, PublicSecret
from edge_node.trust.key_certificate import read_key_certificate

_SWAPPED = "Put the directory's own key back from the backup: devices sign for the vault of that key."


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyFacts:
    """What became of reading the key. `vouched`: whether it signed keys/tls/certificate.json, None without one.

    `vaults` are those of the enrolled devices, None when the registry cannot be read. `everybodys` names a key that
    everybody has, which serves on a development chain of this machine alone: `development` says whether it follows one.
    """

    source: str
    public: PublicKey | None = None
    problem: str = ""
    remedy: str = ""
    hidden: bool = False
    vouched: bool | None = None
    vaults: Collection[VaultId] | None = None
    everybodys: str = ""
    development: bool = False


def describe_source(settings: NodeSettings) -> str:
    """Where the key is kept, without its name or path, which are secret settings."""
    if settings.key_credential:
        return "a system credential"
    return "the file of node.key_file" if settings.key_file else "keys/node.key"


def probe_keys(site: Site) -> KeyFacts:
    """Read the key, keep its public half, compare it with what it signed and whom the registry serves."""
    source = describe_source(site.settings.node)
    try:
        public = load_public_key(site.settings.node, site.paths, site.environ)
    except (EdgeNodeError, OSError) as error:
        hidden = site.environ.get("CREDENTIALS_DIRECTORY") is None and bool(site.settings.node.key_credential)
        return KeyFacts(source=source, problem=_problem(error, source), remedy=remedy_of(error), hidden=hidden)
    everybodys = " ".join(DEV_KEYS.get(public, ()))
    return KeyFacts(
        source=source,
        public=public,
        vouched=_vouched(site, public),
        vaults=_vaults(site),
        everybodys=everybodys,
        development=bool(everybodys) and follows_development(site),
    )


def _problem(error: EdgeNodeError | OSError, source: str) -> str:
    why = getattr(error, "why", "") or getattr(error, "strerror", "") or "the service manager handed none over"
    return f"the node key ({source}) cannot be used: {why}"


def _vouched(site: Site, public: PublicKey) -> bool | None:
    document = site.paths.tls / "certificate.json"
    if not document.exists():
        return None
    try:
        read_key_certificate(document.read_bytes(), public)
    except Refusal:
        return False
    return True


def _vaults(site: Site) -> set[VaultId] | None:
    with contextlib.suppress(sqlite3.DatabaseError):
        if site.paths.meta_db.exists():
            with contextlib.closing(open_unchanged(site.paths.meta_db)) as connection:
                return {VaultId(row[0]) for row in connection.execute("SELECT DISTINCT vault FROM devices")}
    return None


def judge_keys(facts: KeyFacts) -> list[Finding]:
    """One finding."""
    check = "key.node"
    if facts.public is None:
        said = unknown if facts.hidden else bad
        remedy = "Only the unit's own process sees the credential: run it there." if facts.hidden else facts.remedy
        return [said(check, facts.problem, remedy)]
    figures = {"key": str(facts.public), "kept_in": facts.source}
    if facts.everybodys and not facts.development:
        return [bad(check, f"the key in {facts.source} is {facts.everybodys}, which everybody has: no start takes it",
                    PublicSecret.remedy, **figures)]  # fmt: skip
    if facts.vouched is False:
        return [bad(check, f"the key in {facts.source} is not the one that signed keys/tls/certificate.json", _SWAPPED,
                    **figures)]  # fmt: skip
    if facts.vaults and VaultId(facts.public) not in facts.vaults:
        return [warn(check, "no device is enrolled in the vault of this key; they are all in others", _SWAPPED,
                     **figures)]  # fmt: skip
    return [ok(check, f"{facts.source}: {str(facts.public)[:16]}…, the key this directory was made with", **figures)]


def check_keys(site: Site) -> list[Finding]:
    """NODE and the key."""
    try:
        identity = read_identity(site.paths, OsFiles())
    except (IdentityUnreadable, NewerFormat) as error:
        return [bad("key.directory", str(error), error.remedy), *judge_keys(probe_keys(site))]
    if identity is None:
        return [bad("key.directory", f"there is no node in {site.paths.root}: NODE is missing",
                    "Name another settings file with --config, or make a node with `edge-node init`."),
                *judge_keys(probe_keys(site))]  # fmt: skip
    said = f"node {identity.id[:8]}…, format {identity.format}, incarnation {identity.incarnation}"
    figures = {"id": identity.id, "format": identity.format, "created_ms": identity.created_ms}
    return [ok("key.directory", said, **figures), *judge_keys(probe_keys(site))]
