"""The cursor over metadata: each bound at its limit and one beyond."""

import pytest

from edge_node.chain_light.metadata_scale import (
    DOC_BYTES_MAX,
    ELEMENTS_MAX,
    METADATA_BYTES_MAX,
    NAME_BYTES_MAX,
    MetadataScale,
    MetadataTooLarge,
    write_maybe_id,
    write_text,
    write_texts,
)
from edge_node.wire.scale import MalformedScale, compact


def test_the_whole_is_bounded():
    """As many bytes as this and no more: refused before one is read."""
    MetadataScale(bytes(METADATA_BYTES_MAX))
    with pytest.raises(MetadataTooLarge, match="bytes"):
        MetadataScale(bytes(METADATA_BYTES_MAX + 1))


def test_elements_of_all_lists_are_counted_together():
    """Two lists of half the number each are fine, one element more is not."""
    half = compact(ELEMENTS_MAX // 2)
    scale = MetadataScale(half + half + b"\4" + bytes(ELEMENTS_MAX))
    assert len(scale.many(1)) + len(scale.many(1)) == ELEMENTS_MAX
    with pytest.raises(MetadataTooLarge, match="elements"):
        scale.many(1)


@pytest.mark.parametrize(("read", "most"), [("name", NAME_BYTES_MAX), ("docs", DOC_BYTES_MAX)])
def test_texts_are_bounded(read, most):
    """A name and a line of documentation have a longest."""
    for size, fits in ((most, True), (most + 1, False)):
        scale = MetadataScale((b"" if read == "name" else b"\4") + write_text("n" * size))
        if fits:
            assert getattr(scale, read)() in ("n" * size, ("n" * size,))
        else:
            with pytest.raises(MalformedScale):
                getattr(scale, read)()


def test_forms_come_back():
    """Texts and ids as they are written; what is not there is None."""
    scale = MetadataScale(write_texts(("a", "é")) + write_maybe_id(None) + write_maybe_id(300) + compact(5))
    assert (scale.names(), scale.maybe_id(), scale.maybe_id(), scale.id()) == (("a", "é"), None, 300, 5)
    scale.end()
