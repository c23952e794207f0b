"""Which node is believed over TLS: public certificate authorities, a CA file, or one pinned certificate."""

import hashlib
import hmac
import re
import ssl
from pathlib import Path
from typing import cast

from edge_node.client.errors import ClientError

PIN_PREFIX = "sha256:"
_PIN = re.compile(r"[0-9a-f]{64}")


class BadPin(ClientError):
    """A fingerprint is 64 hex digits after `sha256:`; colons between bytes and upper case are accepted."""

    slug = "bad-pin"
    remedy = "Give `sha256:` and the SHA-256 of the certificate's DER form, as the node's operator sees it."

    def __init__(self, text: str) -> None:
        super().__init__(f"not a certificate fingerprint: {text[:80]!r}")


class _PinnedObject(ssl.SSLObject):
    """A TLS connection that is refused unless the peer's certificate is the pinned one.

    The check stands in the handshake itself, so no byte of a request leaves before it, under every event loop.
    """

    def do_handshake(self) -> None:
        super().do_handshake()
        pin = cast("_PinnedContext", self.context).pin
        certificate = self.getpeercert(binary_form=True) or b""
        if not hmac.compare_digest(hashlib.sha256(certificate).digest(), pin):
            raise ssl.SSLCertVerificationError("the peer's certificate is not the pinned one")


class _PinnedContext(ssl.SSLContext):
    pin: bytes = b""


def tls_context(verify: Path | str | None) -> ssl.SSLContext:
    """A client context: None the machine's authorities, a path a CA or self-signed PEM file, `sha256:<hex>` a pin.

    A pin needs no name and no date: the node key vouches for its certificate by its fingerprint. BadPin or OSError.
    """
    if verify is None:
        return ssl.create_default_context()
    if isinstance(verify, str) and verify.lower().startswith(PIN_PREFIX):
        return _pinned(verify)
    return ssl.create_default_context(cafile=str(verify))


def _pinned(text: str) -> ssl.SSLContext:
    digits = text[len(PIN_PREFIX) :].replace(":", "").lower()
    if not _PIN.fullmatch(digits):
        raise BadPin(text)
    context = _PinnedContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.pin = bytes.fromhex(digits)
    context.sslobject_class = _PinnedObject
    return context
