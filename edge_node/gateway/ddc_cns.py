"""CnsApi: signed records under a bucket's names, kept and given back byte for byte (docs/specs/ddc.md)."""

from edge_node.base.limits import KIB
from edge_node.gateway.ddc_call import admit, first_message
from edge_node.gateway.ddc_gate import DdcGate
from edge_node.gateway.ddc_records import DdcRecords
from edge_node.serving.call import Call, CallTable
from edge_node.store.names import Names
from edge_node.trust.access import Verb
from edge_node.wire.ddc_messages import message_answer, read_cns_get, read_cns_put

PUT_MESSAGE_BYTES = 16 * KIB  # a record has at most 4 KiB; one that is larger is told so
GET_MESSAGE_BYTES = 4 * KIB


class CnsApi:
    """The service `cns.CnsApi`."""

    def __init__(self, gate: DdcGate, names: Names, records: DdcRecords) -> None:
        self._gate, self._names, self._records = gate, names, records

    def add_to(self, table: CallTable) -> None:
        """Answer the methods."""
        table.add("/cns.CnsApi/Put", self.put, message_max=PUT_MESSAGE_BYTES)
        table.add("/cns.CnsApi/Get", self.get, message_max=GET_MESSAGE_BYTES)

    async def put(self, call: Call) -> None:
        """Keep a record; the last one of a name counts."""
        asked = read_cns_put(await first_message(call))
        admitted = await admit(self._gate, call, Verb.PUT, asked.bucket, names=True)
        companions = self._records.companions(admitted, named=True)
        await self._names.put(admitted.access, admitted.bucket, asked.record, companions=companions)
        await call.send()

    async def get(self, call: Call) -> None:
        """Give a name's record; OK and an empty answer when there is none, as the SDK wants it."""
        asked = read_cns_get(await first_message(call))
        admitted = await admit(self._gate, call, Verb.GET, asked.bucket, names=True)
        record = await self._names.get(admitted.access, admitted.bucket, asked.name)
        if record is None:
            await call.send()
            return
        reading = self._records.reading(admitted, None)
        try:
            await call.send(*message_answer([record.raw]))
            reading.sent(len(record.raw))
        finally:
            reading.close()
