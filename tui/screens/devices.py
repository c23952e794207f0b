"""The devices: who may send, who did, and cutting one off."""

from __future__ import annotations

from typing import Any, ClassVar

from textual.binding import Binding, BindingType

from tui.details import describe_device
from tui.screens.listed import ListScreen, Tab
from tui.state import Topic
from tui.tables import DEVICE_COLUMNS

DEVICES = Tab(
    name="Devices",
    topic=Topic.DEVICES,
    listing=lambda state: state.devices,
    columns=DEVICE_COLUMNS,
    describe=describe_device,
    title_of=lambda row: row.name,
    id_of=lambda row: row.key,
    keys=("name", "key", "status", "role", "stream", "note", "refusal"),
    empty="No devices yet. Press n to enrol one.",
)


class DevicesScreen(ListScreen):
    """Enrolled keys with their state; every change is planned by the node and confirmed here."""

    NAME: ClassVar[str] = "devices"
    TITLE_TEXT: ClassVar[str] = "Devices"
    TOPICS: ClassVar[frozenset[Topic]] = frozenset({Topic.DEVICES})
    TABS: ClassVar[tuple[Tab, ...]] = (DEVICES,)
    LABELS: ClassVar[tuple[str, ...]] = (
        "list.describe", "devices.enrol", "devices.suspend", "devices.resume", "devices.revoke", "list.copy",
    )  # fmt: skip
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "enrol", "enrol", id="devices.enrol", tooltip="Enrol a new device."),
        Binding(
            "s", "change('suspend')", "suspend", id="devices.suspend", tooltip="Refuse the device until it is resumed."
        ),
        Binding("r", "change('resume')", "resume", id="devices.resume", tooltip="Let a suspended device send again."),
        Binding("x", "change('revoke')", "revoke", id="devices.revoke", tooltip="Refuse the device for good."),
    ]

    def action_enrol(self) -> None:
        """Ask for the new device's name and key."""
        self.node_app.enrol()

    def action_change(self, verb: str) -> None:
        """Plan a change of the device under the cursor."""
        row = self.table.row
        if row is None:
            self.node_app.say("No device is chosen.")
        else:
            self.node_app.order(f"device.{verb}", {"device": row.key})

    def log_filter(self, row: Any) -> str:
        """Log lines shorten keys to their first eight digits."""
        return str(row.key[:8])
