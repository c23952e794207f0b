"""`edge-node device`: a node's registry, through its control socket while it runs, under LOCK while it does not."""

import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal, TypedDict

from cyclopts import App, CycloptsError, Parameter

from edge_node.base.clock import SystemClock
from edge_node.base.ids import PublicKey, StreamName, VaultId
from edge_node.cli.operator import YesOption, ask_node, order_as, running_node
from edge_node.cli.options import ConfigOption, JsonOption
from edge_node.cli.words import complain, say, say_json, say_table
from edge_node.settings import Settings
from edge_node.trust.device import Device, DeviceAction, DeviceChange, Enrolment, Role, next_change
from edge_node.trust.device_export import DeviceValues
from edge_node.trust.devices import DeviceTable

app = App(name="device", help="Enrol, list, suspend, resume, revoke and export devices, whether the node runs or not.")

NameOrKey = Annotated[str, Parameter(help="The device's name or its public key in hex.")]
Note = Annotated[str, Parameter(help="Why; kept with the device.")]


@app.command
def enrol(
    name: Annotated[str, Parameter(help="A name for people, unique among devices in use.")],
    *,
    key: Annotated[str, Parameter(help="The device's public key in hex.")] = "",
    new_key: Annotated[Path | None, Parameter(help="Make a key for the device and write it to this file.")] = None,
    role: Annotated[tuple[Literal["device", "reader", "writer", "operator"], ...], Parameter(help="Repeatable.")] = (
        "device",
    ),
    stream: Annotated[tuple[str, ...], Parameter(help="Streams it may use, by prefix; none: all. Repeatable.")] = (),
    vault: Annotated[str, Parameter(help="The vault it belongs to; default: the node's own.")] = "",
    note: Note = "",
    yes: YesOption = False,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Let a key in."""
    settings, public = _settings(config), _public_key(key, new_key)
    try:
        if (running := running_node(settings)) is not None:
            given = {"name": name, "key": str(public), "roles": list(role), "streams": list(stream), "note": note}
            row = _order(running, "device.enrol", given | ({"vault": vault} if vault else {}), yes=yes)
        else:
            row = _row(_enrol_stopped(settings, public, name, role, stream, vault, note))
    except BaseException as error:
        if new_key is not None:
            _drop_unless_enrolled(new_key, error)
        raise
    _show(row, json=json)


def _enrol_stopped(
    settings: Settings,
    key: PublicKey,
    name: str,
    roles: Sequence[str],
    streams: Sequence[str],
    vault: str,
    note: str,
) -> Device:
    owner = VaultId.parse(vault) if vault else VaultId(_node_key(settings))

    def decide(_: DeviceTable) -> DeviceChange:
        return Enrolment(
            key=key,
            name=name,
            roles=frozenset(map(Role, roles)),
            vault=owner,
            t_ms=SystemClock().now_ms(),
            streams=tuple(map(StreamName, streams)),
            note=note,
        )

    return _change(settings, decide)


@app.command(name="list")
def list_devices(
    *, status: Literal["active", "suspended", "revoked"] | None = None, config: ConfigOption = None,
    json: JsonOption = False,
) -> None:  # fmt: skip
    """Every device."""
    devices = _list(config, status)
    if json:
        say_json(devices)
        return
    rows = [
        (d["name"], d["status"], "+".join(d["roles"]), " ".join(d["streams"]) or "(all)", d["key"]) for d in devices
    ]
    say_table(("name", "status", "roles", "streams", "key"), rows)


@app.command
def suspend(
    device: NameOrKey, *, note: Note = "", yes: YesOption = False, config: ConfigOption = None, json: JsonOption = False
) -> None:
    """Refuse a device until it is resumed."""
    _act(DeviceAction.SUSPEND, device, note, config, yes=yes, json=json)


@app.command
def resume(
    device: NameOrKey, *, note: Note = "", yes: YesOption = False, config: ConfigOption = None, json: JsonOption = False
) -> None:
    """Let a suspended device in again."""
    _act(DeviceAction.RESUME, device, note, config, yes=yes, json=json)


@app.command
def revoke(
    device: NameOrKey, *, note: Note = "", yes: YesOption = False, config: ConfigOption = None, json: JsonOption = False
) -> None:
    """Refuse a key for ever; its holder is enrolled again under a new key."""
    _act(DeviceAction.REVOKE, device, note, config, yes=yes, json=json)


@app.command
def export(*, form: Literal["json", "csv"] = "json", config: ConfigOption = None) -> None:
    """The whole registry for other programs; it holds no secrets."""
    from edge_node.trust.device_export import as_csv, as_json

    devices = _list(config, None)
    say(as_json(devices) if form == "json" else as_csv(devices).rstrip("\r\n"))


def _act(action: DeviceAction, wanted: str, note: str, config: Path | None, *, yes: bool, json: bool) -> None:
    from edge_node.offline import find_device

    def decide(table: DeviceTable) -> DeviceChange:
        return next_change(find_device(table, wanted), action, SystemClock().now_ms(), note)

    settings = _settings(config)
    if (running := running_node(settings)) is not None:
        row = _order(running, f"device.{action}", {"device": wanted, "note": note}, yes=yes)
    else:
        row = _row(_change(settings, decide))
    _show(row, json=json)


def _drop_unless_enrolled(new_key: Path, error: BaseException) -> None:
    """A key made a moment ago for an enrolment that was not to be; kept where the node may have made it durable."""
    from edge_node.client import AnswerNotUnderstood, NodeUnreachable

    if isinstance(error, NodeUnreachable | AnswerNotUnderstood):
        complain(f"{new_key} is kept: nobody knows whether its key was enrolled", "See `edge-node device list`.")
    else:
        new_key.unlink()


class _Changed(TypedDict):
    device: DeviceValues


def _order(running: Path, command: str, given: Mapping[str, Any], *, yes: bool) -> Mapping[str, Any]:
    return order_as(running, command, given, _Changed, yes=yes)["device"]


def _public_key(text: str, new_key: Path | None) -> PublicKey:
    from edge_node.trust.keys import SigningKey
    from edge_node.trust.keystore import write_key_file

    if bool(text) == (new_key is not None):
        raise CycloptsError(msg="Give either --key or --new-key.")
    if new_key is None:
        return PublicKey.parse(text)
    with SigningKey.generate(os.urandom) as key:
        write_key_file(new_key, key)
        return key.public


def _change(settings: Settings, decide: Callable[[DeviceTable], DeviceChange]) -> Device:
    from edge_node.offline import change_devices

    return change_devices(settings, SystemClock(), os.urandom, decide)


def _list(config: Path | None, status: str | None) -> list[DeviceValues]:
    from edge_node.offline import query_registry
    from edge_node.trust.device_export import list_devices

    settings = _settings(config)
    if (running := running_node(settings)) is not None:
        return _list_running(running, status)
    return query_registry(settings, SystemClock(), os.urandom, partial(list_devices, status=status))


def _list_running(path: Path, status: str | None) -> list[DeviceValues]:
    from edge_node.client.control import read_as

    query = {"status": status} if status else {}

    async def ask(client: Any) -> list[dict[str, Any]]:
        return [row async for page in client.iterate("/v1/devices", "devices", query) for row in page]

    rows = [read_as(row, DeviceValues) for row in ask_node(path, ask)]
    return sorted(rows, key=lambda row: (row["name"], row["key"]))  # the order they have in the registry's file


def _settings(config: Path | None) -> Settings:
    from edge_node.settings import load

    return load(config, os.environ).settings


def _node_key(settings: Settings) -> PublicKey:
    from edge_node.identity import load_public_key
    from edge_node.paths import Paths

    return load_public_key(settings.node, Paths(Path(settings.node.data_dir)), os.environ)


def _row(device: Device) -> dict[str, Any]:
    return {
        "name": device.name,
        "key": str(device.key),
        "status": str(device.status),
        "roles": sorted(device.roles),
        "streams": list(device.streams),
        "vault": str(device.vault),
    }


def _show(row: Mapping[str, Any], *, json: bool) -> None:
    facts = {name: row[name] for name in ("name", "key", "status", "roles", "streams", "vault")}
    if json:
        say_json(facts)
        return
    for name, value in facts.items():
        say(f"{name:<9}{value if isinstance(value, str) else ' '.join(value) or '(all)'}")
