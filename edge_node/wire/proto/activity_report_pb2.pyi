from edge_node.wire.proto import common_pb2 as _common_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ActivityRequest(_message.Message):
    __slots__ = ("parentRequest", "requestId", "requestType", "contentType", "bucketId", "id", "offset", "size", "timestamp", "signature")
    class RequestType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        STORE: _ClassVar[ActivityRequest.RequestType]
        GET: _ClassVar[ActivityRequest.RequestType]
    STORE: ActivityRequest.RequestType
    GET: ActivityRequest.RequestType
    class ContentType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        PIECE: _ClassVar[ActivityRequest.ContentType]
        SEGMENT: _ClassVar[ActivityRequest.ContentType]
        MERKLE_TREE: _ClassVar[ActivityRequest.ContentType]
    PIECE: ActivityRequest.ContentType
    SEGMENT: ActivityRequest.ContentType
    MERKLE_TREE: ActivityRequest.ContentType
    PARENTREQUEST_FIELD_NUMBER: _ClassVar[int]
    REQUESTID_FIELD_NUMBER: _ClassVar[int]
    REQUESTTYPE_FIELD_NUMBER: _ClassVar[int]
    CONTENTTYPE_FIELD_NUMBER: _ClassVar[int]
    BUCKETID_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    SIZE_FIELD_NUMBER: _ClassVar[int]
    TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    parentRequest: ActivityRequest
    requestId: str
    requestType: ActivityRequest.RequestType
    contentType: ActivityRequest.ContentType
    bucketId: int
    id: bytes
    offset: int
    size: int
    timestamp: int
    signature: _common_pb2.Signature
    def __init__(self, parentRequest: _Optional[_Union[ActivityRequest, _Mapping]] = ..., requestId: _Optional[str] = ..., requestType: _Optional[_Union[ActivityRequest.RequestType, str]] = ..., contentType: _Optional[_Union[ActivityRequest.ContentType, str]] = ..., bucketId: _Optional[int] = ..., id: _Optional[bytes] = ..., offset: _Optional[int] = ..., size: _Optional[int] = ..., timestamp: _Optional[int] = ..., signature: _Optional[_Union[_common_pb2.Signature, _Mapping]] = ...) -> None: ...

class ActivityAcknowledgment(_message.Message):
    __slots__ = ("requestId", "bytesStoredOrDelivered", "timestamp", "signature")
    REQUESTID_FIELD_NUMBER: _ClassVar[int]
    BYTESSTOREDORDELIVERED_FIELD_NUMBER: _ClassVar[int]
    TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    requestId: str
    bytesStoredOrDelivered: int
    timestamp: int
    signature: _common_pb2.Signature
    def __init__(self, requestId: _Optional[str] = ..., bytesStoredOrDelivered: _Optional[int] = ..., timestamp: _Optional[int] = ..., signature: _Optional[_Union[_common_pb2.Signature, _Mapping]] = ...) -> None: ...

class ActivityFulfillment(_message.Message):
    __slots__ = ("request", "ack")
    REQUEST_FIELD_NUMBER: _ClassVar[int]
    ACK_FIELD_NUMBER: _ClassVar[int]
    request: ActivityRequest
    ack: ActivityAcknowledgment
    def __init__(self, request: _Optional[_Union[ActivityRequest, _Mapping]] = ..., ack: _Optional[_Union[ActivityAcknowledgment, _Mapping]] = ...) -> None: ...

class ActivityRecord(_message.Message):
    __slots__ = ("upstream", "downstream", "timestamp", "signature")
    UPSTREAM_FIELD_NUMBER: _ClassVar[int]
    DOWNSTREAM_FIELD_NUMBER: _ClassVar[int]
    TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    upstream: ActivityFulfillment
    downstream: _containers.RepeatedCompositeFieldContainer[ActivityFulfillment]
    timestamp: int
    signature: _common_pb2.Signature
    def __init__(self, upstream: _Optional[_Union[ActivityFulfillment, _Mapping]] = ..., downstream: _Optional[_Iterable[_Union[ActivityFulfillment, _Mapping]]] = ..., timestamp: _Optional[int] = ..., signature: _Optional[_Union[_common_pb2.Signature, _Mapping]] = ...) -> None: ...
