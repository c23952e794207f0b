"""DAG nodes of buckets: kept in their canonical form, walked by the names of their links."""

from collections import deque
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from typing import TypeVar, TypeVarTuple

import trio

from edge_node.base.ids import Cid
from edge_node.base.limits import KIB, MIB
from edge_node.base.offload import offload
from edge_node.store.bucket_errors import InvalidPath, NodeTooLarge, NotANode, UnknownLink
from edge_node.store.buckets import Bucket
from edge_node.store.dag_links import LinkMemory, Names, find_targets, make_canonical, read_names
from edge_node.store.errors import PieceDamaged, PieceGone, UnknownPiece
from edge_node.store.file_rows import is_part_of
from edge_node.store.pieces import Companions, OpenPiece, Pieces, Put
from edge_node.store.reference_rows import refers
from edge_node.trust.access import Access, Verb
from edge_node.wire.cid import CidKind, MalformedCid, cid_kind, read_cid

Args = TypeVarTuple("Args")
Answered = TypeVar("Answered")

NODE_BYTES_MAX = 4_000_000  # what one gRPC message of the SDK still takes back
PATH_CHARACTERS_MAX = 4_096  # what a URL may be
DEPTH_MAX = 64  # nodes on one path; a hash cannot contain itself, so there are no cycles, only long ways
REACHED_NODES_MAX = 1_024  # read for one question whether a root leads somewhere; beyond, the answer is no
REACHED_BYTES_MAX = 8 * MIB  # of nodes: 200,000 links at most
HERE_MAX = 16 * KIB  # parsed on the loop in less time than a hop takes
PARSING = trio.CapacityLimiter(1)  # large nodes one by one: each holds the interpreter, and two would only share it
LARGE_MAX = 2  # large nodes in memory for the sake of their links: one is parsed while the next is read
SEARCHES_MAX = 4  # each is a thousand small steps of the loop: all at once they would make one long one


@dataclass(frozen=True, slots=True)
class DagNode:
    """A node: its CID and its canonical bytes."""

    cid: Cid
    raw: bytes


@dataclass(frozen=True, slots=True)
class Reached:
    """Where a path ends: something the bucket holds, and what it is."""

    cid: Cid
    kind: CidKind


class Dag:
    """The DAG nodes of buckets."""

    def __init__(self, pieces: Pieces) -> None:
        self._pieces, self._journal, self._reading = pieces, pieces.journal, pieces.reading
        self._memory = LinkMemory()
        self._large, self._searches = trio.CapacityLimiter(LARGE_MAX), trio.CapacityLimiter(SEARCHES_MAX)

    async def put(
        self,
        access: Access,
        bucket: Bucket,
        node: bytes | memoryview,
        *,
        expect: Cid | None = None,
        companions: Companions | None = None,
    ) -> Put:
        """Store a node in its canonical form, whichever form it comes in; MalformedProtobuf, NodeTooLarge.

        What its links lead to need not be there.
        """
        if len(node) > NODE_BYTES_MAX:
            raise NodeTooLarge(len(node), NODE_BYTES_MAX)
        raw = await _parse(make_canonical, bytes(node))
        if len(raw) > NODE_BYTES_MAX:
            raise NodeTooLarge(len(raw), NODE_BYTES_MAX)
        return await self._pieces.put(
            access,
            bucket.owner,
            _once(raw),
            expect=expect,
            bucket=bucket.id,
            kind=CidKind.DAG_NODE,
            companions=companions,
        )

    async def get(
        self, access: Access, bucket: Bucket, cid: Cid, path: str | None = None, *, through: Cid | None = None
    ) -> DagNode:
        """The node, or the one its `path` leads to; NotANode where that is a file, and what `walk` refuses."""
        return await self.read(await self.find(access, bucket, cid, path, through=through))

    async def find(
        self, access: Access, bucket: Bucket, cid: Cid, path: str | None = None, *, through: Cid | None = None
    ) -> OpenPiece:
        """As `get`, up to its size: so that who asks for many large ones can be made to wait before they are read."""
        reached = await self.walk(access, bucket, cid, path or "", through=through)
        if reached.kind is not CidKind.DAG_NODE:
            raise NotANode(reached.cid)
        return await self._reading.find(bucket.scope, reached.cid)

    async def read(self, found: OpenPiece) -> DagNode:
        """The bytes of a node that was found; PieceDamaged, PieceGone."""
        return DagNode(found.cid, await self._reading.content(found))

    async def walk(
        self, access: Access, bucket: Bucket, root: Cid, path: str, *, through: Cid | None = None
    ) -> Reached:
        """Follow link names from `root`; a right on the root is enough for what lies below it.

        In each node first the whole rest of the path is looked for as one name, then its first segment. Names are
        only names: `.` and `..` mean nothing else, slashes around the path nothing at all. Of two links with one name
        the first counts. UnknownLink, UnknownPiece for what the bucket does not hold, InvalidPath; `through` as in
        Files.open.
        """
        access.require(bucket.scope.resource(root, through=through), Verb.GET)
        rest = path.strip("/")
        if len(path) > PATH_CHARACTERS_MAX:
            raise InvalidPath(f"more than {PATH_CHARACTERS_MAX} characters")
        if not rest:
            return await self._reached(bucket, root)
        here = root
        for _ in range(DEPTH_MAX):
            if cid_kind(here) is not CidKind.DAG_NODE:
                raise UnknownLink(here, f"a file has no link {_shown(rest)}")
            here, rest = await self._follow(bucket, here, rest)
            if not rest:
                return await self._reached(bucket, here)
        raise InvalidPath(f"more than {DEPTH_MAX} nodes deep")

    async def _follow(self, bucket: Bucket, here: Cid, rest: str) -> tuple[Cid, str]:
        """The next target and what is then left of the path."""
        segment, _, beyond = rest.partition("/")
        found = await self._names(bucket, here)
        for name, left in ((rest, ""), (segment, beyond)):
            if name in found:
                try:
                    return read_cid(found[name]), left
                except MalformedCid as malformed:
                    raise UnknownLink(here, f"its link {_shown(name)} names no CID") from malformed
        raise UnknownLink(here, f"it has no link {_shown(segment)}")

    async def _names(self, bucket: Bucket, node: Cid) -> Names:
        names = self._memory.get(node)
        if names is None:
            names = await self._read_links(await self._reading.find(bucket.scope, node), read_names)
            self._memory.add(node, names)
        else:
            await self._reached(bucket, node)
        return names

    async def _reached(self, bucket: Bucket, cid: Cid) -> Reached:
        if not await self._journal.query(refers, bucket.scope, cid):
            raise UnknownPiece(cid, bucket.id)
        return Reached(cid, cid_kind(cid))

    async def _read_links(self, node: OpenPiece, read: Callable[[bytes, *Args], Answered], *asked: *Args) -> Answered:
        """What `read` makes of a node's bytes; of large nodes only a few are held at a time, whoever asks."""
        if node.size <= HERE_MAX:
            return read(await self._reading.content(node), *asked)
        async with self._large:
            return await _parse(read, await self._reading.content(node), *asked)

    async def reaches(self, bucket: Bucket, root: Cid, cid: Cid) -> bool:
        """Whether `root`, a node or a multipart, is `cid` or leads to it through nodes and multiparts of the bucket.

        No when the search has read its fill: a right is given to what was found, not to what might be.
        """
        if cid == root:
            return True
        async with self._searches:
            return await self._search(bucket, root, cid)

    async def _search(self, bucket: Bucket, root: Cid, cid: Cid) -> bool:
        seen, ahead, left = {root}, deque([root]), REACHED_BYTES_MAX
        for _ in range(REACHED_NODES_MAX):
            if not ahead or left < 0:
                return False
            found, inner, size = await self._look_into(bucket, ahead.popleft(), cid)
            if found:
                return True
            left -= size
            new = [one for one in inner if one not in seen]
            seen.update(new)
            ahead.extend(new)
        return False

    async def _look_into(self, bucket: Bucket, here: Cid, wanted: Cid) -> tuple[bool, list[Cid], int]:
        """Whether `here` names `wanted`; the nodes and multiparts it leads to; the bytes read for that."""
        if cid_kind(here) is CidKind.MULTIPART:
            return await self._journal.query(is_part_of, bucket.scope, here, wanted), [], 0
        if cid_kind(here) is not CidKind.DAG_NODE:
            return False, [], 0  # a token may be for a single piece: that leads nowhere
        try:
            node = await self._reading.find(bucket.scope, here)
            found, inner = await self._read_links(node, find_targets, wanted)
        except (UnknownPiece, PieceDamaged, PieceGone):
            return False, [], 0
        return found, inner, node.size


async def _once(raw: bytes) -> AsyncGenerator[bytes, None]:
    yield raw


async def _parse(read: Callable[[bytes, *Args], Answered], raw: bytes, *asked: *Args) -> Answered:
    return read(raw, *asked) if len(raw) <= HERE_MAX else await offload(read, raw, *asked, limiter=PARSING)


def _shown(name: str) -> str:
    return repr(name if len(name) <= 80 else name[:79] + "…")
