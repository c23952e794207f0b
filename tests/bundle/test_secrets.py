"""Every secret that can be known is known."""

from pathlib import Path

from edge_node.bundle.secrets import secrets_of
from tests.doctor.rig import made, settings_of, site_of


def test_keys_of_a_node_in_their_forms(tmp_path: Path) -> None:
    """Both seeds and the body of the TLS key, and no public half of anything."""
    site = made(tmp_path / "n")
    secrets = secrets_of(site)
    assert site.paths.node_key.read_text().strip() in secrets
    assert site.paths.operator_key.read_text().strip() in secrets
    assert (site.paths.tls / "key.pem").read_text().splitlines()[1] in secrets
    assert not any("-----" in secret for secret in secrets)
    certificate = (site.paths.tls / "certificate.pem").read_text().splitlines()[1]
    assert certificate not in secrets


def test_settings_and_credentials(tmp_path: Path) -> None:
    """Paths of keys elsewhere, what is in them, and what systemd handed over."""
    (tmp_path / "credentials").mkdir()
    (tmp_path / "credentials/node-key").write_text("ab" * 32 + "\n")
    (tmp_path / "elsewhere").write_text("cd" * 32 + "\n")
    loaded = settings_of(tmp_path / "n")
    file = Path(loaded.file)
    file.write_text(f'[node]\ndata_dir = "{tmp_path}/n"\nkey_file = "{tmp_path}/elsewhere"\n')
    from edge_node.settings import load

    site = site_of(load(file, {}), environ={"CREDENTIALS_DIRECTORY": str(tmp_path / "credentials")})
    assert {f"{tmp_path}/elsewhere", "cd" * 32, str(tmp_path / "credentials"), "ab" * 32} <= secrets_of(site)


def test_keys_in_the_addresses_of_endpoints(tmp_path: Path) -> None:
    """What stands behind the host, in the path or the query; the host itself is no secret."""
    chain = '[chain]\nnetwork = "cere-mainnet"\nendpoints = ["a=wss://rpc.example/v1/5ECRETkey?token=0THERkey"]'
    secrets = secrets_of(made(tmp_path / "n", chain))
    assert {"v1", "5ECRETkey", "token=0THERkey"} <= secrets
    assert not any("rpc.example" in secret for secret in secrets if not secret.startswith("("))


def test_what_cannot_be_read_is_no_obstacle(tmp_path: Path) -> None:
    """A directory, a pipe, an empty file."""
    import os

    site = made(tmp_path / "n")
    (site.paths.keys / "odd.key").mkdir()
    os.mkfifo(site.paths.keys / "pipe.key")
    (site.paths.keys / "empty.key").write_text("")
    assert "" not in secrets_of(site)
