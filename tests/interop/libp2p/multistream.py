"""Which protocol a stream speaks (multistream-select 1.0.0)."""

from collections.abc import Awaitable, Callable, Collection

from tests.interop.libp2p.bytes import PeerFault, Reader, with_length

HEADER = b"/multistream/1.0.0\n"
REFUSED = b"na\n"
OFFERS_MAX = 32


Send = Callable[[bytes], Awaitable[None]]


async def choose(reader: Reader, send_all: Send, known: Collection[str]) -> str:
    """The first protocol offered that is known here, as the side that was called; PeerFault without one."""
    if await reader.message() != HEADER:
        raise PeerFault("no multistream-select")
    await send_all(with_length(HEADER))
    for _ in range(OFFERS_MAX):
        offered = await reader.message()
        name = offered.decode().removesuffix("\n")
        if name in known:
            await send_all(with_length(offered))
            return name
        await send_all(with_length(REFUSED))
    raise PeerFault("nothing that is known here was offered")


async def propose(reader: Reader, send_all: Send, name: str) -> None:
    """Ask for one protocol, as the side that calls; PeerFault when it is not taken."""
    wanted = f"{name}\n".encode()
    await send_all(with_length(HEADER) + with_length(wanted))
    if await reader.message() != HEADER or await reader.message() != wanted:
        raise PeerFault(f"{name} was not taken")
