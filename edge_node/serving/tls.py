"""TLS for a door: contexts, a holder whose certificate can be changed while serving, and the handshake."""

import socket
import ssl
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from edge_node.base.limits import KIB
from edge_node.serving.certificate import expires_at, fingerprint
from edge_node.serving.refusals import ServingError
from edge_node.serving.transport import NOTHING, HandshakeRefused, PeerGone, PlainTransport, rest_of

ALPN = ("http/1.1",)
READ_BYTES = 64 * KIB  # four full records
RECORD_BYTES = 16 * KIB  # given to OpenSSL at once: its buffers keep for good the size they once had
SEAL_BYTES = 256 * KIB  # sealed ahead of a slow reader at most: a whole answer would lie in memory twice


class CertificateUnusable(ServingError):
    """A certificate or its key cannot be loaded, or they do not belong together."""

    slug = "certificate-unusable"
    remedy = "Point http.certificate_file and http.certificate_key_file at a PEM chain and its unencrypted key."

    def __init__(self, path: Path, why: str) -> None:
        self.path, self.why = str(path), why
        super().__init__(f"{path} cannot be used for TLS: {why}")


def make_context(certificate_file: Path, key_file: Path) -> ssl.SSLContext:
    """A server context: TLS 1.2 or later, ALPN http/1.1; CertificateUnusable."""
    for file in (certificate_file, key_file):
        _require_plain(file)
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


def _require_plain(file: Path) -> None:
    """OpenSSL does not say which of the two it cannot read, and would wait for ever on a pipe."""
    try:
        plain = stat.S_ISREG(file.stat().st_mode)
    except OSError as error:
        raise CertificateUnusable(file, error.strerror or type(error).__name__) from None
    if not plain:
        raise CertificateUnusable(file, "it is not a plain file")


class TlsIdentity:
    """The certificate a TLS door shows. `load` changes it for new handshakes; running connections keep theirs."""

    def __init__(self, certificate_file: Path, key_file: Path) -> None:
        self.load(certificate_file, key_file)

    def load(self, certificate_file: Path, key_file: Path) -> None:
        """Take another pair; CertificateUnusable leaves the present one in force."""
        context = make_context(certificate_file, key_file)
        certificate = certificate_file.read_bytes()
        self.fingerprint, self.expires_ms = fingerprint(certificate), int(expires_at(certificate).timestamp() * 1_000)
        self.context = context

    def adopt(self, other: "TlsIdentity") -> None:
        """Show another identity's certificate from the next handshake on."""
        self.fingerprint, self.expires_ms, self.context = other.fingerprint, other.expires_ms, other.context


class TlsTransport:
    """A socket under TLS; the context is the one in force when the connection came.

    OpenSSL works on memory here and the bytes travel by a PlainTransport. trio.SSLStream does the same for any stream
    and any number of tasks; for one task on one socket its locks and checkpoints cost a third of a request.
    """

    secure = True

    def __init__(self, sock: socket.socket, peer: str, identity: TlsIdentity) -> None:
        self._plain = PlainTransport(sock, peer)
        self._arrived, self._leaving = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = identity.context.wrap_bio(self._arrived, self._leaving, server_side=True)
        self._sealed = self._unsealed = NOTHING  # not yet OpenSSL's, on either way
        self._farewell_said = False
        self.peer = peer

    async def open(self) -> None:
        """Complete the handshake; HandshakeRefused. The caller bounds the time and closes."""
        while True:
            try:
                self._tls.do_handshake()
            except ssl.SSLWantReadError:
                if not (self._feed() or await self._exchange(READ_BYTES)):
                    raise HandshakeRefused("the client closed during the handshake") from None
            except ssl.SSLError as error:
                self._say_farewell()  # the alert that tells the client why
                raise HandshakeRefused(error.reason or str(error)) from None
            else:
                await self._send_leaving(_no_progress)
                return

    async def receive(self, size: int) -> bytes:
        """See Transport. An end without close_notify is an end: HTTP's own framing tells a cut body."""
        while True:
            try:
                return self._tls.read(size)
            except ssl.SSLWantReadError:
                if not (self._feed() or await self._exchange(max(size, READ_BYTES))):
                    return b""
            except ssl.SSLError:
                return b""  # close_notify, or bytes that are no TLS record: nothing more can come

    @property
    def settled(self) -> bool:
        """See LiveTransport."""
        return self._plain.settled and not self._unsealed

    def fileno(self) -> int:
        """See LiveTransport."""
        return self._plain.fileno()

    def take(self, size: int) -> bytes | None:
        """See LiveTransport. Leaves nothing unsealed behind, which no readiness of the socket would tell of."""
        data = self._unseal(size)
        if data is None:
            sealed = self._plain.take(size)
            if not sealed:
                return sealed
            self._sealed = memoryview(sealed)
            data = self._unseal(size)
        return data

    def _unseal(self, size: int) -> bytes | None:
        parts: list[bytes] = []
        while True:
            try:
                part = self._tls.read(size)
            except ssl.SSLWantReadError:
                if self._feed():
                    continue
                return b"".join(parts) if parts else None
            except ssl.SSLError:
                break  # as in `receive`; said by the next call if bytes came before it
            if not part:
                break
            parts.append(part)
        return b"".join(parts)

    def _feed(self) -> bool:
        """Give OpenSSL the next of what has arrived; False if there is none."""
        step, self._sealed = self._sealed[:RECORD_BYTES], rest_of(self._sealed, RECORD_BYTES)
        return bool(step) and bool(self._arrived.write(step))

    def push(self) -> bool:
        """See LiveTransport."""
        return self._plain.push() and self._offer_unsealed()

    async def _exchange(self, size: int) -> bool:
        """Send what OpenSSL wants sent, then give it what arrives; False at the end."""
        try:
            await self._send_leaving(_no_progress)
        except PeerGone:
            return False
        self._sealed = memoryview(await self._plain.receive(size))
        return self._feed()

    def offer(self, data: bytes | memoryview) -> bool:
        """See Transport."""
        if len(data) <= SEAL_BYTES:
            return self._seal_and_offer(data)
        self._unsealed = memoryview(data)
        return self._offer_unsealed()

    def _offer_unsealed(self) -> bool:
        while self._unsealed:
            step, self._unsealed = self._unsealed[:SEAL_BYTES], rest_of(self._unsealed, SEAL_BYTES)
            if not self._seal_and_offer(step):
                return False
        return True

    def _seal_and_offer(self, data: bytes | memoryview) -> bool:
        records = []
        try:
            for at in range(0, len(data), RECORD_BYTES):
                self._tls.write(data[at : at + RECORD_BYTES])
                records.append(self._leaving.read())
        except ssl.SSLError as error:
            raise PeerGone(str(error)) from None
        return self._plain.offer(b"".join(records))

    async def flush(self, progress: Callable[[], None]) -> None:
        """See Transport."""
        await self._plain.flush(progress)
        while not self._offer_unsealed():
            await self._plain.flush(progress)

    async def _send_leaving(self, progress: Callable[[], None]) -> None:
        if self._leaving.pending and not self._plain.offer(self._leaving.read()):
            await self._plain.flush(progress)

    def finish(self) -> None:
        """See Transport."""
        self._say_farewell()
        self._plain.finish()

    async def close(self) -> None:
        """See Transport. Says close_notify if that costs no wait."""
        self._say_farewell()
        await self._plain.close()

    def _say_farewell(self) -> None:
        if self._farewell_said or not self._plain.settled:
            return  # behind half a record, a goodbye would only be noise
        self._farewell_said = True
        with suppress(ssl.SSLError):  # "want read": the client's own close_notify, which nobody waits for
            self._tls.unwrap()
        with suppress(PeerGone):
            self._plain.offer(self._leaving.read())


def _no_progress() -> None:
    """Handshakes have one deadline, whatever trickles."""
