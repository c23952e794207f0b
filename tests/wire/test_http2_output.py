"""wire.http2_output: what is put in comes out, joined where it is small and untouched where it is large."""

from edge_node.wire.http2_output import Output, Parts


def test_small_parts_are_joined_and_large_ones_pass():
    """About the size that is asked for, or one larger part as it is."""
    out, large = Output(), bytes(100_000)
    out.put(b"head")
    out.put_parts(b"frame", [b"a", b"b"], 2)
    out.put_parts(b"frame", [large], len(large))
    assert out.size == 4 + 7 + 5 + 100_000
    assert out.take(10_000) == b"headframeabframe"
    assert out.take(10_000) is large
    assert (out.take(10_000), out.size) == (b"", 0)


def test_it_can_be_cleared():
    """Nothing is left."""
    out = Output()
    out.put(b"head")
    out.clear()
    assert (out.take(1), out.size) == (b"", 0)


def test_parts_are_taken_without_copies():
    """Any sizes, over empty parts, and large ones as views."""
    large = bytes(100_000)
    parts = Parts([b"abc", b"", large, b"xyz"])
    assert parts.take(2) == [b"ab"]
    taken = parts.take(50_001)
    assert [len(part) for part in taken] == [1, 50_000]
    assert isinstance(taken[1], memoryview)
    assert b"".join(parts.take(50_003)) == bytes(50_000) + b"xyz"
