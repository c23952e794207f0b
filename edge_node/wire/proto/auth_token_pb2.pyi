from edge_node.wire.proto import common_pb2 as _common_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Operation(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    UNKNOWN: _ClassVar[Operation]
    PUT: _ClassVar[Operation]
    GET: _ClassVar[Operation]
    DELETE: _ClassVar[Operation]
UNKNOWN: Operation
PUT: Operation
GET: Operation
DELETE: Operation

class AuthToken(_message.Message):
    __slots__ = ("signature", "payload")
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    PAYLOAD_FIELD_NUMBER: _ClassVar[int]
    signature: _common_pb2.Signature
    payload: Payload
    def __init__(self, signature: _Optional[_Union[_common_pb2.Signature, _Mapping]] = ..., payload: _Optional[_Union[Payload, _Mapping]] = ...) -> None: ...

class Payload(_message.Message):
    __slots__ = ("prev", "subject", "canDelegate", "bucketId", "operations", "expiresAt", "pieceCid")
    PREV_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    CANDELEGATE_FIELD_NUMBER: _ClassVar[int]
    BUCKETID_FIELD_NUMBER: _ClassVar[int]
    OPERATIONS_FIELD_NUMBER: _ClassVar[int]
    EXPIRESAT_FIELD_NUMBER: _ClassVar[int]
    PIECECID_FIELD_NUMBER: _ClassVar[int]
    prev: AuthToken
    subject: bytes
    canDelegate: bool
    bucketId: int
    operations: _containers.RepeatedScalarFieldContainer[Operation]
    expiresAt: int
    pieceCid: bytes
    def __init__(self, prev: _Optional[_Union[AuthToken, _Mapping]] = ..., subject: _Optional[bytes] = ..., canDelegate: _Optional[bool] = ..., bucketId: _Optional[int] = ..., operations: _Optional[_Iterable[_Union[Operation, str]]] = ..., expiresAt: _Optional[int] = ..., pieceCid: _Optional[bytes] = ...) -> None: ...
