"""FileApi: raw pieces in, files made of them, and their bytes out (docs/specs/ddc.md)."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from functools import partial

from edge_node.base.limits import EXTENT_BYTES, KIB, MIB
from edge_node.gateway.ack_habits import AckHabits
from edge_node.gateway.answer_room import AnswerRoom
from edge_node.gateway.ddc_call import admit, first_message, payer_of, take_room, vouch_for
from edge_node.gateway.ddc_errors import EmptyPiece, MessageOutOfOrder, RangeOutside, SizeUnderstated
from edge_node.gateway.ddc_gate import Admitted, DdcGate
from edge_node.gateway.ddc_parts import read_parts
from edge_node.gateway.ddc_reading import DATA_BYTES, FileReading
from edge_node.gateway.ddc_records import DdcRecords
from edge_node.serving.call import Call, CallTable
from edge_node.settings import DdcSettings, StoreSettings
from edge_node.store.errors import PieceTooLarge
from edge_node.store.files import Files
from edge_node.store.pieces import READ_AHEAD, Pieces
from edge_node.trust.access import Verb
from edge_node.wire.cid import read_cid
from edge_node.wire.ddc_messages import (
    FileRange,
    FileRequest,
    PutMetadata,
    cid_answer,
    read_get_file,
    read_put_piece,
)

# The SDK's content messages have 4,091,904 bytes; other clients round up to 4 MiB.
PIECE_MESSAGE_BYTES = 4 * MIB + KIB
METADATA_BYTES = 16 * KIB  # a put's first message: some hundred bytes, and nobody knows yet whose
MULTIPART_MESSAGE_BYTES = 2 * MIB  # PART_HASHES_MAX parts take 1.1 MB
PART_BYTES = 128  # what a part's hash takes that was read
READ_MESSAGE_BYTES = 2 * KIB  # a request or an acknowledgement
UPLOAD_BYTES = 3 * 4 * MIB  # what a put holds at most: a message, the one before it on its way to the disk, one coming
DOWNLOAD_BYTES = DATA_BYTES + READ_AHEAD * EXTENT_BYTES  # what a read holds at most: a message, and what is read ahead


class FileApi:
    """The service `file.FileApi`."""

    def __init__(
        self,
        gate: DdcGate,
        pieces: Pieces,
        files: Files,
        records: DdcRecords,
        puts: AnswerRoom,
        reads: AnswerRoom,
        settings: DdcSettings,
        store: StoreSettings,
    ) -> None:
        self._gate, self._pieces, self._files, self._records = gate, pieces, files, records
        self._puts, self._reads = puts, reads
        self._settings, self._store = settings, store
        self._habits = AckHabits()

    def apply(self, settings: DdcSettings, store: StoreSettings) -> None:
        """Take over another snapshot: for calls that begin from now on."""
        self._settings, self._store = settings, store

    def add_to(self, table: CallTable) -> None:
        """Answer the methods."""
        vouch = partial(vouch_for, self._gate)
        for name, handler, message_max, first_max in (
            ("putRawPiece", self.put_raw, PIECE_MESSAGE_BYTES, METADATA_BYTES),
            ("putMultipartPiece", self.put_multipart, MULTIPART_MESSAGE_BYTES, None),
        ):
            table.add(f"/file.FileApi/{name}", handler, message_max=message_max, first_max=first_max, vouch=vouch)
        table.add("/file.FileApi/getFile", self.get, message_max=READ_MESSAGE_BYTES)

    async def put_raw(self, call: Call) -> None:
        """Metadata, then content; the headers leave in between, for the SDK waits for them."""
        metadata = read_put_piece(await first_message(call))
        if not isinstance(metadata, PutMetadata):
            raise MessageOutOfOrder("content before its metadata")
        if metadata.size > self._store.piece_bytes_max:
            raise PieceTooLarge(self._store.piece_bytes_max)
        named = None if metadata.cid is None else read_cid(metadata.cid)
        admitted = await admit(self._gate, call, Verb.PUT, metadata.bucket, cid=named)
        await call.accept()
        with self._puts.hold(payer_of(admitted, call.peer)) as held:
            await take_room(self._puts, held, min(2 * metadata.size or UPLOAD_BYTES, UPLOAD_BYTES))
            async with aclosing(self._contents(call, admitted, metadata.size)) as contents:
                put = await self._pieces.put(
                    admitted.access,
                    admitted.bucket.owner,
                    contents,
                    expect=admitted.expect,
                    bucket=admitted.bucket.id,
                    companions=self._records.companions(admitted),
                )
        await call.send(cid_answer(put.cid))

    async def put_multipart(self, call: Call) -> None:
        """A file of parts that are there."""
        asked = read_parts(await first_message(call))
        named = None if asked.cid is None else read_cid(asked.cid)
        admitted = await admit(self._gate, call, Verb.PUT, asked.bucket, cid=named)
        with self._puts.hold(payer_of(admitted, call.peer)) as held:
            # The list is here and waits for its turn: where many do, the account's next one is refused.
            held.resize(PART_BYTES * len(asked.part_hashes))
            put = await self._files.put_multipart(
                admitted.access,
                admitted.bucket,
                asked.part_hashes,
                asked.total_size,
                expect=admitted.expect,
                companions=self._records.companions(admitted),
                confirm=partial(self._gate.confirm, admitted),
            )
        await call.send(cid_answer(put.cid))

    async def get(self, call: Call) -> None:
        """A file or a range of it, while its reader acknowledges what it got."""
        asked = read_get_file(await first_message(call))
        if not isinstance(asked, FileRequest):
            raise MessageOutOfOrder("an acknowledgement before the request")
        cid = read_cid(asked.cid)
        admitted = await admit(self._gate, call, Verb.GET, asked.bucket, cid=cid)
        file = await self._files.open(admitted.access, admitted.bucket, cid, through=admitted.through)
        start, stop = _span(asked.range, file.size)
        await call.accept()
        reading = self._records.reading(admitted, cid)
        try:
            with self._reads.hold(payer_of(admitted, call.peer)) as held:
                await take_room(self._reads, held, min(stop - start, DOWNLOAD_BYTES))
                async with aclosing(self._files.read(file, start, stop)) as chunks:
                    await FileReading(call, self._gate, admitted, reading, self._habits, self._settings).run(chunks)
        finally:
            reading.close()

    async def _contents(self, call: Call, admitted: Admitted, said: int) -> AsyncGenerator[memoryview, None]:
        """The content of a put's messages until half-close, at most `said` bytes unless that is 0, cut at extents.

        A right that ended meanwhile ends it at the last.
        """
        size = 0
        while (message := await call.receive()) is not None:
            content = read_put_piece(message)
            if isinstance(content, PutMetadata):
                raise MessageOutOfOrder("metadata twice")
            if 0 < said < size + len(content):
                raise SizeUnderstated(said)
            # What is on its way to the disk is counted by chunks, and each keeps its message: one extent, not all.
            while content:
                part = content[: EXTENT_BYTES - size % EXTENT_BYTES]
                yield part
                size += len(part)
                content = content[len(part) :]
        if not size:
            raise EmptyPiece
        await self._gate.confirm(admitted)


def _span(asked: FileRange | None, size: int) -> tuple[int, int]:
    """The half-open range of a file of `size` bytes; RangeOutside."""
    if asked is None:
        return 0, size
    if not asked.start <= asked.last < size:
        raise RangeOutside(asked.start, asked.last, size)
    return asked.start, asked.last + 1
