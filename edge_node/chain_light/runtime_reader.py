"""The runtime of the newest final block, with metadata somebody who is believed has vouched for; or none at all.

Spec version and code are proved first, at one block; then metadata is asked for, and its hash compared with the pins.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from edge_node.base.errors import EdgeNodeError, RemoteError
from edge_node.base.ids import Hash256
from edge_node.base.offload import offload
from edge_node.chain_light import layouts
from edge_node.chain_light.layouts import RuntimeUpgrade, UnknownLayout
from edge_node.chain_light.metadata import Metadata
from edge_node.chain_light.metadata_bytes import metadata_hash, parse_metadata
from edge_node.chain_light.metadata_pin import Runtime
from edge_node.chain_light.metadata_pin_errors import MetadataNotPinned
from edge_node.chain_light.metadata_pins import MetadataPins
from edge_node.chain_light.proved import Proved
from edge_node.chain_light.proved_state import Mark
from edge_node.chain_light.shared_question import SharedQuestions
from edge_node.chain_light.source import Source
from edge_node.chain_light.source_errors import EndpointUnavailable, NoEndpoint
from edge_node.chain_light.storage_key import StorageItem, storage_key, value_of
from edge_node.chain_light.values import Value, ValueTooLarge
from edge_node.chain_light.view import View
from edge_node.wire.scale import MalformedScale


class Sources(Protocol):
    """Who can be asked (chain_light/endpoints)."""

    def sources(self) -> Sequence[Source]:
        """Those that can be asked now, the leader first."""
        ...

    def refused(self, source: Source, error: EdgeNodeError) -> None:
        """A question to `source` ended in `error`."""
        ...


class PinnedRuntime(NamedTuple):
    """A runtime that was proved, and the metadata that is pinned for it."""

    runtime: Runtime
    upgrade: RuntimeUpgrade
    metadata: Metadata
    hash: Hash256
    """Of the metadata's bytes."""


class RuntimeReader:
    """Reads the runtime as often as it is asked, and its metadata when that is another. `pins` gives those of now.

    The proof of the code holds all of it, a megabyte or two: later ones show by a few nodes that it is the same.
    """

    def __init__(self, view: View, endpoints: Sources, pins: Callable[[], MetadataPins], genesis: Hash256) -> None:
        self._view, self._endpoints, self._pins, self._genesis = view, endpoints, pins, genesis
        self._codes = SharedQuestions[Proved[tuple[RuntimeUpgrade, Hash256]]]()
        self._parses = SharedQuestions[tuple[Hash256, Metadata]]()
        self._last: Proved[tuple[RuntimeUpgrade, Hash256]] | None = None
        self._known: tuple[Mark, Hash256] | None = None
        self._parsed: tuple[Runtime, Hash256, Metadata] | None = None

    async def read(self) -> Proved[PinnedRuntime]:
        """The runtime of the newest final block; MetadataNotPinned, and whatever View.read raises."""
        proved = await self._prove()
        upgrade, code = proved.value
        runtime = Runtime(self._genesis, upgrade.spec_version, code)
        found, metadata = await self._metadata(runtime, proved.block)
        return proved.map(lambda _: PinnedRuntime(runtime, upgrade, metadata, found))

    async def read_item(self, pallet: str, item: str, *keys: Value) -> Proved[Value]:
        """A storage value by the names that the metadata has, at the block whose runtime was proved.

        NotInMetadata, ValueMisfit, UnknownLayout where the state holds another form, and what `read` raises.
        """
        known = await self.read()
        found = known.value.metadata.find_storage(pallet, item)
        key = storage_key(found, *keys)
        raw = await self._view.read_many([key], at=known)
        return raw.map(lambda values: _value_of(found, values[key]))

    async def _prove(self) -> Proved[tuple[RuntimeUpgrade, Hash256]]:
        """Spec version and code at one block."""
        upgrade = await self._view.runtime()
        last = self._last
        if last is not None and last.state_root == upgrade.state_root:
            return upgrade.map(lambda found: (found, last.value[1]))
        return await self._codes.ask(upgrade.block, lambda: self._prove_code(upgrade))

    async def _prove_code(self, upgrade: Proved[RuntimeUpgrade]) -> Proved[tuple[RuntimeUpgrade, Hash256]]:
        """The code's hash where the spec version was read: the code itself is asked for only when it may be another."""
        known = self._known
        if known is not None and (await self._view.is_unchanged(known[0], at=upgrade)).value:
            code = known[1]
        else:
            found = (await self._view.read_marked(layouts.CODE.key, at=upgrade)).value
            code = await offload(layouts.CODE.read, found.value)
            self._known = None if found.mark is None else (found.mark, code)
        self._last = upgrade.map(lambda version: (version, code))
        return self._last

    async def _metadata(self, runtime: Runtime, block: Hash256) -> tuple[Hash256, Metadata]:
        """What is pinned, as it was parsed before or as an endpoint has it."""
        wanted = self._pins().hashes(runtime)
        if self._parsed is not None and self._parsed[0] == runtime and self._parsed[1] in wanted:
            return self._parsed[1:]
        return await self._parses.ask((runtime, wanted), lambda: self._parse(runtime, block, wanted))

    async def _parse(self, runtime: Runtime, block: Hash256, wanted: frozenset[Hash256]) -> tuple[Hash256, Metadata]:
        found, raw = await self._fetch(runtime, block, wanted)
        metadata = await offload(parse_metadata, raw)
        self._parsed = (runtime, found, metadata)
        return found, metadata

    async def _fetch(self, runtime: Runtime, block: Hash256, wanted: frozenset[Hash256]) -> tuple[Hash256, bytes]:
        """Metadata with a hash that is wanted, from whoever has it.

        Another one is not held against its endpoint: it may be of a version of metadata that nobody has pinned.
        """
        other: MetadataNotPinned | None = None
        reasons: dict[str, str] = {}
        for source in self._endpoints.sources():
            try:
                raw = await source.metadata(block)
            except (EndpointUnavailable, RemoteError) as error:
                self._endpoints.refused(source, error)
                reasons[source.url] = str(error)
                continue
            found = Hash256(await offload(metadata_hash, raw))
            if found in wanted:
                return found, raw
            why = "what was said of it is another hash"
            other = MetadataNotPinned(runtime.spec_version, runtime.code, found, why)
        raise other or NoEndpoint(reasons)


def _value_of(item: StorageItem, raw: bytes | None) -> Value:
    try:
        return value_of(item, raw)
    except (MalformedScale, ValueTooLarge) as wrong:  # it was proved, so nobody sent it: the state has it so
        raise UnknownLayout(item.name, str(wrong)) from None
