"""`edge-node chain metadata`: the signed words for what a runtime's metadata is, made, believed and listed."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypedDict

from cyclopts import App, CycloptsError, Parameter

from edge_node.base.clock import SystemClock
from edge_node.base.moments import moment_of
from edge_node.cli.checkpoint import OutOption, put_file, read_file
from edge_node.cli.operator import YesOption, ask_node, order_as, require_node
from edge_node.cli.options import ConfigOption, JsonOption
from edge_node.cli.words import say, say_aside, say_json, say_table

if TYPE_CHECKING:
    from edge_node.settings import Settings

app = App(name="metadata", help="What runtimes' metadata is, as somebody vouches: list, pin, make.")

SHOWN_DIGITS = 16  # of a hash in a table; --json shows all of it
_HEX_FILE = b"0x"


class _Pin(TypedDict):
    spec_version: int
    code: str
    metadata: list[str]
    signers: str
    counter: int
    issued_ms: int
    digest: str


class _Pinned(TypedDict):
    pin: _Pin


@app.command(name="list")
def list_pins(*, config: ConfigOption = None, json: JsonOption = False) -> None:
    """The words that the running node believes, by spec version."""
    from edge_node.client.control import read_as

    async def question(client: Any) -> Any:
        return await client.get("/v1/chain/pins")

    told = read_as(ask_node(require_node(_settings(config)), question), dict[str, list[_Pin]])
    if json:
        say_json(told["pins"])
        return
    say_table(("version", "code", "metadata", "by", "number", "issued"), [_cells(pin) for pin in told["pins"]])


@app.command
def pin(
    file: Annotated[Path, Parameter(help="The signed document.")],
    *,
    yes: YesOption = False,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Let the running node believe a signed word for a runtime's metadata; it shows what that is, and asks."""
    document = read_file(file).decode(errors="replace")
    pinned = order_as(require_node(_settings(config)), "chain.pin", {"document": document}, _Pinned, yes=yes)
    if json:
        say_json(pinned)
        return
    row = pinned["pin"]
    said = "is pinned" if row["metadata"] else "is taken back"
    say(f"the metadata of runtime {row['spec_version']} {said}, by {row['signers']} number {row['counter']}")


@app.command
def make(
    *,
    key: Annotated[Path, Parameter(help="The cold key's file.")],
    version: Annotated[int, Parameter(help="The runtime's spec version.")],
    code: Annotated[Path, Parameter(help="A file with the state's `:code`, as bytes or as 0x and hex.")],
    metadata: Annotated[
        list[Path] | None,
        Parameter(help="Files with the metadata in each version wanted, likewise; none: take back.", negative=()),
    ] = None,
    genesis: Annotated[str, Parameter(help="Hash of the first block; default: the network's in the settings.")] = "",
    counter: Annotated[int | None, Parameter(help="Higher than the last; default: the second of issue.")] = None,
    out: OutOption = None,
    config: ConfigOption = None,
) -> None:
    """Sign a word for a runtime's metadata, of what a node of your own answered.

    Compare the hashes, which are shown on standard error, with those of a second node.
    """
    from edge_node.base.digests import blake2b_256
    from edge_node.base.ids import Hash256
    from edge_node.chain_light.metadata_bytes import metadata_hash
    from edge_node.chain_light.metadata_pin import MetadataPin, Runtime, sign_metadata_pin
    from edge_node.trust.keystore import read_key_file

    now_ms = SystemClock().now_ms()
    first = _genesis(_settings(config), genesis)
    found = MetadataPin(
        runtime=Runtime(first, version, Hash256(blake2b_256(_content(code)))),
        metadata=tuple(sorted({metadata_hash(_content(one)) for one in metadata or []})),
        issued_ms=now_ms,
        counter=now_ms // 1_000 if counter is None else counter,
    )
    with read_key_file(key) as signing:
        put_file(out, sign_metadata_pin(found, [signing]))
    for name, value in found.to_payload().items():
        say_aside(f"{name:<14}{value}")


def _content(file: Path) -> bytes:
    """A file's bytes, or what its hex stands for: a JSON-RPC call's result, with quotes or without."""
    raw = read_file(file)
    text = raw.strip().strip(b'"')
    if not text.startswith(_HEX_FILE):
        return raw
    try:
        return bytes.fromhex(text[2:].decode("ascii"))
    except ValueError:
        raise CycloptsError(msg=f"{file} begins as hex and is none.") from None


def _genesis(settings: "Settings", given: str) -> Any:
    from edge_node.base.ids import Hash256
    from edge_node.chain_light.network import load_network

    if given:
        return Hash256.parse(given.lower().removeprefix("0x"))
    chain = settings.chain
    found = load_network(chain).genesis if chain.network or chain.spec_file else None
    if found is None:
        raise CycloptsError(msg="Give --genesis: the settings name no network whose first block is known.")
    return found


def _cells(row: _Pin) -> tuple[str, ...]:
    hashes = ", ".join(one[:SHOWN_DIGITS] for one in row["metadata"]) or "taken back"
    code, counter = row["code"][:SHOWN_DIGITS], str(row["counter"])
    return str(row["spec_version"]), code, hashes, row["signers"], counter, moment_of(row["issued_ms"])


def _settings(config: Path | None) -> "Settings":
    from edge_node.settings import load

    return load(config, os.environ).settings
