"""`edge-node store`: what a running node keeps, bucket by bucket, through its control socket."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypedDict, TypeVar

import trio
from cyclopts import App, Parameter

from edge_node.cli.exits import ExitCode
from edge_node.cli.operator import ask_node, require_node
from edge_node.cli.options import ConfigOption, JsonOption
from edge_node.cli.words import draw_progress, say_aside, say_json, say_table, short_size
from edge_node.client import AnswerNotUnderstood, ClientError
from edge_node.client.control import ControlClient, patience_s, read_as

app = App(name="store", help="Look through what a running node keeps: buckets, pieces, names; verify a piece.")

VERIFY = "piece.verify"
KEY_CELLS = 16  # of a vault in a table; --json shows all of it
OWNER_CELLS = 10  # of an address beside a bucket's figures: a row is to fit into 100 columns
BUCKET_HEADS = (
    "bucket", "access", "pieces", "bytes", "names", "stores", "stored", "reads", "sent", "acked", "owner",
)  # fmt: skip

Row = TypeVar("Row")


class _Bucket(TypedDict):
    bucket: int
    owner: str
    address: str
    public: bool | None
    authority: str | None
    pieces: int
    bytes: int
    names: int
    stores: int
    stored_bytes: int
    reads: int
    sent_bytes: int
    acked_bytes: int


class _Reference(TypedDict):
    vault: str
    bucket: int | None


class _Piece(TypedDict):
    cid: str
    kind: str
    bytes: int
    owners: int
    damaged: bool
    references: list[_Reference]


class _Name(TypedDict):
    name: str
    cid: str
    ttl_s: int | None
    signer: str


class _Verdict(TypedDict):
    cid: str
    kind: str
    bytes: int
    bucket: int | None
    intact: bool
    reason: str
    took_ms: int


BucketOption = Annotated[int | None, Parameter("--bucket", help="Only this bucket.")]
VaultOption = Annotated[str, Parameter("--vault", help="Only this vault, in hex.")]


@app.command
def buckets(*, owner: Annotated[str, Parameter(help="Only this owner's, in hex.")] = "",
            config: ConfigOption = None, json: JsonOption = False) -> None:  # fmt: skip
    """Every bucket the node knows or keeps something of, and what was stored and read, as recorded."""
    rows = _rows(config, "/v1/buckets", "buckets", {"owner": owner} if owner else {}, _Bucket)
    if json:
        say_json(rows)
        return
    say_table(BUCKET_HEADS, [_cells(row) for row in rows])


@app.command
def pieces(
    *,
    bucket: BucketOption = None,
    kind: Annotated[Literal["raw", "multipart", "dag"] | None, Parameter(help="Only this kind.")] = None,
    vault: VaultOption = "",
    cid: Annotated[str, Parameter(help="The beginning of a CID.")] = "",
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Pieces, multiparts and DAG nodes by CID, with who holds them."""
    given = {"bucket": bucket, "kind": kind, "vault": vault or None, "cid": cid or None}
    query = {name: value for name, value in given.items() if value is not None}
    rows = _rows(config, "/v1/pieces", "pieces", query, _Piece)
    if json:
        say_json(rows)
        return
    table = [
        (row["cid"], row["kind"], str(row["bytes"]), "damaged" if row["damaged"] else "kept", _held(row))
        for row in rows
    ]
    say_table(("cid", "kind", "bytes", "state", "held by"), table)


@app.command
def names(
    bucket: Annotated[int, Parameter(help="The bucket's number.")],
    *,
    part: Annotated[str, Parameter("--filter", help="Part of the name.")] = "",
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """The CNS names of a bucket, with what each stands for and who signed it."""
    rows = _rows(config, "/v1/names", "names", {"bucket": bucket} | ({"filter": part} if part else {}), _Name)
    if json:
        say_json(rows)
        return
    table = [
        (row["name"], row["cid"], "-" if row["ttl_s"] is None else f"{row['ttl_s']} s", row["signer"][:KEY_CELLS])
        for row in rows
    ]
    say_table(("name", "cid", "ttl", "signer"), table)


@app.command
def verify(
    cid: Annotated[str, Parameter(help="The CID of a piece, a multipart, a DAG node or an event post.")],
    *,
    bucket: Annotated[int | None, Parameter("--bucket", help="A bucket that holds it; default: whoever does.")] = None,
    vault: Annotated[str, Parameter("--vault", help="A vault that holds it, in hex; default: whoever does.")] = "",
    config: ConfigOption = None,
    json: JsonOption = False,
) -> int:
    """Have the node read it back whole and hash it; exit code 1 when it is damaged."""
    given: dict[str, Any] = {"cid": cid}
    given |= {"bucket": bucket} if bucket is not None else {}
    given |= {"vault": vault} if vault else {}

    async def question(client: ControlClient) -> _Verdict:
        return await _verified(client, given)

    verdict = ask_node(_running(config), question)
    if json:
        say_json(verdict)
    else:
        word = "intact" if verdict["intact"] else f"damaged: {verdict['reason']}"
        say_table(("cid", "kind", "bytes", "ms", "verdict"),
                  [(cid, verdict["kind"], str(verdict["bytes"]), str(verdict["took_ms"]), word)])  # fmt: skip
    return ExitCode.OK if verdict["intact"] else ExitCode.REFUSED


async def _verified(client: ControlClient, given: Mapping[str, Any]) -> _Verdict:
    """Plan and execute, with the node's word on how far it is where somebody looks."""
    planned = await client.plan(VERIFY, given)
    size = (await client.get(f"/v1/pieces/{given['cid']}")).get("bytes", 0)
    if not isinstance(size, int):
        raise AnswerNotUnderstood(200, "a piece without a size")
    if not sys.stderr.isatty():
        return read_as(await client.execute(VERIFY, planned.token, answer_s=patience_s(size)), _Verdict)
    say_aside(planned.plan.summary)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_draw, client, given["cid"])
        verdict = read_as(await client.execute(VERIFY, planned.token, answer_s=patience_s(size)), _Verdict)
        nursery.cancel_scope.cancel()
    draw_progress("read", 0, 0)
    return verdict


async def _draw(client: ControlClient, cid: str) -> None:
    """Draw progress until cancelled. A feed that cannot be had is no reason to fail: the verdict comes all the same."""
    try:
        async with client.events(("progress",)) as frames:
            async for frame in frames:
                if frame.topic == "progress" and frame.data.get("subject") == cid:
                    draw_progress("read", int(frame.data["done"]), int(frame.data["bytes"]))
    except ClientError as error:
        say_aside(f"note: no progress is shown: {error}")


def _rows(config: Path | None, path: str, name: str, query: Mapping[str, Any], kind: type[Row]) -> list[Row]:
    async def ask(client: ControlClient) -> list[dict[str, Any]]:
        return [row async for page in client.iterate(path, name, query) for row in page]

    return [read_as(row, kind) for row in ask_node(_running(config), ask)]


def _running(config: Path | None) -> Path:
    from edge_node.settings import load

    return require_node(load(config, os.environ).settings)


def _cells(row: _Bucket) -> tuple[str, ...]:
    """A row under BUCKET_HEADS; --json shows every figure to the byte, and the whole owner."""
    return (
        str(row["bucket"]), _access(row), str(row["pieces"]), short_size(row["bytes"]), str(row["names"]),
        str(row["stores"]), short_size(row["stored_bytes"]), str(row["reads"]), short_size(row["sent_bytes"]),
        short_size(row["acked_bytes"]), row["address"][:OWNER_CELLS],
    )  # fmt: skip


def _access(row: _Bucket) -> str:
    if row["authority"] is None or row["public"] is None:
        return "refused"
    return "public" if row["public"] else "private"


def _held(row: _Piece) -> str:
    shown = [
        one["vault"][:KEY_CELLS] + ("" if one["bucket"] is None else f"/{one['bucket']}") for one in row["references"]
    ]
    more = row["owners"] - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "")
