"""The chain's state while a block is made: a trie below, and layers of changes that are kept or dropped whole."""

from edge_node.base.errors import LocalError
from edge_node.chain_light.trie_build import Trie
from edge_node.devnet.errors import DevnetError


class NoOpenLayer(DevnetError, LocalError):
    """A layer was to be closed, or the state settled, with another number of layers open than that wants."""

    slug = "no-open-layer"


class State:
    """Keys and values over a settled trie; what is written goes to the uppermost layer."""

    __slots__ = ("_layers", "_trie")

    def __init__(self, trie: Trie) -> None:
        self._trie = trie
        self._layers: list[dict[bytes, bytes | None]] = [{}]

    def get(self, key: bytes) -> bytes | None:
        """The value at `key` as of now."""
        for layer in reversed(self._layers):
            if key in layer:
                return layer[key]
        return self._trie.get(key)

    def put(self, key: bytes, value: bytes | None) -> None:
        """Set a value; None takes it away."""
        self._layers[-1][key] = value

    def begin(self) -> None:
        """Open a layer: what is written from now on is kept by `commit` or dropped by `rollback`."""
        self._layers.append({})

    def commit(self) -> None:
        """Close the uppermost layer into the one below; NoOpenLayer without one."""
        top = self._close()
        self._layers[-1].update(top)

    def rollback(self) -> None:
        """Close the uppermost layer and forget it; NoOpenLayer without one."""
        self._close()

    def settle(self) -> Trie:
        """The trie with all changes in it, which this state then stands on; NoOpenLayer while a layer is open."""
        if len(self._layers) != 1:
            raise NoOpenLayer(f"{len(self._layers) - 1} layers are open, the state settles with none")
        self._trie = self._trie.updated(self._layers[0])
        self._layers = [{}]
        return self._trie

    def _close(self) -> dict[bytes, bytes | None]:
        if len(self._layers) == 1:
            raise NoOpenLayer("no layer is open")
        return self._layers.pop()
