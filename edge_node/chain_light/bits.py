"""Sequences of bits: a compact count, then words that hold them, their first bit lowest or highest (Lsb0, Msb0)."""

from edge_node.chain_light.shapes import INTEGERS
from edge_node.chain_light.types import BitSequence, Primitive, Registry
from edge_node.chain_light.values import NoValueForm
from edge_node.wire.scale import MalformedScale, Scale, compact


def read_bits(registry: Registry, definition: BitSequence, scale: Scale) -> str:
    """The bits as text of 0 and 1, first one first; MalformedScale when the padding after the last one is not zero."""
    size, lowest_first = _form(registry, definition)
    start = scale.at
    count = scale.compact()
    if count > 8 * scale.left:
        raise MalformedScale(f"says {count} bits, {scale.left} bytes are left", start)
    words = -(-count // (8 * size))
    text = "".join(_word_text(scale.take(size), lowest_first=lowest_first) for _ in range(words))
    if "1" in text[count:]:
        raise MalformedScale("bits are set after the last one", start)
    return text[:count]


def write_bits(registry: Registry, definition: BitSequence, bits: str) -> bytes:
    """The other way; `bits` holds only 0 and 1."""
    size, lowest_first = _form(registry, definition)
    out = bytearray(compact(len(bits)))
    for start in range(0, len(bits), 8 * size):
        word = bits[start : start + 8 * size].ljust(8 * size, "0")
        out += int(word[::-1] if lowest_first else word, 2).to_bytes(size, "little")
    return bytes(out)


def _word_text(word: bytes, *, lowest_first: bool) -> str:
    text = f"{int.from_bytes(word, 'little'):0{8 * len(word)}b}"
    return text[::-1] if lowest_first else text


def _form(registry: Registry, definition: BitSequence) -> tuple[int, bool]:
    """How many bytes a word has, and whether its lowest bit is the first."""
    store = registry[definition.store].definition
    order = registry[definition.order].path[-1:]
    if (
        not isinstance(store, Primitive)
        or INTEGERS.get(store.kind, (0, True))[1]
        or order not in {("Lsb0",), ("Msb0",)}
    ):
        raise NoValueForm("a sequence of bits", "its words or their order are unknown")
    return INTEGERS[store.kind][0], order == ("Lsb0",)
