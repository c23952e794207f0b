"""DagApi: DAG nodes in canonical form, in and out, alone or at the end of a path (docs/specs/ddc.md)."""

from functools import partial

from edge_node.base.limits import KIB
from edge_node.gateway.answer_room import AnswerRoom
from edge_node.gateway.ddc_call import admit, first_message, payer_of, take_room, vouch_for
from edge_node.gateway.ddc_gate import DdcGate
from edge_node.gateway.ddc_records import DdcRecords
from edge_node.gateway.room import Room
from edge_node.serving.call import Call, CallTable
from edge_node.store.dag import NODE_BYTES_MAX, Dag
from edge_node.trust.access import Verb
from edge_node.wire.cid import read_cid
from edge_node.wire.ddc_messages import cid_answer, message_answer, read_dag_get, read_dag_put

# One a little too large is read, so that it is told what is wrong with it by its own name.
PUT_MESSAGE_BYTES = NODE_BYTES_MAX + NODE_BYTES_MAX // 4
GET_MESSAGE_BYTES = 8 * KIB  # a CID and a path
HELD_FACTOR = 2  # a node's extents, and what is joined of them


class DagApi:
    """The service `dag.DagApi`."""

    def __init__(self, gate: DdcGate, dag: Dag, records: DdcRecords, bodies: Room, reads: AnswerRoom) -> None:
        self._gate, self._dag, self._records, self._bodies, self._reads = gate, dag, records, bodies, reads

    def add_to(self, table: CallTable) -> None:
        """Answer the methods."""
        vouch = partial(vouch_for, self._gate)
        table.add("/dag.DagApi/Put", self.put, message_max=PUT_MESSAGE_BYTES, vouch=vouch)
        table.add("/dag.DagApi/Get", self.get, message_max=GET_MESSAGE_BYTES)

    async def put(self, call: Call) -> None:
        """Store a node in its canonical form."""
        message = await first_message(call)
        asked = read_dag_put(message)
        named = None if asked.cid is None else read_cid(asked.cid)
        admitted = await admit(self._gate, call, Verb.PUT, asked.bucket, cid=named)
        with self._bodies.hold(2 * len(message)):
            put = await self._dag.put(
                admitted.access,
                admitted.bucket,
                asked.node,
                expect=admitted.expect,
                companions=self._records.companions(admitted),
            )
        await call.send(cid_answer(put.cid))

    async def get(self, call: Call) -> None:
        """Give a node, or the one its path leads to."""
        asked = read_dag_get(await first_message(call))
        cid = read_cid(asked.cid)
        admitted = await admit(self._gate, call, Verb.GET, asked.bucket, cid=cid)
        found = await self._dag.find(admitted.access, admitted.bucket, cid, asked.path, through=admitted.through)
        await call.accept()
        with self._reads.hold(payer_of(admitted, call.peer)) as held:
            await take_room(self._reads, held, HELD_FACTOR * found.size)
            node = await self._dag.read(found)
            reading = self._records.reading(admitted, node.cid)
            try:
                await call.send(*message_answer([node.raw]))
                reading.sent(len(node.raw))
            finally:
                reading.close()
