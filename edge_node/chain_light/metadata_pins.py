"""All pins that hold, and the one question put to them: may this metadata be used? (docs/specs/metadata-pin.md)."""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Final, Protocol, TypeAlias

from edge_node.base.errors import EdgeNodeError
from edge_node.base.ids import Hash256
from edge_node.chain_light.metadata import Metadata
from edge_node.chain_light.metadata_bytes import metadata_hash, parse_metadata
from edge_node.chain_light.metadata_pin import OpenedPin, Runtime, open_metadata_pin
from edge_node.chain_light.metadata_pin_errors import MetadataNotPinned, PinConflicts, PinGoesBack, TooManyPins
from edge_node.chain_light.vouching import Signers, Standing, VouchKeys, standing_of

PINS_MAX: Final = 4_096  # of one network and of both signers; Polkadot has had some hundred runtimes in six years

_Place: TypeAlias = tuple[Runtime, Signers]


class PinStore(Protocol):
    """Where the documents are kept (chain_light/chain_db); its methods block."""

    def pins(self) -> tuple[list[bytes], list[str]]:
        """The documents, oldest first, and in words those that are damaged."""
        ...

    def add_pin(self, raw: bytes, instead_of: Sequence[bytes] = ()) -> None:
        """Keep a document in the place of others."""
        ...


class MetadataPins:
    """The newest word of each signers for each runtime; never changes, `after` makes another."""

    __slots__ = ("_by_place",)

    def __init__(self, by_place: Mapping[_Place, OpenedPin] = MappingProxyType({})) -> None:
        self._by_place = dict(by_place)

    def __len__(self) -> int:
        return len(self._by_place)

    def listed(self) -> tuple[OpenedPin, ...]:
        """All of them, by spec version and signers."""
        return tuple(
            sorted(self._by_place.values(), key=lambda one: (one.pin.runtime.spec_version, one.by, one.digest))
        )

    def seen(self, opened: OpenedPin) -> OpenedPin | None:
        """The word of the same signers for the same runtime, if there is one."""
        return self._by_place.get((opened.pin.runtime, opened.by))

    def after(self, opened: OpenedPin) -> "MetadataPins":
        """With one more; PinGoesBack, PinConflicts, TooManyPins. The same once more changes nothing."""
        seen = self.seen(opened)
        last = None if seen is None else (seen.pin.counter, seen.digest)
        standing = standing_of(opened.pin.counter, opened.digest, last)
        if standing is Standing.CONFLICT:
            raise PinConflicts(opened.pin.counter)
        if standing is Standing.BACK:
            raise PinGoesBack(opened.pin.counter, last[0] if last else 0)
        if seen is None and len(self) >= PINS_MAX:
            raise TooManyPins(PINS_MAX)
        return MetadataPins({**self._by_place, (opened.pin.runtime, opened.by): opened})

    def allow(self, runtime: Runtime, raw: bytes) -> Metadata:
        """The metadata in `raw`, if its hash is pinned for a runtime that was proved; MetadataNotPinned before a byte
        of it is read, then what parse_metadata raises. Offload it.
        """
        self.require(runtime, metadata_hash(raw))
        return parse_metadata(raw)

    def require(self, runtime: Runtime, found: Hash256) -> None:
        """MetadataNotPinned unless some signers' word names this hash, and none takes the runtime back."""
        if found not in self.hashes(runtime):
            raise MetadataNotPinned(runtime.spec_version, runtime.code, found, "what was said of it is another hash")

    def hashes(self, runtime: Runtime) -> frozenset[Hash256]:
        """What its metadata may be; MetadataNotPinned where nobody has said it, or it was taken back."""
        words = [one for by in Signers if (one := self._by_place.get((runtime, by)))]
        if not words or any(one.pin.revokes for one in words):
            why = "what was said of it is taken back" if words else "nobody has said what it is"
            raise MetadataNotPinned(runtime.spec_version, runtime.code, None, why)
        return frozenset(found for one in words for found in one.pin.metadata)


class KeptPins:
    """The pins of one network, in memory and in their store. `keys` judge anew at each start.

    Methods but `current` block; one caller at a time.
    """

    def __init__(self, store: PinStore, keys: VouchKeys, genesis: Hash256) -> None:
        self._store, self._keys, self._genesis = store, keys, genesis
        self.current = MetadataPins()
        self.passed_over: tuple[str, ...] = ()
        """In words, what is kept and not believed: damaged, or signed by keys that are trusted no longer."""

    def load(self) -> MetadataPins:
        """Judge all that is kept."""
        raws, damaged = self._store.pins()
        self.current, refused = pins_of(raws, self._keys, self._genesis)
        self.passed_over = (*damaged, *refused)
        return self.current

    def accept(self, raw: bytes, *, now_ms: int | None) -> OpenedPin:
        """Believe and keep one more document; what open_metadata_pin and MetadataPins.after raise, or the store."""
        opened = open_metadata_pin(raw, keys=self._keys, genesis=self._genesis, now_ms=now_ms)
        later, before = self.current.after(opened), self.current.seen(opened)
        self._store.add_pin(raw, [] if before is None or before.raw == raw else [before.raw])
        self.current = later
        return opened


def pins_of(raws: Iterable[bytes], keys: VouchKeys, genesis: Hash256) -> tuple[MetadataPins, list[str]]:
    """The pins of one network that hold, of documents in any order; and in words why others do not."""
    found, refused = list[OpenedPin](), list[str]()
    for raw in raws:
        try:
            opened = open_metadata_pin(raw, keys=keys, genesis=None, now_ms=None)
        except EdgeNodeError as why:
            refused.append(f"a pin is not believed: {why}")
            continue
        if opened.pin.runtime.genesis == genesis:
            found.append(opened)
    pins = MetadataPins()
    for opened in sorted(found, key=lambda one: one.pin.counter):
        try:
            pins = pins.after(opened)
        except EdgeNodeError as why:
            refused.append(f"a pin is not believed: {why}")
    return pins, refused
