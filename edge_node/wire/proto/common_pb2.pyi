from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Signature(_message.Message):
    __slots__ = ("algorithm", "signer", "value")
    class Algorithm(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        ED_25519: _ClassVar[Signature.Algorithm]
        SR_25519: _ClassVar[Signature.Algorithm]
    ED_25519: Signature.Algorithm
    SR_25519: Signature.Algorithm
    ALGORITHM_FIELD_NUMBER: _ClassVar[int]
    SIGNER_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    algorithm: Signature.Algorithm
    signer: bytes
    value: bytes
    def __init__(self, algorithm: _Optional[_Union[Signature.Algorithm, str]] = ..., signer: _Optional[bytes] = ..., value: _Optional[bytes] = ...) -> None: ...
