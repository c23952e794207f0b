"""Starts that must not happen, beside a node that runs."""

import os
import socket
import subprocess
import sys

import pytest
import trio

from edge_node.identity import load_tls_identity
from edge_node.journal import DirectoryInUse
from edge_node.serving import AddressUnavailable
from edge_node.settings import load
from edge_node.settings.errors import SettingsError
from tests.gateway.rig import CLOCK, Site, running


async def test_a_port_in_use(site: Site) -> None:
    """The start ends, naming the address, and gives the directory back."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.RaisesGroup(pytest.RaisesExc(AddressUnavailable, match=address), flatten_subgroups=True):
            async with running(site, http={"listen": address}):
                pass
    async with running(site) as node:
        await node.is_healthy()


async def test_a_second_process_on_the_directory(site: Site) -> None:
    """Another process ends with exit code 4 and names the first; the first does not notice."""
    async with running(site) as node:
        environ = os.environ | {
            "EDGE_NODE__NODE__DATA_DIR": str(site.root),
            "EDGE_NODE__HTTP__LISTEN": "127.0.0.1:0",
            "EDGE_NODE__HTTP__LISTEN_TLS": "",
            "EDGE_NODE__GRPC__LISTEN": "",
        }
        (site.root / "edge-node.toml").write_text("")
        command = [sys.executable, "-m", "edge_node", "run", "--config", str(site.root / "edge-node.toml")]
        rows = node.rows()
        done = await trio.run_process(command, env=environ, check=False, capture_stderr=True)
        assert done.returncode == 4
        assert str(os.getpid()) in done.stderr.decode()
        assert node.rows() == rows
        await node.is_healthy()


async def test_a_second_node_in_the_same_process(site: Site) -> None:
    """The lock is on the directory, not on the process."""
    async with running(site) as node:
        with pytest.RaisesGroup(DirectoryInUse, flatten_subgroups=True):
            async with running(site):
                pass
        await node.is_healthy()


@pytest.mark.parametrize(
    "text",
    [
        "[http]\nlistne = 1\n",
        "[http\n",
        "\0\xff",
        '[journal]\nsegment_bytes = "big"\n',
        "[ingest]\nbody_bytes_max = -1\n",
    ],
)
def test_broken_settings_start_nothing(site: Site, text: str) -> None:
    """Every fault of a settings file is found before anything is opened."""
    file = site.root / "edge-node.toml"
    file.write_bytes(text.encode("latin-1"))
    with pytest.raises(SettingsError):
        load(file, {})
    done = subprocess.run(
        [sys.executable, "-m", "edge_node", "run", "--config", str(file)], check=False, capture_output=True, text=True
    )
    assert done.returncode == 3
    assert str(file) in done.stderr


ODD_PLACES = [
    ("edge-node.toml", {}, 3),
    ("keys/node.key", {}, 1),
    ("odd.key", {"NODE__KEY_FILE": "odd.key"}, 1),
    ("keys/tls/certificate.pem", {}, 1),
    ("keys/tls/key.pem", {}, 1),
    ("odd.crt", {"HTTP__CERTIFICATE_FILE": "odd.crt", "HTTP__CERTIFICATE_KEY_FILE": "keys/tls/key.pem"}, 1),
]


@pytest.mark.parametrize(("name", "settings", "code"), ODD_PLACES, ids=[name for name, _, _ in ODD_PLACES])
def test_a_directory_in_the_place_of_a_file(site: Site, name: str, settings: dict[str, str], code: int) -> None:
    """What stands there, where, and what to do; no traceback, no bare error of the system."""
    file = site.root / "edge-node.toml"
    file.write_text("")
    environ = {f"EDGE_NODE__{key}": str(site.root / value) for key, value in settings.items()}
    environ |= {"EDGE_NODE__NODE__DATA_DIR": str(site.root), "EDGE_NODE__HTTP__LISTEN": "127.0.0.1:0"}
    environ["EDGE_NODE__HTTP__LISTEN_TLS"] = "127.0.0.1:0"
    environ["EDGE_NODE__GRPC__LISTEN"] = ""
    own = load(file, environ).settings
    if name.startswith("keys/tls"):
        load_tls_identity(own, site.paths, CLOCK, {})
    place = site.root / name
    place.unlink(missing_ok=True)
    place.mkdir(mode=0o700)
    done = subprocess.run(
        [sys.executable, "-m", "edge_node", "run", "--config", str(file)],
        env=os.environ | environ, check=False, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == code
    error, hint = done.stderr.splitlines()
    assert error.startswith("error: ")
    assert str(place) in error
    assert "Errno" not in error
    assert hint.startswith("hint: ")
