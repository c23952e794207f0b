"""Who asked, as far as a refusal wants to say: the address, the door, and the key that was claimed."""

import re

from edge_node.base.ids import shorten
from edge_node.base.refusals import Asker
from edge_node.serving.credentials import Credentials
from edge_node.wire.http1_fields import Fields

# The two signed headers of docs/specs begin so; what is not written so is no key, and nothing of it is repeated.
_CLAIM = re.compile(rb"(?:.{0,900}?[,\s])?key=([0-9a-f]{64})(?![0-9a-f])")


def asker_of(peer: str, *, secure: bool, fields: Fields | None = None) -> Asker:
    """The asker at address `peer`; `fields` are the request's, where there is one."""
    return Asker(peer, "" if fields is None else claimed_key(fields), _door(peer, secure=secure))


def _door(peer: str, *, secure: bool) -> str:
    if Credentials.parse(peer) is not None:
        return "unix"
    return "https" if secure else "http"


def claimed_key(fields: Fields) -> str:
    """The key named in Edge-Signature or Edge-Request, shortened; unproved, empty when none is named."""
    for name in ("edge-signature", "edge-request"):
        claim = _CLAIM.match(fields.raw(name) or b"")
        if claim is not None:
            return shorten(bytes.fromhex(claim[1].decode("ascii")))
    return ""
