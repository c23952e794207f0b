"""What a handler works with: typed storage, events, the block it is in, and other calls to dispatch."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from edge_node.chain_light.codec import encode_value
from edge_node.chain_light.storage_key import storage_key, value_of
from edge_node.chain_light.values import Chosen, Value
from edge_node.devnet.runtime.form import Form
from edge_node.devnet.runtime.origin import Origin
from edge_node.devnet.runtime.refusals import CANNOT_LOOKUP, CORRUPTION, CallRefused, PalletRefusal
from edge_node.devnet.runtime.state import State
from edge_node.wire.scale import MalformedScale

# Whom an auth contract lets into a cluster, by the node's key: a stand-in for an ink! contract and its answer.
AuthContracts = Mapping[bytes, Callable[[bytes, bytes], bool]]


@dataclass(slots=True)
class Work:
    """One block being made. `contracts` answers (provider, node key) for the clusters that ask one."""

    form: Form
    state: State
    number: int
    contracts: AuthContracts = field(default_factory=dict)
    phase: Chosen = field(default_factory=lambda: Chosen("Initialization", None))
    events: list[bytes] = field(default_factory=list)
    code_changed: bool = False
    carry_out: "Callable[[Work, Origin, Any], None]" = lambda _work, _origin, _call: None

    def get(self, pallet: str, item: str, *keys: Any) -> Any:
        """The value there, decoded; its default, or None where absence is a value of its own."""
        found = self.form.item(pallet, item)
        return value_of(found, self.state.get(storage_key(found, *keys)))

    def put(self, pallet: str, item: str, *keys_and_value: Any) -> None:
        """Set a value: the keys, then the value."""
        found = self.form.item(pallet, item)
        *keys, value = keys_and_value
        self.state.put(storage_key(found, *keys), encode_value(found.registry, found.entry.value, value))

    def put_raw(self, pallet: str, item: str, value: bytes) -> None:
        """Set a single value that is encoded already."""
        self.state.put(storage_key(self.form.item(pallet, item)), value)

    def remove(self, pallet: str, item: str, *keys: Any) -> None:
        """Take a value away."""
        self.state.put(storage_key(self.form.item(pallet, item), *keys), None)

    def has(self, pallet: str, item: str, *keys: Any) -> bool:
        """Whether something is stored there."""
        return self.state.get(storage_key(self.form.item(pallet, item), *keys)) is not None

    def emit(self, pallet: str, event: str, value: Any = None) -> None:
        """Note an event: a dict of its fields, the value of its only positional one, a tuple of several."""
        record: dict[str, Value] = {"phase": self.phase, "event": Chosen(pallet, Chosen(event, value)), "topics": []}
        self.events.append(self.form.encode("frame_system::EventRecord", record))

    def lookup(self, address: Chosen) -> bytes:
        """The account an address names; CallRefused (CannotLookup) for the forms that want an index or another hash."""
        if address.name != "Id" or not isinstance(address.value, bytes):
            raise CallRefused(CANNOT_LOOKUP)
        return address.value

    @contextmanager
    def layer(self) -> Iterator[None]:
        """Changes and events inside are kept when it ends, and undone when it is left by an error."""
        noted, code_changed = len(self.events), self.code_changed
        self.state.begin()
        try:
            yield
        except BaseException:
            self.state.rollback()
            del self.events[noted:]
            self.code_changed = code_changed
            raise
        self.state.commit()

    def dispatch(self, origin: Origin, call: Chosen) -> CallRefused | None:
        """Carry out a call inside this one, whole or not at all; why it was refused, if it was.

        Root may have written what no pallet can read: that is the state's corruption, and the caller's to know.
        """
        try:
            with self.layer():
                self.carry_out(self, origin, call)
        except CallRefused as refused:
            return refused
        except MalformedScale:
            return CallRefused(CORRUPTION)
        return None

    def result_of(self, refused: CallRefused | None) -> Chosen:
        """A Result<(), DispatchError> for an event."""
        return Chosen("Ok", ()) if refused is None else Chosen("Err", self.form.error_value(refused))


def ensure(condition: bool, pallet: str, error: str) -> None:  # noqa: FBT001 (it reads as the sentence it is)
    """PalletRefusal unless `condition` holds."""
    if not condition:
        raise PalletRefusal(pallet, error)
