"""TLS for a door: contexts, a holder whose certificate can be changed while serving, and the handshake."""

import socket
import ssl
from pathlib import Path

import trio

from edge_node.serving.certificate import fingerprint
from edge_node.serving.refusals import ServingError
from edge_node.serving.transport import HandshakeRefused, StreamTransport

ALPN = ("http/1.1",)


class CertificateUnusable(ServingError):
    """A certificate or its key cannot be loaded, or they do not belong together."""

    slug = "certificate-unusable"
    remedy = "Point http.certificate_file and http.certificate_key_file at a PEM chain and its unencrypted key."

    def __init__(self, path: Path, why: str) -> None:
        self.path, self.why = str(path), why
        super().__init__(f"the certificate {path} cannot be used: {why}")


def make_context(certificate_file: Path, key_file: Path) -> ssl.SSLContext:
    """A server context: TLS 1.2 or later, ALPN http/1.1; CertificateUnusable."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION
    context.set_alpn_protocols(list(ALPN))
    try:
        # An empty password instead of OpenSSL's prompt on the terminal, which would hang the node.
        context.load_cert_chain(certificate_file, key_file, password="")
    except (OSError, ValueError) as error:
        raise CertificateUnusable(certificate_file, str(error)) from None
    return context


class TlsIdentity:
    """The certificate a TLS door shows. `load` changes it for new handshakes; running connections keep theirs."""

    def __init__(self, certificate_file: Path, key_file: Path) -> None:
        self.load(certificate_file, key_file)

    def load(self, certificate_file: Path, key_file: Path) -> None:
        """Take another pair; CertificateUnusable leaves the present one in force."""
        context = make_context(certificate_file, key_file)
        self.fingerprint = fingerprint(certificate_file.read_bytes())
        self.context = context


class TlsTransport(StreamTransport):
    """A socket under TLS; the context is the one in force when the connection came."""

    def __init__(self, sock: socket.socket, peer: str, identity: TlsIdentity) -> None:
        self._tls = trio.SSLStream(
            trio.SocketStream(trio.socket.from_stdlib_socket(sock)),
            identity.context,
            server_side=True,
            https_compatible=True,
        )
        super().__init__(self._tls, peer, secure=True)

    async def open(self) -> None:
        """Complete the handshake; HandshakeRefused. The caller bounds the time and closes."""
        try:
            await self._tls.do_handshake()
        except (trio.BrokenResourceError, trio.ClosedResourceError) as error:
            raise HandshakeRefused(str(error.__cause__ or error)) from None
