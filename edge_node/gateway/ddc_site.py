"""What a bucket URL leads to: a file or a node, by its CID, by a name, or by links below either."""

from contextlib import suppress
from dataclasses import dataclass, replace

from edge_node.base.ids import Cid
from edge_node.gateway.ddc_gate import Admitted, DdcGate
from edge_node.gateway.ddc_path import BucketPath, index_of, is_directory, plan_path
from edge_node.gateway.errors import UnknownName
from edge_node.serving import Request
from edge_node.store.bucket_errors import UnknownLink
from edge_node.store.dag import Dag, Reached
from edge_node.store.errors import UnknownPiece
from edge_node.store.names import Names
from edge_node.trust.access import Verb
from edge_node.wire.cid import CidKind, MalformedCid, parse_cid


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """What a request brings to be let in: a token, where it stood, and a signed request."""

    token: str | None
    in_url: bool
    request_text: str | None
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What there is at a URL.

    `through` is the piece whose right covers it, `name` what its type is told by, `ttl_s` how long a name on the way
    counts (None: none was on it). `slash`: it is a directory that wants its slash first.
    """

    admitted: Admitted
    cid: Cid
    through: Cid | None
    name: str = ""
    ttl_s: int | None = None
    slash: bool = False


def read_asker(request: Request, *, url: bool) -> Asker:
    """Who asks: by `?token=` where `url` allows it, else by the header `token` or a bearer; an empty one is none."""
    source = f"http {request.peer}"
    signed = request.headers.get("request")
    if token := (request.query.get("token") if url and request.head.query else None):
        return Asker(token=token, in_url=True, request_text=signed, source=source)
    token = request.headers.get("token")
    if token is None:
        scheme, _, credentials = (request.headers.get("authorization") or "").partition(" ")
        token = credentials.strip(" ") if scheme.lower() == "bearer" else None
    return Asker(token=token or None, in_url=False, request_text=signed, source=source)


class Site:
    """Finds. A name costs one decision more than a CID, a path below a root none."""

    def __init__(self, gate: DdcGate, dag: Dag, names: Names) -> None:
        self._gate, self._dag, self._names = gate, dag, names

    async def find(self, request: Request) -> Found:
        """Who may not, or what is not there, is a refusal of its own."""
        plan, asker = plan_path(request.head.raw_path), read_asker(request, url=True)
        try:
            root = parse_cid(plan.root)
        except MalformedCid:
            return await self._by_name(plan, asker)
        return await self._below(plan.bucket, asker, root, plan.path, "")

    async def _by_name(self, plan: BucketPath, asker: Asker) -> Found:
        # The request, if there is one, is for the content: a name's own would be another.
        admitted = await self._gate.admit(
            token=asker.token,
            request_text=None,
            verb=Verb.GET,
            bucket_id=plan.bucket,
            names=True,
            source=asker.source,
            in_url=asker.in_url,
        )
        for name, path in plan.names:
            record = await self._names.get(admitted.access, admitted.bucket, name)
            if record is not None:
                found = await self._below(plan.bucket, asker, record.cid, path, name)
                return replace(found, ttl_s=record.lives_s)
        raise UnknownName(plan.root, plan.bucket)

    async def _below(self, bucket: int, asker: Asker, root: Cid, path: str | None, name: str) -> Found:
        admitted = await self._admit(bucket, asker, root)
        here = Found(admitted=admitted, cid=root, through=admitted.through, name=name)
        reached, name = await self._walk(here, path)
        if reached is None:
            return replace(here, slash=True)
        if reached.cid == root:
            return here
        if admitted.through is not None:
            # The right lies above the root: whether it covers what lies below is asked anew.
            admitted = await self._admit(bucket, asker, reached.cid)
            return Found(admitted=admitted, cid=reached.cid, through=admitted.through, name=name)
        return Found(admitted=admitted, cid=reached.cid, through=root, name=name)

    async def _admit(self, bucket: int, asker: Asker, cid: Cid) -> Admitted:
        return await self._gate.admit(
            token=asker.token,
            request_text=asker.request_text,
            verb=Verb.GET,
            bucket_id=bucket,
            cid=cid,
            source=asker.source,
            in_url=asker.in_url,
        )

    async def _walk(self, root: Found, path: str | None) -> tuple[Reached | None, str]:
        """What the path leads to and the name it has there; None where that is a directory without its slash."""
        if is_directory(path):
            with suppress(UnknownLink, UnknownPiece):
                return await self._step(root, index_of(path)), index_of(path)
        try:
            reached = await self._step(root, path or "")
        except UnknownLink:
            if is_directory(path) or not await self._has_index(root, path):
                raise
            return None, ""
        if reached.kind is not CidKind.DAG_NODE and is_directory(path):
            raise UnknownLink(reached.cid, "a file is no directory")
        if reached.kind is CidKind.DAG_NODE and not is_directory(path) and await self._has_index(root, path):
            return None, ""
        return reached, path or root.name

    async def _step(self, root: Found, path: str) -> Reached:
        return await self._dag.walk(root.admitted.access, root.admitted.bucket, root.cid, path, through=root.through)

    async def _has_index(self, root: Found, path: str | None) -> bool:
        try:
            return (await self._step(root, index_of(path))).kind is not CidKind.DAG_NODE
        except (UnknownLink, UnknownPiece):
            return False
