from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class PutRequest(_message.Message):
    __slots__ = ("bucketId", "node", "cid")
    BUCKETID_FIELD_NUMBER: _ClassVar[int]
    NODE_FIELD_NUMBER: _ClassVar[int]
    CID_FIELD_NUMBER: _ClassVar[int]
    bucketId: int
    node: Node
    cid: bytes
    def __init__(self, bucketId: _Optional[int] = ..., node: _Optional[_Union[Node, _Mapping]] = ..., cid: _Optional[bytes] = ...) -> None: ...

class PutResponse(_message.Message):
    __slots__ = ("cid",)
    CID_FIELD_NUMBER: _ClassVar[int]
    cid: bytes
    def __init__(self, cid: _Optional[bytes] = ...) -> None: ...

class GetRequest(_message.Message):
    __slots__ = ("bucketId", "cid", "path")
    BUCKETID_FIELD_NUMBER: _ClassVar[int]
    CID_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    bucketId: int
    cid: bytes
    path: str
    def __init__(self, bucketId: _Optional[int] = ..., cid: _Optional[bytes] = ..., path: _Optional[str] = ...) -> None: ...

class GetResponse(_message.Message):
    __slots__ = ("node",)
    NODE_FIELD_NUMBER: _ClassVar[int]
    node: Node
    def __init__(self, node: _Optional[_Union[Node, _Mapping]] = ...) -> None: ...

class Node(_message.Message):
    __slots__ = ("data", "links", "tags")
    DATA_FIELD_NUMBER: _ClassVar[int]
    LINKS_FIELD_NUMBER: _ClassVar[int]
    TAGS_FIELD_NUMBER: _ClassVar[int]
    data: bytes
    links: _containers.RepeatedCompositeFieldContainer[Link]
    tags: _containers.RepeatedCompositeFieldContainer[Tag]
    def __init__(self, data: _Optional[bytes] = ..., links: _Optional[_Iterable[_Union[Link, _Mapping]]] = ..., tags: _Optional[_Iterable[_Union[Tag, _Mapping]]] = ...) -> None: ...

class Link(_message.Message):
    __slots__ = ("cid", "name", "size")
    CID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    SIZE_FIELD_NUMBER: _ClassVar[int]
    cid: bytes
    name: str
    size: int
    def __init__(self, cid: _Optional[bytes] = ..., name: _Optional[str] = ..., size: _Optional[int] = ...) -> None: ...

class Tag(_message.Message):
    __slots__ = ("key", "value")
    KEY_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    key: str
    value: str
    def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
