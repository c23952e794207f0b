"""`edge-node stream`: what streams there are, and their events."""

import datetime as dt
import sys
from typing import Annotated

import msgspec
from cyclopts import App, Parameter

from edge_node.cli.options import JsonOption
from edge_node.cli.remote import DEFAULT_NODE, KeyOption, NodeOption, TlsOption, VaultOption, ask
from edge_node.cli.words import say, say_json, say_table
from edge_node.client import AnchorList, Event, Node, Page, verify_anchor
from edge_node.trust.retention_anchor import RetentionAnchor
from edge_node.wire.cid import format_cid

app = App(name="stream", help="List and read event streams.")

SHOWN_CHARS = 100  # of one event in a table; --json shows all of it


class _CloudEvent(msgspec.Struct):
    type: str
    data: msgspec.Raw = msgspec.Raw()
    data_base64: str = ""


@app.command
def read(
    name: Annotated[str, Parameter(help="The stream, such as site/temperature.")],
    *,
    start: Annotated[int, Parameter("--from", help="First offset wanted.")] = 0,
    limit: Annotated[int, Parameter(help="At most so many events, up to 1000.")] = 100,
    proof: Annotated[bool, Parameter(help="Ask for proofs and check them before anything is shown.")] = False,
    node: NodeOption = DEFAULT_NODE,
    key: KeyOption = None,
    tls: TlsOption = "",
    vault: VaultOption = "",
    json: JsonOption = False,
) -> None:
    """Read one page; `--proof --json > page.json` keeps it for `edge-node verify`."""

    async def question(opened: Node) -> tuple[Page, bytes]:
        return await opened.read_page(name, start, limit, proof=proof)

    page, raw = ask(node, key, tls, vault, question)
    if json:
        # As it came: a proof is over these bytes, and nothing is lost in between.
        sys.stdout.write(raw.decode() + "\n")
        return
    say_table(("offset", "signed at", "key", "type", "data"), [_row(event) for event in page.events])
    if page.gap is not None:
        say(f"offsets {page.gap.first} to {page.gap.stop - 1} are not kept ({page.gap.reason})")
    say(f"next {page.next} of {page.end}" + (", all proofs hold" if proof else ""))


@app.command
def anchors(
    name: Annotated[str, Parameter(help="The stream, such as site/temperature.")],
    *,
    start: Annotated[int, Parameter("--from", help="Number of the first anchor wanted.")] = 1,
    limit: Annotated[int, Parameter(help="At most so many anchors, up to 1000.")] = 100,
    node: NodeOption = DEFAULT_NODE,
    key: KeyOption = None,
    tls: TlsOption = "",
    vault: VaultOption = "",
    json: JsonOption = False,
) -> None:
    """What retention removed, verified; `--json > anchors.json` keeps it for `edge-node verify --anchors`."""

    async def question(opened: Node) -> tuple[AnchorList, bytes]:
        return await opened.read_anchors(name, start, limit)

    answer, raw = ask(node, key, tls, vault, question)
    if json:
        sys.stdout.write(raw.decode() + "\n")
        return
    rows = [_anchor_row(verify_anchor(entry).anchor) for entry in answer.anchors]
    say_table(("anchor", "made at", "by", "offsets", "bodies", "bytes", "last body"), rows)
    say(f"kept from offset {answer.first} on; next {answer.next} of {answer.end}, all anchors hold")


@app.command(name="list")
def list_streams(
    *,
    node: NodeOption = DEFAULT_NODE,
    key: KeyOption = None,
    tls: TlsOption = "",
    vault: VaultOption = "",
    json: JsonOption = False,
) -> None:
    """Every stream of a vault."""
    streams = ask(node, key, tls, vault, Node.list_streams)
    if json:
        say_json(streams)
        return
    rows = [
        (row.stream, str(row.events), str(row.bodies), str(row.bytes), str(row.first_offset), str(row.next_offset),
         _time(row.last_received))
        for row in streams
    ]  # fmt: skip
    say_table(("stream", "events", "bodies", "bytes", "first", "next", "last received"), rows)


def _anchor_row(anchor: RetentionAnchor) -> tuple[str, ...]:
    offsets = f"{anchor.start} to {anchor.first - 1}"
    sizes = str(anchor.bodies), str(anchor.bytes)
    return str(anchor.number), _time(anchor.t_ms), anchor.by, offsets, *sizes, format_cid(anchor.last_cid)


def _time(t_ms: int) -> str:
    try:
        return dt.datetime.fromtimestamp(t_ms / 1_000, dt.UTC).isoformat(timespec="milliseconds")[:-6] + "Z"
    except (ValueError, OverflowError, OSError):  # a device may sign any number
        return str(t_ms)


def _row(event: Event) -> tuple[str, ...]:
    kind, content = event.content_type, event.content
    if kind.startswith("application/cloudevents"):
        try:
            cloud = msgspec.json.decode(content, type=_CloudEvent)
        except msgspec.DecodeError:
            cloud = _CloudEvent(type=kind, data=msgspec.Raw(content))
        kind, content = cloud.type, bytes(cloud.data) or cloud.data_base64.encode()
    return str(event.offset), _time(event.t), event.key[:8], _plain(kind), _plain(content.decode(errors="replace"))


def _plain(text: str) -> str:
    # What a device wrote must not drive the reader's terminal.
    text = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)
    return text if len(text) <= SHOWN_CHARS else text[: SHOWN_CHARS - 1] + "…"
