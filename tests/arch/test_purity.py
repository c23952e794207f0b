"""The core is pure: what parses, verifies and frames can reach no socket, file, clock or chance."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

BASE = ["edge_node.base.base58", "edge_node.base.digests", "edge_node.base.ss58"]
WIRE = sorted(f"edge_node.wire.{path.stem}" for path in (ROOT / "edge_node/wire").glob("*.py"))
TRUST = [
    f"edge_node.trust.{name}"
    for name in (
        "access",
        "access_capability",
        "access_errors",
        "access_resource",
        "account",
        "activity_request",
        "auth_token",
        "bearer",
        "dev_keys",
        "device",
        "device_errors",
        "documents",
        "event_frame",
        "event_header",
        "horizons",
        "key_certificate",
        "keys",
        "nonce_window",
        "retention_anchor",
        "signature_fields",
        "signed_event",
        "signed_request",
        "signing_key",
        "spent_requests",
        "token_book",
        "token_chain",
        "token_errors",
        "token_revocations",
        "token_rights",
        "wallet_signature",
    )
]
# The light client verifies and decodes: every module of its room is pure but the shells that are named here.
CHAIN_SHELLS = {
    "anchor_keeper", "beginning", "chain_db", "chain_db_file", "comparing", "endpoint_member", "endpoints",
    "following", "guarantors", "network", "patience", "rpc", "rpc_connection", "rpc_dial", "rpc_feeds",
    "runtime_reader", "runtime_watch", "shared_question", "shipped", "source", "sync", "sync_ports", "view", "warping",
}  # fmt: skip
CHAIN = sorted(
    f"edge_node.chain_light.{path.stem}"
    for path in (ROOT / "edge_node/chain_light").glob("*.py")
    if path.stem not in CHAIN_SHELLS
)
# Higher rooms have a pure core too. What stands beside it in its room loads I/O: only its own imports are looked at.
CORES = {
    "activity": ("errors", "note", "record", "window"),
    "control": (
        "arguments", "chain_rows", "events", "paging", "payload", "plans", "quantiles", "rights", "roster", "views",
    ),
    "devnet": ("errors", "extrinsic_watch", "faults", "pool", "set_changes"),
    "devnet.pallets": (
        "apis", "babe", "balances", "basics", "ddc_clusters", "ddc_customers", "ddc_nodes", "ddc_staking", "extensions",
        "grandpa", "profile", "shape", "sudo", "system", "timestamp", "transaction_payment", "utility",
    ),
    "devnet.rpc": (
        "author", "chain", "control", "fees", "grandpa", "json_rpc", "method", "methods", "params", "payment",
        "permuted", "refusals", "runtime_calls", "state", "sync_state", "system",
    ),
    "devnet.runtime": (
        "accounts", "apply", "babe_block", "block", "chain", "defaults", "described", "dispatch", "fees", "form",
        "genesis", "grandpa_block", "handler", "invalid", "origin", "proofs", "refusals", "state", "type_book",
        "validators", "validity", "voters", "work",
    ),
    "devnet.runtime.calls": (
        "balances", "ddc_cluster_nodes", "ddc_clusters", "ddc_customers", "ddc_nodes", "ddc_staking",
        "ddc_staking_cluster", "sudo", "system", "timestamp", "unlocking", "utility",
    ),
    "gateway": (
        "ack_habits",
        "ack_window",
        "ddc_headers",
        "ddc_json_forms",
        "ddc_operations",
        "ddc_path",
        "ddc_rules",
        "ranged",
    ),
    "journal": ("footer", "round", "scan", "segment", "space", "states"),
    "settings": (
        "buckets", "changes", "doors", "keeping", "listening", "literal", "retention", "scanner", "section", "tree",
        "validate",
    ),
    "store": ("bucket_errors", "dag_links", "name_record", "quota", "records", "scope"),
    "store.streams": (
        "admission", "event_object", "frames", "page", "prepare", "records", "replay", "retention", "tail", "timing",
        "traffic",
    ),
    "supervise": ("budget", "health", "progress"),
}  # fmt: skip
CORE = [f"edge_node.{room}.{name}" for room, names in CORES.items() for name in names]
PURE = [name.removesuffix(".__init__") for name in BASE + WIRE + TRUST + CHAIN]

# Nothing these modules import, however far down, may load one of these. The C module `_socket` is not among them:
# msgspec loads typing_extensions, which takes the type of a capsule from it.
NEVER_LOADED = {"asyncio", "random", "secrets", "select", "socket", "sqlite3", "subprocess", "threading", "trio"}
# hpack keeps a logger: `logging` does no I/O until somebody gives it a handler, but it brings the locks of threading.
HARMLESS = "logging"
# And they themselves may not name one of these: base/clock names time so that nobody else has to.
NEVER_NAMED = NEVER_LOADED | {"io", "os", "pathlib", "tempfile", "time"}

SCRIPT = """
import importlib, json, sys
never, found = set(json.loads(sys.argv[1])), {}
importlib.import_module(sys.argv[3])
at_start = set(sys.modules)
for name in json.loads(sys.argv[2]):
    importlib.import_module(name)
    if loaded := sorted(never & (set(sys.modules) - at_start) - set().union(*found.values())):
        found[name] = loaded
print(json.dumps(found))
"""


def source_of(module: str) -> Path:
    """The file of a module or package."""
    path = ROOT.joinpath(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def named_in(module: str) -> set[str]:
    """The modules a file imports, anywhere in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source_of(module).read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
    return names


@pytest.mark.parametrize("modules", [BASE, WIRE, TRUST, CHAIN], ids=["base", "wire", "trust", "chain"])
def test_importing_the_core_loads_no_io(modules):
    """A fresh interpreter imports the pure modules and loads nothing that does I/O; the first that does is named."""
    names = [name.removesuffix(".__init__") for name in modules]
    command = [sys.executable, "-c", SCRIPT, json.dumps(sorted(NEVER_LOADED)), json.dumps(names), HARMLESS]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {}


@pytest.mark.parametrize("module", PURE + CORE)
def test_a_pure_module_names_no_io(module):
    """Its own imports name nothing that does I/O or tells the time."""
    assert not {name.partition(".")[0] for name in named_in(module)} & NEVER_NAMED


@pytest.mark.parametrize("module", PURE)
def test_a_pure_module_stands_on_pure_modules(module):
    """What it imports of the product is pure too, or the ground floor's types."""
    ground = {f"edge_node.base.{name}" for name in ("clock", "counters", "errors", "ids", "limits")}
    ours = {name for name in named_in(module) if name.partition(".")[0] == "edge_node"}
    assert ours <= ground | set(PURE)


def test_the_list_is_not_stale():
    """Every module that is said to be pure exists."""
    assert [module for module in PURE + CORE if not source_of(module).is_file()] == []
