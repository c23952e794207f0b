"""What an HTTP/2 client did, as far as gRPC wants to know it."""

from dataclasses import dataclass


@dataclass(slots=True)
class Opened:
    """A client began a stream; `ended` when it will send nothing more."""

    stream: int
    headers: list[tuple[bytes, bytes]]
    ended: bool


@dataclass(slots=True)
class Oversized:
    """A client began a stream with a header list of `size` bytes, more than a call may have."""

    stream: int
    size: int
    ended: bool


@dataclass(slots=True)
class Arrived:
    """Bytes of a stream; `size` counts what they took of its window, padding included."""

    stream: int
    data: bytes | memoryview
    size: int
    ended: bool


@dataclass(slots=True)
class Reset:
    """The client gave up a stream."""

    stream: int
    code: int


@dataclass(slots=True)
class Room:
    """There may be more room to send: for one stream, or for all (0)."""

    stream: int


class Left:
    """The client will open no more streams; those there are go on."""


Event = Opened | Oversized | Arrived | Reset | Room | Left
