"""The committed activity vectors are those their generator makes."""

import hashlib
import runpy
from pathlib import Path

MAKER = runpy.run_path(str(Path(__file__).parent / "make_activity_vectors.py"))


def test_the_vectors_are_what_the_generator_makes():
    """Nobody edited a vector by hand, and nobody changed the generator without its files."""
    for name, content in MAKER["files"]().items():
        assert (MAKER["FOLDER"] / name).read_text() == MAKER["render"](content), name


def test_the_leaves_are_those_of_the_first_release():
    """Eras hash them: a change here is a change of the format, which is frozen."""
    leaves = "".join(vector["leaf_hex"] for vector in MAKER["records"]())
    assert (
        hashlib.sha256(leaves.encode()).hexdigest()
        == "e91ead81e04af814ffc1f5375fc5b1aaf63b1400b3d097bced3eabbc85b675ed"
    )
