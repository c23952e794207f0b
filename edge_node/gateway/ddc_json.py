"""/v1/dag and /v1/cns: DagApi and CnsApi in protobuf's JSON, for programs that speak no gRPC (docs/specs/http.md)."""

from edge_node.base.ids import Cid
from edge_node.base.limits import KIB, MIB
from edge_node.base.offload import offload
from edge_node.gateway.answer_room import AnswerRoom
from edge_node.gateway.ddc_call import payer_of
from edge_node.gateway.ddc_errors import CacheTakesNoStores
from edge_node.gateway.ddc_gate import Admitted, DdcGate
from edge_node.gateway.ddc_json_forms import (
    read_cns_put,
    read_dag_put,
    write_cid_answer,
    write_cns_answer,
    write_dag_answer,
)
from edge_node.gateway.ddc_operations import GET_NAME, GET_NODE, GET_NODE_BELOW, PUT_NAME, PUT_NODE
from edge_node.gateway.ddc_path import read_bucket
from edge_node.gateway.ddc_records import DdcRecords
from edge_node.gateway.ddc_site import read_asker
from edge_node.gateway.encoding import refuse_encoding
from edge_node.gateway.errors import TypeNotJson
from edge_node.gateway.room import Room
from edge_node.serving import Request, Response, Router
from edge_node.serving.response import JSON_UNSTORED
from edge_node.settings.doors import Mode
from edge_node.store.dag import Dag
from edge_node.store.names import Names
from edge_node.trust.access import Verb
from edge_node.wire.cid import parse_cid

NODE_BODY_BYTES = 6 * MIB  # the largest node's data in base64, and room for some links; larger ones go by gRPC
NAME_BODY_BYTES = 16 * KIB
HELD_FACTOR = 3  # a body, its message, and what is made of it
HERE_MAX = 64 * KIB  # a body that is read on the loop
CACHE: Mode = "cache"


class JsonRoutes:
    """The JSON door of buckets. `mode` is what the door is that it is mounted on."""

    def __init__(
        self,
        gate: DdcGate,
        dag: Dag,
        names: Names,
        records: DdcRecords,
        bodies: Room,
        answers: AnswerRoom,
        mode: Mode,
    ) -> None:
        self._gate, self._dag, self._names, self._records = gate, dag, names, records
        self._bodies, self._answers, self._mode = bodies, answers, mode

    def add_to(self, router: Router) -> None:
        """Register the routes."""
        PUT_NODE.mount(router, self.put_node)
        GET_NODE.mount(router, self.get_node)
        GET_NODE_BELOW.mount(router, self.get_node)
        PUT_NAME.mount(router, self.put_name)
        GET_NAME.mount(router, self.get_name)

    async def put_node(self, request: Request) -> Response:
        """Store a node. Who may not is told so before its body is read."""
        admitted = await self._admit_store(request)
        with self._bodies.hold(HELD_FACTOR * _announced(request, NODE_BODY_BYTES)):
            body = await self._body(request, admitted, NODE_BODY_BYTES)
            bucket = admitted.bucket
            if len(body) <= HERE_MAX:
                node, named = read_dag_put(body, bucket.id)
            else:
                node, named = await offload(read_dag_put, body, bucket.id)
            companions = self._records.companions(admitted)
            expect = named if admitted.expect is None else admitted.expect
            put = await self._dag.put(admitted.access, bucket, node, expect=expect, companions=companions)
        return Response(200, JSON_UNSTORED, write_cid_answer(put.cid))

    async def get_node(self, request: Request) -> Response:
        """A node, or the one that a path leads to."""
        cid, path = parse_cid(request.params["cid"]), request.params.get("path")
        admitted = await self._admit(request, Verb.GET, cid=cid)
        with self._answers.hold(payer_of(admitted, request.peer)) as held:
            found = await self._dag.find(admitted.access, admitted.bucket, cid, path, through=admitted.through)
            held.resize(HELD_FACTOR * found.size)
            node = await self._dag.read(found)
            raw = node.raw
            body = write_dag_answer(raw) if len(raw) <= HERE_MAX else await offload(write_dag_answer, raw)
            reading = self._records.reading(admitted, node.cid)
            reading.sent(len(raw))
            reading.close()
            held.resize(len(body))
            return Response(200, JSON_UNSTORED, body, done=held.hand_over())

    async def put_name(self, request: Request) -> Response:
        """Keep a record."""
        admitted = await self._admit_store(request, names=True)
        with self._bodies.hold(_announced(request, NAME_BODY_BYTES)):
            record = read_cns_put(await self._body(request, admitted, NAME_BODY_BYTES), admitted.bucket.id)
            companions = self._records.companions(admitted, named=True)
            await self._names.put(admitted.access, admitted.bucket, record, companions=companions)
        return Response(200, JSON_UNSTORED, b"{}")

    async def get_name(self, request: Request) -> Response:
        """A record, or an empty message."""
        admitted = await self._admit(request, Verb.GET, names=True)
        record = await self._names.get(admitted.access, admitted.bucket, request.params["name"])
        if record is None:
            return Response(200, JSON_UNSTORED, write_cns_answer(None))
        reading = self._records.reading(admitted, None)
        reading.sent(len(record.raw))
        reading.close()
        return Response(200, JSON_UNSTORED, write_cns_answer(record.raw))

    async def _admit_store(self, request: Request, *, names: bool = False) -> Admitted:
        if self._mode == CACHE:
            raise CacheTakesNoStores
        refuse_encoding(request)
        # Anything else could be sent by a form of any web page without the browser's asking first.
        if (request.headers.get("content-type") or "").partition(";")[0].strip().lower() != "application/json":
            raise TypeNotJson
        return await self._admit(request, Verb.PUT, names=names)

    async def _body(self, request: Request, admitted: Admitted, limit: int) -> bytes:
        """What is to be stored. It may have come slowly: a right that ended meanwhile gives nothing."""
        body = await request.body(limit)
        await self._gate.confirm(admitted)
        return body

    async def _admit(self, request: Request, verb: Verb, *, cid: Cid | None = None, names: bool = False) -> Admitted:
        asker = read_asker(request, url=False)
        return await self._gate.admit(
            token=asker.token,
            request_text=asker.request_text,
            verb=verb,
            bucket_id=read_bucket(request.params["bucket"], request.path),
            cid=cid,
            names=names,
            source=asker.source,
            in_url=asker.in_url,
        )


def _announced(request: Request, limit: int) -> int:
    return limit if request.content_length is None else min(request.content_length, limit)
