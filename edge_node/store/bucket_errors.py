"""The refusals about buckets and what lies in them: files, DAG nodes, links and names.

Their status is chosen so that a client repeats nothing that cannot succeed: of all of them only the quota's and the
journal's own refusals, which stand elsewhere, may pass by waiting.
"""

from edge_node.base.ids import Cid
from edge_node.store.errors import StoreRefusal
from edge_node.wire.cid import format_cid


class UnknownBucket(StoreRefusal):
    """No authority knows a bucket of this number. The text is what DDC clients look for."""

    slug, status = "no-bucket", 404
    remedy = "Check the bucket's number; this node serves the buckets of its settings (ddc.buckets)."

    def __init__(self, bucket_id: int) -> None:
        self.bucket = bucket_id
        super().__init__(f"no bucket {bucket_id}")


class PieceInUse(StoreRefusal):
    """A file of the same bucket is made of this piece."""

    slug, status = "piece-in-use", 409
    remedy = "Delete the file first; its parts stay until they are deleted themselves."

    def __init__(self, cid: Cid, file: Cid | None) -> None:
        self.cid = format_cid(cid)
        self.file = None if file is None else format_cid(file)
        super().__init__(f"piece {self.cid} is a part of {self.file or 'a file that is being put together'}")


class EmptyMultipart(StoreRefusal):
    """A file was to be made of no part at all."""

    slug, status = "empty-multipart", 400
    remedy = "Name the parts in order, at least one; one piece by itself needs no multipart."

    def __init__(self) -> None:
        super().__init__("a multipart names at least one part")


class TooManyParts(StoreRefusal):
    """A file was to be made of more parts than one record may name."""

    slug, status = "too-many-parts", 400
    remedy = "Use larger parts."

    def __init__(self, count: int, limit: int) -> None:
        self.count, self.limit = count, limit
        super().__init__(f"a multipart names at most {limit} parts, not {count}")


class MalformedPartHash(StoreRefusal):
    """A part is named by something else than a BLAKE3-256."""

    slug, status = "malformed-part-hash", 400
    remedy = "Name each part by the last 32 bytes of its CID."

    def __init__(self, number: int, size: int) -> None:
        self.number, self.size = number, size
        super().__init__(f"part {number} is named by {size} bytes, not by 32")


class TotalSizeZero(StoreRefusal):
    """A file was announced as empty."""

    slug, status = "total-size-zero", 400
    remedy = "Send the sum of the parts' lengths as the total size."

    def __init__(self) -> None:
        super().__init__("the total size of a multipart is at least 1")


class TotalSizeMismatch(StoreRefusal):
    """The parts together have another length than was announced."""

    slug, status = "total-size-mismatch", 400
    remedy = "Send the sum of the parts' lengths as the total size, and every part in its place."

    def __init__(self, announced: int, found: int) -> None:
        self.announced, self.found = announced, found
        super().__init__(f"the parts have {found} bytes together, not {announced}")


class UnknownPart(StoreRefusal):
    """The bucket does not hold a part that was named."""

    slug, status = "unknown-part", 404
    remedy = "Put every part into the same bucket before the multipart that names it."

    def __init__(self, number: int, cid: Cid) -> None:
        self.number, self.cid = number, format_cid(cid)
        super().__init__(f"the bucket does not hold part {number}, {self.cid}")


class NodeTooLarge(StoreRefusal):
    """A DAG node has more bytes than a client could read back."""

    slug, status = "node-too-large", 400
    remedy = "Put the data into a raw piece and link to it, or spread the links over several nodes."

    def __init__(self, size: int, limit: int) -> None:
        self.size, self.limit = size, limit
        super().__init__(f"a DAG node has at most {limit} bytes, not {size}")


class NotANode(StoreRefusal):
    """What was asked for as a DAG node is a file."""

    slug, status = "not-a-node", 400
    remedy = "Read it as a file."

    def __init__(self, cid: Cid) -> None:
        self.cid = format_cid(cid)
        super().__init__(f"{self.cid} is no DAG node")


class InvalidPath(StoreRefusal):
    """A path through DAG nodes is longer or deeper than the node walks."""

    slug, status = "invalid-path", 400
    remedy = "Shorten the path, or ask for the nodes on the way one by one."

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(f"not a path this node walks: {why}")


class UnknownLink(StoreRefusal):
    """The path names a link that its node does not have, or one that names no CID."""

    slug, status = "unknown-link", 404
    remedy = "Check the path; names are compared letter by letter."

    def __init__(self, cid: Cid, why: str) -> None:
        self.cid, self.why = format_cid(cid), why
        super().__init__(f"the path ends in node {self.cid}: {why}")


class MalformedName(StoreRefusal):
    """A CNS record breaks the rules of names; `why` says which."""

    slug, status = "malformed-name", 400
    remedy = "A name has 1 to 255 characters without controls, a CID, and a ttl of 30 to 86400 seconds if any."

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(f"not a CNS record: {why}")


class NameUnsigned(StoreRefusal):
    """A CNS record carries no whole signature."""

    slug, status = "name-unsigned", 400
    remedy = "Sign the record with the wallet's key before it is sent."

    def __init__(self) -> None:
        super().__init__("a CNS record wants a signer of 32 bytes and a signature of 64")


class NameForged(StoreRefusal):
    """The signature of a CNS record is not its signer's over these bytes."""

    slug, status, forged = "name-forged", 400, True
    remedy = "Sign the record without its signature field, exactly as it is encoded."

    def __init__(self) -> None:
        super().__init__("the signature does not verify over this record")


class TooManyNames(StoreRefusal):
    """The bucket has as many names as it may have; those it has can still be changed."""

    slug, status = "too-many-names", 409
    remedy = "Use fewer names: one may lead to a DAG node with many links."

    def __init__(self, limit: int) -> None:
        self.limit = limit
        super().__init__(f"a bucket has at most {limit} names")
