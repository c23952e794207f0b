"""Options and errors of the verbs that speak to a running node."""

import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, TypeVar

from cyclopts import Parameter

from edge_node.base.errors import EdgeNodeError
from edge_node.base.ids import VaultId
from edge_node.client import Node
from edge_node.trust.keystore import read_key_file

NodeOption = Annotated[
    str,
    Parameter("--node", env_var="EDGE_NODE_URL", help="The node's address, such as http://127.0.0.1:8091."),
]
KeyOption = Annotated[
    Path | None,
    Parameter("--key", env_var="EDGE_NODE_KEY", help="Key file of an enrolled reader, writer or operator."),
]
TlsOption = Annotated[
    str,
    Parameter("--tls", env_var="EDGE_NODE_TLS", help="For https: a CA or certificate file, or `sha256:<fingerprint>`."),
]
VaultOption = Annotated[str, Parameter("--vault", help="The vault's owner in hex; default: the node's own.")]

DEFAULT_NODE = "http://127.0.0.1:8091"

Answer = TypeVar("Answer")


class KeyNotGiven(EdgeNodeError):
    """The verb asks a node for something only enrolled keys may have."""

    slug = "key-not-given"
    remedy = "Give --key FILE or set EDGE_NODE_KEY; on the node itself keys/operator.key in its data directory will do."

    def __init__(self) -> None:
        super().__init__("a request to a node must be signed, and no key was given")


def ask(node: str, key: Path | None, tls: str, vault: str, question: Callable[[Node], Awaitable[Answer]]) -> Answer:
    """Open a node, ask it one thing, close it; the key's secret is overwritten again."""
    import trio

    if key is None:
        raise KeyNotGiven
    with read_key_file(key) as signing:

        async def asked() -> Answer:
            owner = VaultId.parse(vault) if vault else None
            async with Node(node, signing, vault=owner, verify=tls or None, random=os.urandom) as opened:
                return await question(opened)

        return trio.run(asked)
