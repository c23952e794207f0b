"""`edge-node chain checkpoint`: read, carry, make and sign the word that a light client begins from."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypedDict

from cyclopts import App, CycloptsError, Parameter

from edge_node.base.clock import SystemClock
from edge_node.base.limits import MIB
from edge_node.base.moments import moment_of
from edge_node.cli.exits import ExitCode
from edge_node.cli.operator import YesOption, ask_node, order_as, require_node
from edge_node.cli.options import ConfigOption, JsonOption
from edge_node.cli.words import say, say_aside, say_json

if TYPE_CHECKING:
    from edge_node.base.ids import Hash256, PublicKey
    from edge_node.chain_light.anchor import Anchor
    from edge_node.chain_light.checkpoint_payload import Checkpoint
    from edge_node.settings import Settings

app = App(name="checkpoint", help="Checkpoints: show, import, as texts for QR codes, draft, sign, merge.")

STANDARD_INPUT = "-"
FILE_MAX_BYTES = 64 * MIB  # of a full node's specification; what is signed is at most 256 KiB
DAYS = 14

FileArgument = Annotated[
    Path,
    Parameter(
        help="The signed document, or its QR texts; `-` reads standard input.",
        allow_leading_hyphen=True,
    ),
]
OutOption = Annotated[Path | None, Parameter(("--out", "-o"), help="Write here; default: standard output.")]


class _Row(TypedDict):
    genesis: str
    number: int
    hash: str
    set_id: int
    authorities: int
    signers: str
    counter: int


class _Imported(TypedDict):
    checkpoint: _Row
    state: str


@app.command
def show(file: FileArgument, *, json: JsonOption = False) -> int:
    """What a checkpoint says and whose signatures hold. No node is asked, and none has to believe it.

    The exit code is 1 when a signature does not hold, or its time is not now.
    """
    from edge_node.chain_light.checkpoint_payload import Checkpoint
    from edge_node.trust.documents import DocumentTag, document_message, split_document
    from edge_node.trust.keys import verify_signature
    from edge_node.wire.strict_json import parse_canonical

    payload, signatures = split_document(DocumentTag.CHECKPOINT, _document(file))
    value = parse_canonical(payload)
    checkpoint = Checkpoint.from_payload(value if isinstance(value, dict) else {})
    message = document_message(DocumentTag.CHECKPOINT, payload)
    held = {key: verify_signature(key, message, one) for key, one in signatures.items()}
    now_ms = SystemClock().now_ms()
    timely = checkpoint.issued_ms <= now_ms < checkpoint.expires_ms
    if json:
        say_json(_facts(checkpoint) | {"signatures": {key.hex(): good for key, good in held.items()}, "timely": timely})
    else:
        _show(checkpoint, held, timely=timely)
    return ExitCode.OK if timely and all(held.values()) else ExitCode.REFUSED


@app.command(name="import")
def import_checkpoint(
    files: Annotated[list[Path], Parameter(help="The document, or one or more files of its QR texts.", negative=())],
    *,
    yes: YesOption = False,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Let the running node believe a checkpoint; it shows what that changes, and asks."""
    document = _joined(files)
    running = require_node(_settings(config))
    imported = order_as(
        running, "chain.checkpoint", {"document": document.decode(errors="replace")}, _Imported, yes=yes
    )
    if json:
        say_json(imported)
        return
    row = imported["checkpoint"]
    say(f"block {row['number']} {row['hash']} is believed, as {row['signers']} number {row['counter']}")
    say(f"state {imported['state']}")


@app.command
def qr(file: FileArgument, *, json: JsonOption = False) -> None:
    """A checkpoint as texts for QR codes, one a line: of the alphanumeric set, at most 970 characters each."""
    from edge_node.chain_light.checkpoint_text import write_parts

    texts = write_parts(_document(file))
    if json:
        say_json(texts)
        return
    for text in texts:
        say(text)


@app.command(name="read-qr")
def read_qr(
    files: Annotated[list[Path], Parameter(help="Files of texts, in any order; `-` reads standard input.",
                                           allow_leading_hyphen=True, negative=())],
    *,
    out: OutOption = None,
) -> None:  # fmt: skip
    """Put the document together again from its QR texts; those that are missing are named."""
    from edge_node.chain_light.checkpoint_text import join_parts

    put_file(out, join_parts([read_file(file).decode("ascii", errors="replace") for file in files]))


@app.command
def draft(
    state: Annotated[
        Path | None,
        Parameter(help="Answer of `sync_state_genSyncSpec` of a full node of yours; without it the running node's."),
    ] = None,
    *,
    genesis: Annotated[str, Parameter(help="Hash of the first block; default: the network's in the settings.")] = "",
    days: Annotated[int, Parameter(help="How long it holds.")] = DAYS,
    counter: Annotated[int | None, Parameter(help="Higher than the last; default: the second of issue.")] = None,
    out: OutOption = None,
    config: ConfigOption = None,
) -> None:
    """What would be signed, for `checkpoint sign` on the machine where the cold key is.

    From the block that the running node proved final, or from what a full node of yours says of itself.
    """
    from edge_node.chain_light.checkpoint_draft import draft_checkpoint, encode_draft

    settings = _settings(config)
    first, anchor = _of_node(settings) if state is None else _of_state(settings, state, genesis)
    made = draft_checkpoint(first, anchor, issued_ms=SystemClock().now_ms(), days=days, counter=counter)
    put_file(out, encode_draft(made) + b"\n")
    say_aside(f"block {made.anchor.header.number} {made.anchor.hash.hex()}, good until {moment_of(made.expires_ms)}")


@app.command
def sign(
    file: Annotated[Path, Parameter(help="A draft, or a checkpoint that others have signed.")],
    *,
    key: Annotated[Path, Parameter(help="The cold key's file.")],
    out: OutOption = None,
) -> None:
    """Sign a draft, or beside others; what is signed is shown on standard error."""
    from edge_node.chain_light.checkpoint import merge_checkpoints, sign_checkpoint
    from edge_node.chain_light.checkpoint_draft import decode_draft
    from edge_node.chain_light.checkpoint_payload import Checkpoint
    from edge_node.trust.documents import DocumentTag, split_document
    from edge_node.trust.keystore import read_key_file
    from edge_node.wire.strict_json import parse_canonical

    raw = read_file(file)
    before = _signed_before(raw)
    if before is None:
        checkpoint = decode_draft(raw)
    else:
        value = parse_canonical(split_document(DocumentTag.CHECKPOINT, before)[0])
        checkpoint = Checkpoint.from_payload(value if isinstance(value, dict) else {})
    with read_key_file(key) as signing:
        signed = sign_checkpoint(checkpoint, [signing])
    put_file(out, signed if before is None else merge_checkpoints([before, signed]))
    for name, value in _facts(checkpoint).items():
        say_aside(f"{name:<12}{value}")


@app.command
def merge(files: Annotated[list[Path], Parameter(help="Documents of one payload.", negative=())], *,
          out: OutOption = None) -> None:  # fmt: skip
    """One document with the signatures of several that say the same."""
    from edge_node.chain_light.checkpoint import merge_checkpoints

    put_file(out, merge_checkpoints([_document(file) for file in files]))


def _facts(checkpoint: "Checkpoint") -> dict[str, Any]:
    anchor = checkpoint.anchor
    return {
        "genesis": checkpoint.genesis.hex(),
        "number": anchor.header.number,
        "hash": anchor.hash.hex(),
        "set_id": anchor.voters.id,
        "authorities": len(anchor.voters.authorities),
        "pending": [change.number for change in anchor.pending.changes],
        "issued_ms": checkpoint.issued_ms,
        "expires_ms": checkpoint.expires_ms,
        "counter": checkpoint.counter,
    }


def _show(checkpoint: "Checkpoint", held: "dict[PublicKey, bool]", *, timely: bool) -> None:
    facts = _facts(checkpoint)
    times = {name: moment_of(facts.pop(f"{name}_ms")) for name in ("issued", "expires")}
    for name, value in {**facts, **times, "holds now": "yes" if timely else "no"}.items():
        say(f"{name:<12}{value if value != [] else '-'}")
    for key, good in held.items():
        say(f"{'signed by' if good else 'NOT signed by':<12}{'' if good else ' '}{key.hex()}")


def _of_node(settings: "Settings") -> "tuple[Hash256, Anchor]":
    """What the running node proved, as its door gives it out."""
    from edge_node.chain_light.checkpoint_payload import Checkpoint
    from edge_node.client.control import read_as

    async def question(client: Any) -> Any:
        return await client.get("/v1/chain/anchor")

    told = read_as(ask_node(require_node(settings), question), dict[str, Any])
    # Read as a checkpoint is read, with times that a reader takes: the real ones are given where the draft is made.
    found = Checkpoint.from_payload({**told, "issued": 0, "expires": 1, "counter": 1})
    return found.genesis, found.anchor


def _of_state(settings: "Settings", state: Path, genesis: str) -> "tuple[Hash256, Anchor]":
    from edge_node.base.ids import Hash256
    from edge_node.chain_light.checkpoint_draft import read_sync_state

    anchor = read_sync_state(read_file(state))
    if genesis:
        return Hash256.parse(genesis.lower().removeprefix("0x")), anchor
    if settings.chain.network or settings.chain.spec_file:
        from edge_node.chain_light.network import load_network

        first = load_network(settings.chain).genesis
        if first is not None:
            return first, anchor
    raise CycloptsError(msg="Give --genesis: the settings name no network whose first block is known.")


def _document(file: Path) -> bytes:
    from edge_node.chain_light.checkpoint_text import document_of

    return document_of(read_file(file))


def _joined(files: Sequence[Path]) -> bytes:
    """The document in one file, or joined from the QR texts in several."""
    from edge_node.chain_light.checkpoint_text import join_parts

    if len(files) == 1:
        return _document(files[0])
    return join_parts([read_file(file).decode("ascii", errors="replace") for file in files])


def _signed_before(raw: bytes) -> bytes | None:
    """The document in `raw` if it is one already, or its texts; None for a draft."""
    from edge_node.chain_light.checkpoint_text import MARK, document_of

    is_document = b'"payloadType"' in raw or raw.lstrip()[: len(MARK)].upper() == MARK.encode()
    return document_of(raw) if is_document else None


def read_file(file: Path) -> bytes:
    """A file's content, or standard input's for `-`, up to a bound that is above all that is read here."""
    if str(file) == STANDARD_INPUT:
        return sys.stdin.buffer.read(FILE_MAX_BYTES + 1)
    with file.open("rb") as stream:
        return stream.read(FILE_MAX_BYTES + 1)


def put_file(out: Path | None, content: bytes) -> None:
    """Write to a new file, or text to standard output; FileExistsError where something is there."""
    if out is None:
        sys.stdout.write(content.decode() if content.endswith(b"\n") else content.decode() + "\n")
        return
    with out.open("xb") as stream:  # what is there already may be a key, or another checkpoint
        stream.write(content)


def _settings(config: Path | None) -> "Settings":
    from edge_node.settings import load

    return load(config, os.environ).settings
