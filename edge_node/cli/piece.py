"""`edge-node piece`: content in and out by its CID, checked on this side."""

import shutil
import sys
import tempfile
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from edge_node.cli.options import JsonOption
from edge_node.cli.remote import DEFAULT_NODE, KeyOption, NodeOption, TlsOption, VaultOption, ask
from edge_node.cli.words import draw_progress, say, say_json
from edge_node.client import Node, PieceReceipt, Progress
from edge_node.wire.cid import parse_cid

app = App(name="piece", help="Store and fetch pieces by their CID.")


@app.command
def put(
    file: Annotated[Path, Parameter(help="The content; `-` reads standard input.", allow_leading_hyphen=True)],
    *,
    node: NodeOption = DEFAULT_NODE,
    key: KeyOption = None,
    tls: TlsOption = "",
    vault: VaultOption = "",
    json: JsonOption = False,
) -> None:
    """Store a piece of at most 128 MiB; its CID is computed here and must be the node's answer."""

    def store(content: Path) -> PieceReceipt:
        async def question(opened: Node) -> PieceReceipt:
            return await opened.put_piece(content, _watching("sent"))

        return ask(node, key, tls, vault, question)

    if str(file) != "-":
        receipt = store(file)
    else:
        with tempfile.NamedTemporaryFile(prefix="edge-node-") as spool:  # it is read twice: signed first, then sent
            shutil.copyfileobj(sys.stdin.buffer, spool)
            spool.flush()
            receipt = store(Path(spool.name))
    if json:
        say_json(receipt)
    else:
        say(f"{receipt.cid}  {receipt.size} bytes{', already there' if receipt.duplicate else ''}")


@app.command
def get(
    cid: Annotated[str, Parameter(help="The piece's CID.")],
    *,
    output: Annotated[Path | None, Parameter(("--output", "-o"), help="A file; default: standard output.")] = None,
    node: NodeOption = DEFAULT_NODE,
    key: KeyOption = None,
    tls: TlsOption = "",
    vault: VaultOption = "",
    json: JsonOption = False,
) -> None:
    """Fetch a piece; nothing is shown or named before its bytes hash to the CID."""
    wanted = parse_cid(cid)

    async def whole(opened: Node) -> bytes:
        return await opened.get_piece(wanted, _watching("received"))

    if output is None:
        sys.stdout.buffer.write(ask(node, key, tls, vault, whole))
        return

    async def saved(opened: Node) -> int:
        return await opened.get_piece_to_file(wanted, output, _watching("received"))

    size = ask(node, key, tls, vault, saved)
    if json:
        say_json({"cid": cid, "size": size, "file": str(output)})
    else:
        say(f"{output}  {size} bytes, verified")


def _watching(what: str) -> Progress:
    """Draws for somebody who waits at a terminal; a script sees nothing."""
    shown = sys.stderr.isatty()

    def progress(done: int, size: int | None) -> None:
        if shown and size is not None:
            draw_progress(what, done, size)

    return progress
