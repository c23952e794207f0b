"""The baseline of the fan-out benchmark: websockets (PyPI) on asyncio, one publisher's lines to every subscriber.

It stores nothing, checks no signature and sends each event as it came, 200 bytes, where the node sends 550: what is
compared is the price of a delivery.
"""

import asyncio  # noqa: TID251  the baseline is an asyncio program
import sys

from websockets.asyncio.server import ServerConnection, broadcast, serve

SUBSCRIBERS: set[ServerConnection] = set()


async def attend(connection: ServerConnection) -> None:
    """A publisher's messages hold an event a line; each goes to every subscriber as a message of its own."""
    assert connection.request is not None
    if connection.request.path != "/publish":
        SUBSCRIBERS.add(connection)
        try:
            await connection.wait_closed()
        finally:
            SUBSCRIBERS.discard(connection)
        return
    async for message in connection:
        assert isinstance(message, str)
        for line in message.splitlines():
            broadcast(SUBSCRIBERS, line)
        await connection.send("stored")


async def run(port: int) -> None:
    # Compression off, as at the node; nothing is held back from a slow subscriber.
    async with serve(attend, "127.0.0.1", port, compression=None, max_size=None):
        await asyncio.get_running_loop().create_future()


if __name__ == "__main__":
    asyncio.run(run(int(sys.argv[1])))
