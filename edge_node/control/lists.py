"""Streams, callers and settings, page by page, and the rows that the live feed repeats."""

from collections.abc import Sequence
from typing import Any

from edge_node.base.ids import MalformedId, PublicKey, StreamName, VaultId
from edge_node.base.offload import CPU, offload
from edge_node.control.errors import BadParameter
from edge_node.control.house import House
from edge_node.control.paging import Parameters, cut_page, read_choice, read_limit, read_text, read_vault
from edge_node.control.views import device_row, revocation_row, setting_rows, stream_row
from edge_node.settings import Loaded
from edge_node.store.listing import find_streams, page_streams
from edge_node.store.streams.rows import StreamRow
from edge_node.trust.device import Device, DeviceStatus
from edge_node.trust.token_revocations import RevokedBy, TokenRevocation

Page = dict[str, Any]
SEARCH_HERE_MAX = 5_000  # devices looked through on the loop; more go to a thread, for they take milliseconds


class Lists:
    """Reads from the rooms; every method answers plain values."""

    def __init__(self, house: House) -> None:
        self._house = house

    async def streams(self, query: Parameters) -> Page:
        """GET /v1/streams."""
        house, limit = self._house, read_limit(query)
        vault = read_vault(query) or house.vault
        after, part = read_text(query, "after"), read_text(query, "filter")
        found = await house.journal.query(page_streams, vault, after, part, limit + 1)
        rows, following = cut_page(found, limit, lambda row: row.stream)
        return {"vault": vault.hex(), "streams": self._stream_rows(vault, rows), "next": following}

    async def streams_named(self, names: Sequence[StreamName]) -> list[Page]:
        """Rows of some streams of the node's own vault."""
        found = await self._house.journal.query(find_streams, self._house.vault, names)
        return self._stream_rows(self._house.vault, found)

    def _stream_rows(self, vault: VaultId, rows: Sequence[StreamRow]) -> list[Page]:
        house = self._house
        counted = None if house.subscribers is None else house.subscribers()
        return [
            stream_row(
                row,
                vault,
                house.ingest.traffic,
                None if counted is None else counted.get((vault, StreamName(row.stream)), 0),
                None if house.retention is None else house.retention(vault, StreamName(row.stream)),
            )
            for row in rows
        ]

    async def devices(self, query: Parameters) -> Page:
        """GET /v1/devices."""
        roster, limit = self._house.roster, read_limit(query)
        after = query.get("after")
        try:
            beyond = None if after is None else PublicKey.parse(after)
        except MalformedId as refusal:
            raise BadParameter("after", "wants the `next` of the page before") from refusal
        chosen = read_choice(query, "status", tuple(DeviceStatus))
        status = None if chosen is None else DeviceStatus(chosen)
        ask = beyond, status, read_text(query, "filter"), limit + 1
        if len(roster) > SEARCH_HERE_MAX:
            found = await offload(roster.page, *ask, limiter=CPU)
        else:
            found = roster.page(*ask)
        rows, following = cut_page(found, limit, lambda device: device.key.hex())
        return {"devices": [self.device_row(device) for device in rows], "next": following}

    def device(self, wanted: str) -> Page:
        """GET /v1/devices/{key}; NoSuchDevice."""
        return {"device": self.device_row(self._house.roster.find(wanted))}

    def devices_known(self, keys: Sequence[PublicKey]) -> list[Page]:
        """Rows of some devices; keys that nobody enrolled are left out."""
        found = [self._house.roster.table.get(key) for key in keys]
        return [self.device_row(device) for device in found if device is not None]

    def device_row(self, device: Device) -> Page:
        """One device."""
        return device_row(device, self._house.ingest.traffic, self._house.bytes_today(device))

    def revocations(self, query: Parameters) -> Page:
        """GET /v1/revocations."""
        limit, after = read_limit(query), read_text(query, "after")
        kind = read_choice(query, "kind", tuple(RevokedBy))
        chosen = [one for one in self._house.revocations.list() if kind in {None, one.by} and _place_of(one) > after]
        rows, following = cut_page(chosen[: limit + 1], limit, _place_of)
        return {"revocations": [revocation_row(one) for one in rows], "next": following}

    def settings(self) -> Page:
        """GET /v1/settings."""
        desk = self._house.settings
        rows = setting_rows(Loaded(desk.running, desk.sources, desk.file), desk.pending)
        return {"file": desk.file, "applied_ms": desk.applied_ms, "settings": rows}


def _place_of(revocation: TokenRevocation) -> str:
    return f"{revocation.by}/{revocation.subject.hex()}"
