"""The committed vectors are those their generator makes."""

import runpy
from pathlib import Path

MAKER = runpy.run_path(str(Path(__file__).parent / "make_trust_vectors.py"))


def test_the_vectors_are_what_the_generator_makes():
    """Nobody edited a vector by hand, and nobody changed the generator without its files."""
    for name, content in MAKER["files"]().items():
        assert (MAKER["FOLDER"] / name).read_text() == MAKER["render"](content), name
