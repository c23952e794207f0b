"""How long one question to an endpoint may take, whatever carries it."""

from collections.abc import Awaitable
from typing import TypeVar

import trio

from edge_node.chain_light.source import Source
from edge_node.chain_light.source_errors import EndpointSilent

Told = TypeVar("Told")


async def within(seconds: float, source: Source, method: str, asked: Awaitable[Told]) -> Told:
    """The answer, or EndpointSilent after so long."""
    with trio.move_on_after(seconds):
        return await asked
    raise EndpointSilent(source.url, method, seconds)
