"""device.enrol, device.suspend, device.resume, device.revoke: through the log, in force with the next request."""

from collections.abc import Callable
from typing import TypeVar

import trio

from edge_node.base.errors import Refusal
from edge_node.base.ids import PublicKey, StreamName, VaultId, shorten
from edge_node.control.arguments import DeviceArguments, EnrolArguments, as_object
from edge_node.control.commands import Draft, Outcome
from edge_node.control.errors import ArgumentsMalformed
from edge_node.control.house import House
from edge_node.control.views import device_row
from edge_node.trust.device import Device, DeviceAction, DeviceChange, Enrolment, Role, next_change

Value = TypeVar("Value")

_ABOUT = {
    DeviceAction.SUSPEND: "Refuse a device until it is resumed.",
    DeviceAction.RESUME: "Let a suspended device in again.",
    DeviceAction.REVOKE: "Refuse a key for ever; its holder is enrolled again under a new key.",
}
_CONSEQUENCES = {
    DeviceAction.SUSPEND: (
        "Its requests are refused with 403 device-suspended, from the next one on, until it is resumed.",
        "What it stored stays.",
    ),
    DeviceAction.RESUME: ("It may again do what it was enrolled for, from its next request on.",),
    DeviceAction.REVOKE: (
        "Its requests are refused with 403 device-revoked, from the next one on.",
        "This cannot be undone: the key stays refused, and the holder is enrolled again under a new one.",
        "What it stored stays.",
    ),
}


class DeviceChanges:
    """What the four commands share: the registry, and how a change becomes durable."""

    def __init__(self, house: House) -> None:
        self._house = house

    async def make(self, change: DeviceChange) -> Outcome:
        """Write the change to the log, put it in force, and answer the device as it is now."""
        house = self._house
        house.roster.table.outcome(change)  # asked before it is written: the log holds no change that may not happen
        # Shielded: a change on its way to the disk must be in force in memory when it is there, whoever still waits.
        with trio.CancelScope(shield=True):
            await house.write_change(change)
            device = house.roster.apply(change)
        house.ingest.traffic.changed_devices.add(device.key)  # at most the devices there are
        return Outcome({"device": self.row(device)})

    def row(self, device: Device) -> dict[str, object]:
        """The device as /v1/devices shows it."""
        house = self._house
        return device_row(device, house.ingest.traffic, house.bytes_today(device))


class EnrolDevice:
    """Let a key in."""

    name, about, danger = "device.enrol", "Let a key in.", True
    arguments = EnrolArguments

    def __init__(self, house: House) -> None:
        self._house, self._changes = house, DeviceChanges(house)

    def unavailable(self) -> str:
        """See Command."""
        return ""

    async def plan(self, arguments: EnrolArguments) -> Draft:
        """See Command; a DeviceError when the registry would not have it."""
        change = self._change(arguments)
        device = self._house.roster.table.outcome(change)
        operator = Role.OPERATOR in device.roles
        where = "all streams" if not device.streams else "the streams " + ", ".join(device.streams)
        consequences = [f"It may act as {' and '.join(sorted(device.roles))} on {where} of vault {device.vault}."]
        if operator:
            consequences.append("An operator may do everything in that vault, deleting included.")
        return Draft(
            summary=f"Enrol device {device.name} ({shorten(device.key)}).",
            consequences=consequences,
            danger=operator,
            confirm=device.name if operator else None,
            subject=device.key.hex(),
            facts={"key": "not enrolled", "name": "free"},
            arguments={**as_object(arguments), "vault": device.vault.hex()},
        )

    async def execute(self, arguments: EnrolArguments) -> Outcome:
        """See Command."""
        return await self._changes.make(self._change(arguments))

    def _change(self, given: EnrolArguments) -> Enrolment:
        house = self._house
        return Enrolment(
            key=_read("key", PublicKey.parse, given.key),
            name=given.name,
            roles=frozenset(map(Role, given.roles)),
            vault=house.vault if given.vault is None else _read("vault", VaultId.parse, given.vault),
            t_ms=house.now_ms,
            streams=tuple(_read("streams", StreamName, stream) for stream in given.streams),
            note=given.note,
            late_max_s=given.late_max_s,
            bytes_per_day_max=given.bytes_per_day_max,
        )


def _read(argument: str, read: Callable[[str], Value], text: str) -> Value:
    try:
        return read(text)
    except Refusal as refusal:
        raise ArgumentsMalformed(argument, str(refusal)) from refusal


class ActOnDevice:
    """Suspend, resume or revoke."""

    arguments = DeviceArguments

    def __init__(self, house: House, action: DeviceAction) -> None:
        self._house, self._action, self._changes = house, action, DeviceChanges(house)
        self.name, self.about = f"device.{action}", _ABOUT[action]
        self.danger = action is not DeviceAction.RESUME

    def unavailable(self) -> str:
        """See Command."""
        return ""

    async def plan(self, arguments: DeviceArguments) -> Draft:
        """See Command; a DeviceError when the device's status does not allow it."""
        house = self._house
        device = house.roster.find(arguments.device)
        house.roster.table.outcome(next_change(device, self._action, house.now_ms, arguments.note))
        return Draft(
            summary=f"{self._action.capitalize()} device {device.name} ({shorten(device.key)}).",
            consequences=_CONSEQUENCES[self._action],
            danger=self.danger,
            confirm=device.name if self.danger else None,
            subject=device.key.hex(),
            facts={"device": device.name, "status": str(device.status), "revision": device.revision},
            arguments={"device": device.key.hex(), "note": arguments.note},
        )

    async def execute(self, arguments: DeviceArguments) -> Outcome:
        """See Command."""
        house = self._house
        device = house.roster.find(arguments.device)
        return await self._changes.make(next_change(device, self._action, house.now_ms, arguments.note))
