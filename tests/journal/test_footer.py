"""The footer of a sealed segment as bytes."""

from hypothesis import given
from hypothesis import strategies as st

from edge_node.journal.footer import FOOTER_MAX_BYTES, HOLES_MAX, Cause, Footer, Hole, decode_footer, encode_footer

U64 = st.integers(0, 2**64 - 1)
HOLES = st.lists(st.builds(Hole, U64, U64, st.sampled_from(Cause)), max_size=5).map(tuple)
FOOTERS = st.builds(Footer, st.just(1), U64, st.binary(min_size=16, max_size=16), U64, U64, U64, HOLES)


@given(footer=FOOTERS)
def test_a_footer_comes_back(footer: Footer) -> None:
    """Every field, and every hole with its cause."""
    assert decode_footer(encode_footer(footer)) == footer


@given(footer=FOOTERS, at=st.integers(0, 10**6), flip=st.integers(1, 255))
def test_a_footer_with_any_byte_changed_is_refused(footer: Footer, at: int, flip: int) -> None:
    """The digest covers every byte."""
    raw = bytearray(encode_footer(footer))
    raw[at % len(raw)] ^= flip
    assert decode_footer(bytes(raw)) is None


@given(footer=FOOTERS, cut=st.integers(1, 200))
def test_a_cut_footer_is_refused(footer: Footer, cut: int) -> None:
    """A write that did not finish leaves no footer."""
    assert decode_footer(encode_footer(footer)[:-cut]) is None


def test_holes_beyond_the_bound_are_left_out() -> None:
    """A segment that is all holes still has a footer of bounded size."""
    holes = tuple(Hole(number, 8, Cause.ROT) for number in range(HOLES_MAX + 1))
    raw = encode_footer(Footer(1, 1, bytes(16), 64, 0, 0, holes))
    assert len(raw) == FOOTER_MAX_BYTES
    decoded = decode_footer(raw)
    assert decoded is not None
    assert len(decoded.holes) == HOLES_MAX
