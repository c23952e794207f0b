"""The one tree of resources, `vault/<owner hex>/<scope>/...`, matched by whole segments (ARCHITECTURE section 6)."""

import re
from typing import NewType

from edge_node.base.errors import Refusal
from edge_node.base.ids import StreamName, VaultId

Resource = NewType("Resource", str)
"""A path in the tree. Made only by the functions below, so that no door builds one by hand."""

RESOURCE_MAX_CHARACTERS = 512  # vault/<64>/streams/<127> needs 206; the rest is room for later scopes


class MalformedResource(Refusal):
    """Text is not a path of the resource tree."""

    slug = "malformed-resource"
    status = 400
    remedy = "Write vault/<64 hex digits>, then /streams, /pieces or /buckets and a name if wanted."

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(f"not a resource: {why}")


def vault_resource(vault: VaultId) -> Resource:
    """Everything one owner has on this node."""
    return Resource("vault/" + vault.hex())


def stream_resource(vault: VaultId, stream: StreamName | None = None) -> Resource:
    """One stream, or with None all streams of the vault. As a scope it covers the streams below it as well."""
    if stream is None:
        return Resource(f"vault/{vault.hex()}/streams")
    return Resource(f"vault/{vault.hex()}/streams/{stream}")


def piece_resource(vault: VaultId, cid_text: str | None = None) -> Resource:
    """One piece by its CID text, or with None all pieces of the vault."""
    if cid_text is None:
        return Resource(f"vault/{vault.hex()}/pieces")
    return Resource(f"vault/{vault.hex()}/pieces/{cid_text}")


def bucket_resource(vault: VaultId, bucket_id: int) -> Resource:
    """One DDC bucket of an owner: its pieces and its names."""
    return Resource(f"vault/{vault.hex()}/buckets/{bucket_id}")


def bucket_piece_resource(
    vault: VaultId, bucket_id: int, cid_text: str | None = None, *, through: str | None = None
) -> Resource:
    """One piece of a bucket by its CID text, or with None all of them.

    `through` is the piece it was reached from: it then lies below that one, so that a right on a directory covers
    what is in it. Who names it has walked there: nothing here knows what links to what.
    """
    pieces = f"vault/{vault.hex()}/buckets/{bucket_id}/pieces"
    if cid_text is None:
        return Resource(pieces)
    return Resource(f"{pieces}/{cid_text}" if through in (None, cid_text) else f"{pieces}/{through}/{cid_text}")


def bucket_names_resource(vault: VaultId, bucket_id: int) -> Resource:
    """The CNS names of a bucket."""
    return Resource(f"vault/{vault.hex()}/buckets/{bucket_id}/names")


def parse_resource(text: str) -> Resource:
    """Read a resource from outside (a filter, a grant); MalformedResource otherwise."""
    if len(text) > RESOURCE_MAX_CHARACTERS:
        raise MalformedResource(f"wants at most {RESOURCE_MAX_CHARACTERS} characters, got {len(text)}")
    if not _RESOURCE.fullmatch(text):
        raise MalformedResource("wants vault/<64 lower-case hex digits> and a scope of this release")
    return Resource(text)


def within(scope: Resource, resource: Resource) -> bool:
    """Whether `resource` is `scope` or below it, by whole segments: `a` covers `a/b`, never `ab`."""
    return resource.startswith(scope) and (len(resource) == len(scope) or resource[len(scope)] == "/")


def shorten_resource(resource: str) -> str:
    """The resource with the owner cut to eight digits, for logs and messages."""
    return _OWNER.sub(r"\1…", resource)


_STREAM = r"/streams(?:/[a-z0-9][a-z0-9._/-]{0,126})?"  # the form of base.ids.StreamName
_PIECE = r"/pieces(?:/[a-zA-Z0-9]{1,128})?"
_BUCKET_PIECE = r"/pieces(?:/[a-zA-Z0-9]{1,128}){0,2}"  # the second one is reached through the first
_BUCKET = rf"/buckets/(?:0|[1-9][0-9]{{0,19}})(?:{_BUCKET_PIECE}|/names)?"
_RESOURCE = re.compile(rf"vault/[0-9a-f]{{64}}(?:{_STREAM}|{_PIECE}|{_BUCKET})?")
_OWNER = re.compile(r"\A(vault/[0-9a-f]{8})[0-9a-f]{56}")
