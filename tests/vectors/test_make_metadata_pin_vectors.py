"""The committed metadata pins are those their generator makes."""

import runpy
from pathlib import Path

MAKER = runpy.run_path(str(Path(__file__).parent / "make_metadata_pin_vectors.py"))


def test_the_vectors_are_what_the_generator_makes():
    """Nobody edited a vector by hand, and nobody changed the generator without its file."""
    assert MAKER["FILE"].read_text() == MAKER["render"](MAKER["content"]())
