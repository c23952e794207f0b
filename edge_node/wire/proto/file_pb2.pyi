from edge_node.wire.proto import activity_report_pb2 as _activity_report_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class PutRawPieceRequest(_message.Message):
    __slots__ = ("metadata", "content")
    class Metadata(_message.Message):
        __slots__ = ("bucketId", "cid", "offset", "isMultipart", "size")
        BUCKETID_FIELD_NUMBER: _ClassVar[int]
        CID_FIELD_NUMBER: _ClassVar[int]
        OFFSET_FIELD_NUMBER: _ClassVar[int]
        ISMULTIPART_FIELD_NUMBER: _ClassVar[int]
        SIZE_FIELD_NUMBER: _ClassVar[int]
        bucketId: int
        cid: bytes
        offset: int
        isMultipart: bool
        size: int
        def __init__(self, bucketId: _Optional[int] = ..., cid: _Optional[bytes] = ..., offset: _Optional[int] = ..., isMultipart: _Optional[bool] = ..., size: _Optional[int] = ...) -> None: ...
    class Content(_message.Message):
        __slots__ = ("data",)
        DATA_FIELD_NUMBER: _ClassVar[int]
        data: bytes
        def __init__(self, data: _Optional[bytes] = ...) -> None: ...
    METADATA_FIELD_NUMBER: _ClassVar[int]
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    metadata: PutRawPieceRequest.Metadata
    content: PutRawPieceRequest.Content
    def __init__(self, metadata: _Optional[_Union[PutRawPieceRequest.Metadata, _Mapping]] = ..., content: _Optional[_Union[PutRawPieceRequest.Content, _Mapping]] = ...) -> None: ...

class PutRawPieceResponse(_message.Message):
    __slots__ = ("cid",)
    CID_FIELD_NUMBER: _ClassVar[int]
    cid: bytes
    def __init__(self, cid: _Optional[bytes] = ...) -> None: ...

class PutMultiPartPieceRequest(_message.Message):
    __slots__ = ("bucketId", "cid", "totalSize", "partSize", "partHashes")
    BUCKETID_FIELD_NUMBER: _ClassVar[int]
    CID_FIELD_NUMBER: _ClassVar[int]
    TOTALSIZE_FIELD_NUMBER: _ClassVar[int]
    PARTSIZE_FIELD_NUMBER: _ClassVar[int]
    PARTHASHES_FIELD_NUMBER: _ClassVar[int]
    bucketId: int
    cid: bytes
    totalSize: int
    partSize: int
    partHashes: _containers.RepeatedScalarFieldContainer[bytes]
    def __init__(self, bucketId: _Optional[int] = ..., cid: _Optional[bytes] = ..., totalSize: _Optional[int] = ..., partSize: _Optional[int] = ..., partHashes: _Optional[_Iterable[bytes]] = ...) -> None: ...

class PutMultiPartPieceResponse(_message.Message):
    __slots__ = ("cid",)
    CID_FIELD_NUMBER: _ClassVar[int]
    cid: bytes
    def __init__(self, cid: _Optional[bytes] = ...) -> None: ...

class GetFileRequest(_message.Message):
    __slots__ = ("request", "ack")
    class Request(_message.Message):
        __slots__ = ("cid", "bucketId", "range", "authenticate")
        class Range(_message.Message):
            __slots__ = ("start", "end")
            START_FIELD_NUMBER: _ClassVar[int]
            END_FIELD_NUMBER: _ClassVar[int]
            start: int
            end: int
            def __init__(self, start: _Optional[int] = ..., end: _Optional[int] = ...) -> None: ...
        CID_FIELD_NUMBER: _ClassVar[int]
        BUCKETID_FIELD_NUMBER: _ClassVar[int]
        RANGE_FIELD_NUMBER: _ClassVar[int]
        AUTHENTICATE_FIELD_NUMBER: _ClassVar[int]
        cid: bytes
        bucketId: int
        range: GetFileRequest.Request.Range
        authenticate: bool
        def __init__(self, cid: _Optional[bytes] = ..., bucketId: _Optional[int] = ..., range: _Optional[_Union[GetFileRequest.Request.Range, _Mapping]] = ..., authenticate: _Optional[bool] = ...) -> None: ...
    REQUEST_FIELD_NUMBER: _ClassVar[int]
    ACK_FIELD_NUMBER: _ClassVar[int]
    request: GetFileRequest.Request
    ack: _activity_report_pb2.ActivityAcknowledgment
    def __init__(self, request: _Optional[_Union[GetFileRequest.Request, _Mapping]] = ..., ack: _Optional[_Union[_activity_report_pb2.ActivityAcknowledgment, _Mapping]] = ...) -> None: ...

class GetFileResponse(_message.Message):
    __slots__ = ("proof", "data")
    class Proof(_message.Message):
        __slots__ = ("proof",)
        PROOF_FIELD_NUMBER: _ClassVar[int]
        proof: _containers.RepeatedScalarFieldContainer[bytes]
        def __init__(self, proof: _Optional[_Iterable[bytes]] = ...) -> None: ...
    PROOF_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    proof: GetFileResponse.Proof
    data: bytes
    def __init__(self, proof: _Optional[_Union[GetFileResponse.Proof, _Mapping]] = ..., data: _Optional[bytes] = ...) -> None: ...
