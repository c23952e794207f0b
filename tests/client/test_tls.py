"""Which node is believed over TLS, over real sockets."""

import datetime as dt
import hashlib
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from edge_node.client.errors import NodeUnreachable
from edge_node.client.node import Node
from edge_node.client.tls import BadPin, tls_context
from tests.client.rig import both_backends, run


class _Info(BaseHTTPRequestHandler):
    timeout = 1

    def do_GET(self) -> None:
        type(self).asked = True
        body = b'{"name":"tls","version":"0","node":"","vault":"","time":1,"clock":0}'
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass

    asked = False


def make_certificate(directory: Path) -> tuple[Path, Path, str]:
    """A self-signed certificate for `localhost`: its file, its key's file, its fingerprint."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "trial")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - dt.timedelta(1)).not_valid_after(now + dt.timedelta(1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    pem, secret = directory / "cert.pem", directory / "key.pem"
    pem.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    der = certificate.public_bytes(serialization.Encoding.DER)
    return pem, secret, hashlib.sha256(der).hexdigest()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[int, Path, str]]:
    """An HTTPS server with a self-signed certificate: port, file, fingerprint."""
    pem, secret, fingerprint = make_certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, secret)
    _Info.asked = False
    httpd = HTTPServer(("127.0.0.1", 0), _Info)
    httpd.socket = context.wrap_socket(httpd.socket, server_side=True)
    httpd.handle_error = lambda *_: None  # type: ignore[method-assign]  # refused handshakes are the point
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield httpd.server_address[1], pem, fingerprint
    httpd.shutdown()
    httpd.server_close()
    thread.join()


async def name_of(host: str, port: int, verify: Path | str | None) -> str:
    async with Node(f"https://{host}:{port}", verify=verify) as node:
        return (await node.info()).name


@both_backends
def test_a_pin_needs_neither_name_nor_authority(backend: str, server: tuple[int, Path, str]) -> None:
    """The fingerprint alone decides; colons and upper case are how people copy it."""
    port, _, fingerprint = server
    assert run(backend, name_of, "127.0.0.1", port, f"sha256:{fingerprint}") == "tls"
    shown = ":".join(fingerprint[place : place + 2] for place in range(0, 64, 2)).upper()
    assert run(backend, name_of, "127.0.0.1", port, f"SHA256:{shown}") == "tls"


@both_backends
def test_another_certificate_is_refused_before_a_byte_is_sent(backend: str, server: tuple[int, Path, str]) -> None:
    """The error names the reason; the impostor never saw a request."""
    with pytest.raises(NodeUnreachable, match="not the pinned one"):
        run(backend, name_of, "127.0.0.1", server[0], "sha256:" + "0" * 64)
    assert not _Info.asked


@both_backends
def test_a_certificate_file_checks_name_and_signature(backend: str, server: tuple[int, Path, str]) -> None:
    """The self-signed file is its own authority, for the names in it."""
    port, pem, _ = server
    assert run(backend, name_of, "localhost", port, pem) == "tls"
    with pytest.raises(NodeUnreachable, match=r"(?i)certificate"):
        run(backend, name_of, "127.0.0.1", port, pem)


@both_backends
def test_the_machines_authorities_do_not_know_a_self_signed_one(backend: str, server: tuple[int, Path, str]) -> None:
    """Without a word from the operator nothing unknown is believed."""
    with pytest.raises(NodeUnreachable, match=r"(?i)certificate"):
        run(backend, name_of, "localhost", server[0], None)
    assert not _Info.asked


@pytest.mark.parametrize("pin", ["sha256:", "sha256:00", "sha256:" + "g" * 64, "sha256:" + "0" * 66])
def test_a_pin_has_one_length(pin: str) -> None:
    """A typing slip is told, not treated as a file name."""
    with pytest.raises(BadPin):
        tls_context(pin)
