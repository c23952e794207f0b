"""Who may listen and who may dial (ARCHITECTURE section 2): everything else is handed its streams."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "edge_node"
MODULES = sorted(PACKAGE.rglob("*.py"))

# serving offers listeners to the rooms that listen; by itself it opens nothing, which the last test holds it to.
LISTENS = (
    "gateway/",
    "control/",
    "serving/",
    "devnet/link",  # the cable of a trial that can be cut
    "devnet/rpc",
    "media/rtc_bridge",
)
DIALS = (
    "chain_light/rpc",
    "client/",
    "compute/runtime",
    "devnet/link",
    "compute/sandbox",  # a socket pair to its own workers
    "media/ingest",
    "store/peers",
    "store/streams/bridge",
    "supervise",  # sd_notify
)
LISTENING = {
    "open_ssl_over_tcp_listeners",
    "open_tcp_listeners",
    "serve_listeners",
    "serve_ssl_over_tcp",
    "serve_tcp",
}
DIALLING = {"open_ssl_over_tcp_stream", "open_tcp_stream", "open_unix_socket"}
EITHER = {"socket", "socketserver"}
DIALLING_LIBRARIES = {
    "aiohttp",
    "ftplib",
    "http.client",
    "httpcore",
    "httpx",
    "urllib.request",
    "urllib3",
    "websockets",
}


def names_used(tree: ast.AST) -> set[str]:
    """Modules imported and attributes of trio used: `socket`, `httpx`, `trio.open_tcp_stream` as `open_tcp_stream`."""
    used: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                used |= {alias.name for alias in names}
            case ast.ImportFrom(module="trio", names=names):
                used |= {alias.name for alias in names}
            case ast.ImportFrom(module="http" | "urllib" as parent, names=names):
                used |= {f"{parent}.{alias.name}" for alias in names}
            case ast.ImportFrom(module=str(module)):
                used.add(module.removeprefix("trio."))
            case ast.Attribute(value=ast.Name(id="trio"), attr=attr):
                used.add(attr)
    return used


def place(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


@pytest.mark.parametrize("path", MODULES, ids=place)
def test_only_the_doors_listen_and_dial(path: Path) -> None:
    """A module outside the rooms of section 2 neither opens a listener nor reaches out."""
    used = names_used(ast.parse(path.read_text()))
    listens, dials = place(path).startswith(LISTENS), place(path).startswith(DIALS)
    if not listens:
        assert not used & LISTENING
    if not dials:
        assert not used & (DIALLING | DIALLING_LIBRARIES)
    if not (listens or dials):
        assert not used & EITHER


@pytest.mark.parametrize("path", [path for path in MODULES if place(path).startswith(LISTENS)], ids=place)
def test_importing_a_door_opens_nothing(path: Path) -> None:
    """Listeners are opened by a call from the composition root, never by an import."""
    calls = [
        call
        for statement in ast.parse(path.read_text()).body
        if not isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        for call in ast.walk(statement)
        if isinstance(call, ast.Call)
    ]
    opened = {ast.unparse(call.func).rpartition(".")[2] for call in calls}
    assert not opened & (LISTENING | {"socket", "listen", "bind"})


def test_the_reader_of_imports_sees_every_spelling() -> None:
    """The rule holds however the import is written."""
    source = "import httpx\nimport http.client\nfrom trio import open_tcp_stream\nfrom trio.socket import AF_INET\n"
    source += "from urllib import request\ntrio.serve_tcp\n"
    assert names_used(ast.parse(source)) >= {
        "httpx", "http.client", "open_tcp_stream", "socket", "urllib.request", "serve_tcp",
    }  # fmt: skip
