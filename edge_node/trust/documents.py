"""Signed documents: one envelope for every JSON statement somebody signs (docs/specs/signed-document.md)."""

import base64
import enum
import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any, TypeAlias

from edge_node.base.errors import LocalError, Refusal
from edge_node.base.ids import MalformedId, PublicKey, Signature
from edge_node.base.limits import KIB
from edge_node.trust.signing_key import SigningKey, verify_signature
from edge_node.wire.strict_json import JsonValue, canonical, parse_canonical, parse_strict

# Every tag that is ever signed stands in this file, so that no two formats can share one by accident.
EVENT_TAG = b"edge_node/event/v1"
REQUEST_TAG = b"edge_node/request/v1"
BODIES_TAG = b"edge_node/retention-bodies/v1"  # only hashed: begins the digest over the bodies that retention removed


class DocumentTag(enum.StrEnum):
    """The kinds of signed documents."""

    CHECKPOINT = "edge_node/checkpoint/v1"
    KEY_CERTIFICATE = "edge_node/key-certificate/v1"
    METADATA_PIN = "edge_node/metadata-pin/v1"
    RETENTION_ANCHOR = "edge_node/retention-anchor/v1"


DOCUMENT_MAX_BYTES = 256 * KIB  # the whole envelope: a manifest of a thousand entries fits, the parse stays under 20 ms
SIGNATURES_MAX = 16  # a board of directors fits; sixteen verifications are 1 ms

Payload: TypeAlias = dict[str, JsonValue]

_BASE64URL = re.compile(r"[A-Za-z0-9_-]*")
_MEMBERS = {"payloadType", "payload", "signatures"}


class DocumentRefused(Refusal):
    """Root of what is wrong with a signed document; `why` says what."""

    slug = "document-refused"
    status = 400
    remedy = "Ask the signer for the document again (form: docs/specs/signed-document.md)."

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(f"signed document refused: {why}")


class MalformedDocument(DocumentRefused):
    """The envelope or its payload does not have the form; nothing was believed."""

    slug = "malformed-document"


class DocumentTooLarge(DocumentRefused):
    """The envelope is longer than any document of ours."""

    slug = "document-too-large"
    status = 413

    def __init__(self, size: int) -> None:
        self.size, self.limit = size, DOCUMENT_MAX_BYTES
        super().__init__(f"{size} bytes, at most {DOCUMENT_MAX_BYTES} are read")


class DocumentNotTrusted(DocumentRefused):
    """Too few valid signatures by trusted keys, or a signature in a trusted key's name that is not valid."""

    slug = "document-not-trusted"
    status = 403
    remedy = "Have the document signed by the keys this node trusts for it."


class DocumentMisuse(LocalError):
    """Our own code asked for a document that cannot be."""

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(why)


def document_message(tag: DocumentTag, payload: bytes) -> bytes:
    """The bytes that are signed: the tag, a zero byte, the payload as it stands in the envelope, decoded."""
    return tag.encode("ascii") + b"\x00" + payload


def sign_document(tag: DocumentTag, payload: Mapping[str, Any], signers: Sequence[SigningKey]) -> bytes:
    """The envelope, itself in RFC 8785 form, with one signature per signer in the order given.

    DocumentMisuse without signers, with one twice or too many; NotJsonValue or MalformedJson for a payload that a
    reader would refuse.
    """
    if not 1 <= len({signer.public for signer in signers}) == len(signers) <= SIGNATURES_MAX:
        raise DocumentMisuse(f"a document wants 1 to {SIGNATURES_MAX} different signers")
    body = canonical(dict(payload))
    parse_canonical(body)
    message = document_message(tag, body)
    return join_document(tag, body, {signer.public: signer.sign(message) for signer in signers})


def join_document(tag: DocumentTag, payload: bytes, signatures: Mapping[PublicKey, Signature]) -> bytes:
    """The envelope, in RFC 8785 form, of a payload and signatures in this order, none of which is looked at.

    What split_document gives can be carried in another form, or signed by one person after another, and joined again.
    DocumentMisuse when no reader would take it.
    """
    if not 1 <= len(signatures) <= SIGNATURES_MAX:
        raise DocumentMisuse(f"a document has 1 to {SIGNATURES_MAX} signatures")
    entries = [{"keyid": key.hex(), "sig": _encode(signature)} for key, signature in signatures.items()]
    envelope = canonical({"payloadType": str(tag), "payload": _encode(payload), "signatures": entries})
    if len(envelope) > DOCUMENT_MAX_BYTES:
        raise DocumentMisuse(f"a document of {len(envelope)} bytes is longer than readers accept")
    return envelope


def split_document(tag: DocumentTag, raw: bytes) -> tuple[bytes, dict[PublicKey, Signature]]:
    """The payload and the signatures of an envelope, with none of them checked; DocumentRefused or MalformedJson."""
    return _read_envelope(tag, raw)


def open_document(tag: DocumentTag, raw: bytes, trusted: Collection[PublicKey], threshold: int = 1) -> Payload:
    """The payload of an envelope that at least `threshold` different `trusted` keys have signed.

    The payload is parsed only after its signatures hold. Signatures of other keys are not looked at; one in a trusted
    key's name that is not valid refuses the whole. Raises DocumentRefused, MalformedJson or NotCanonical.
    """
    if threshold < 1:
        raise DocumentMisuse("a document that needs no signature is not a signed document")
    payload, signatures = _read_envelope(tag, raw)
    message = document_message(tag, payload)
    counted = 0
    for key, signature in signatures.items():
        if key in trusted:
            if not verify_signature(key, message, signature):
                raise DocumentNotTrusted(f"the signature of key {key} is not valid for these bytes")
            counted += 1
    if counted < threshold:
        raise DocumentNotTrusted(f"{counted} trusted keys have signed, {threshold} are needed")
    value = parse_canonical(payload)
    if not isinstance(value, dict):
        raise MalformedDocument("the payload is not an object")
    return value


def read_payload(tag: DocumentTag, raw: bytes) -> bytes:
    """The payload's bytes as they stand in an envelope, with no signature checked; MalformedDocument."""
    return _read_envelope(tag, raw)[0]


def _read_envelope(tag: DocumentTag, raw: bytes) -> tuple[bytes, dict[PublicKey, Signature]]:
    if len(raw) > DOCUMENT_MAX_BYTES:
        raise DocumentTooLarge(len(raw))
    envelope = _members(parse_strict(raw), _MEMBERS, "the envelope")
    if envelope["payloadType"] != tag:
        raise MalformedDocument(f"payloadType is not {tag}")
    payload = _decode(envelope["payload"], "payload")
    entries = envelope["signatures"]
    if not isinstance(entries, list) or not 1 <= len(entries) <= SIGNATURES_MAX:
        raise MalformedDocument(f"signatures is not a list of 1 to {SIGNATURES_MAX}")
    signatures: dict[PublicKey, Signature] = {}
    for entry in entries:
        key, signature = _read_signature(entry)
        if key in signatures:
            raise MalformedDocument(f"keyid {key} stands twice")
        signatures[key] = signature
    return payload, signatures


def _read_signature(entry: JsonValue) -> tuple[PublicKey, Signature]:
    members = _members(entry, {"keyid", "sig"}, "a signature")
    keyid, signature = members["keyid"], _decode(members["sig"], "sig")
    if not isinstance(keyid, str):
        raise MalformedDocument("keyid is not a string")
    try:
        return PublicKey.parse(keyid), Signature(signature)
    except MalformedId as error:
        raise MalformedDocument(str(error)) from None


def _members(value: JsonValue, names: set[str], what: str) -> Payload:
    if not isinstance(value, dict) or value.keys() != names:
        raise MalformedDocument(f"{what} is not an object of exactly {', '.join(sorted(names))}")
    return value


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode("ascii").rstrip("=")


def _decode(text: JsonValue, what: str) -> bytes:
    if not isinstance(text, str) or not _BASE64URL.fullmatch(text) or len(text) % 4 == 1:
        raise MalformedDocument(f"{what} is not base64url without padding")
    raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    # Unused bits must be zero: otherwise one signature would stand in several spellings.
    if _encode(raw) != text:
        raise MalformedDocument(f"{what} has unused bits set in its last digit")
    return raw
