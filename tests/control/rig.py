"""A running node and its operator's door, asked through the real sockets."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
import trio

from edge_node.client.control import ControlClient
from edge_node.client.errors import NodeRefusal
from tests.gateway.rig import ANSWER_S, RunningNode, Site, read_answer, running

__all__ = ["ANSWER_S", "Door", "at_the_door", "key_in_hex", "refused", "settings_file"]


@dataclass
class Door:
    """A node that runs, and both of its sockets."""

    node: RunningNode
    control: ControlClient
    view: ControlClient

    @property
    def site(self) -> Site:
        return self.node.site

    async def raw(self, data: bytes, *, view: bool = False) -> Any:
        """Bytes as they are on a connection of their own; the first answer."""
        path = self.view.path if view else self.control.path
        with trio.fail_after(ANSWER_S):
            async with await trio.open_unix_socket(str(path)) as stream:
                await stream.send_all(data)
                return await read_answer(stream)


@asynccontextmanager
async def at_the_door(site: Site, **sections: Mapping[str, object]) -> AsyncGenerator[Door, None]:
    """Run the node of `site` with clients at its sockets."""
    sections["control"] = {"socket": "", "view_socket": "", **sections.get("control", {})}
    async with (
        running(site, **sections) as node,
        ControlClient(site.paths.control_socket, timeout_s=ANSWER_S) as control,
        ControlClient(site.paths.view_socket, timeout_s=ANSWER_S) as view,
    ):
        yield Door(node, control, view)


@asynccontextmanager
async def refused(status: int, slug: str) -> AsyncGenerator[list[NodeRefusal], None]:
    """The block is refused with this status and slug; the refusal is put into the list that is yielded."""
    caught: list[NodeRefusal] = []
    with pytest.raises(NodeRefusal) as refusal:
        yield caught
    caught.append(refusal.value)
    assert (refusal.value.status, refusal.value.slug) == (status, slug), str(refusal.value)
    assert refusal.value.remedy


def key_in_hex(number: int) -> str:
    """A public key nobody has."""
    return f"{number:064x}"


def settings_file(site: Site, text: str) -> str:
    """A settings file for a real process of this node, with `text` behind what it must have."""
    path = site.root / "edge-node.toml"
    path.write_text(f'[node]\ndata_dir = "{site.root}"\n{text}')
    return str(path)
