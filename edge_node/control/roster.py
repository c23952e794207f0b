"""The device registry in the order it is shown in, searched and changed: one list kept sorted, whatever its length."""

from bisect import bisect_right, insort
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress

from edge_node.base.ids import MalformedId, PublicKey
from edge_node.control.errors import NoSuchDevice
from edge_node.trust.device import Device, DeviceChange, DeviceStatus
from edge_node.trust.device_rules import name_key
from edge_node.trust.devices import DeviceTable

Entry = tuple[str, PublicKey]


class Roster:
    """Stands over the node's DeviceTable. Changes go through `apply`; `page` may be called in any thread."""

    def __init__(self, table: DeviceTable) -> None:
        self.table = table
        self._entries: list[Entry] = []
        self._counts: Counter[DeviceStatus] = Counter()
        self._read_at = -1
        self._follow()

    def apply(self, change: DeviceChange) -> Device:
        """Do a change that is durable; in force with the next request. DeviceError as DeviceTable has it."""
        self._follow()
        former = self.table.get(change.key)
        device = self.table.apply(change)
        if former is None:
            entries = list(self._entries)  # a page that is being cut in a thread keeps the list it began with
            insort(entries, (name_key(device.name), device.key))
            self._entries = entries
        else:
            self._counts[former.status] -= 1
        self._counts[device.status] += 1
        self._read_at = self.table.generation
        return device

    @property
    def counts(self) -> Mapping[DeviceStatus, int]:
        """Devices by status."""
        self._follow()
        return self._counts

    def __len__(self) -> int:
        return len(self._entries)

    def find(self, wanted: str) -> Device:
        """The device of that name, or with that key in hex; NoSuchDevice."""
        if (named := self.table.named(wanted)) is not None:
            return named
        with suppress(MalformedId):
            if (device := self.table.get(PublicKey.parse(wanted))) is not None:
                return device
        raise NoSuchDevice(wanted)

    def page(self, after: PublicKey | None, status: DeviceStatus | None, part: str, limit: int) -> Sequence[Device]:
        """Devices by name beyond the one with the key `after`; `part`: in the name, or the beginning of the key."""
        entries, folded = self._entries, name_key(part)
        start = 0
        if after is not None and (last := self.table.get(after)) is not None:
            start = bisect_right(entries, (name_key(last.name), last.key))
        found: list[Device] = []
        for at in range(start, len(entries)):
            folded_name, key = entries[at]
            device = self.table.get(key)
            if device is None or (status is not None and device.status is not status):
                continue
            if part and folded not in folded_name and not key.hex().startswith(part):
                continue
            found.append(device)
            if len(found) == limit:
                break
        return found

    def _follow(self) -> None:
        if self._read_at == self.table.generation:
            return
        devices = self.table.list()
        self._entries = sorted((name_key(device.name), device.key) for device in devices)
        self._counts = Counter(device.status for device in devices)
        self._read_at = self.table.generation
