"""Who asked."""

import pytest

from edge_node.base.refusals import Asker
from edge_node.serving.askers import asker_of, claimed_key
from edge_node.wire.http1_fields import Fields

KEY = "ab" * 32


@pytest.mark.parametrize("name", ["edge-signature", "edge-request"])
def test_the_claimed_key_is_shortened(name: str) -> None:
    """The eight digits that recognise a key, wherever it stands in the header."""
    assert claimed_key(Fields({name: f"key={KEY}, seq=1".encode()})) == "abababab…"
    assert claimed_key(Fields({name: f"seq=1,key={KEY}".encode()})) == "abababab…"


@pytest.mark.parametrize("text", ["", "key=", f"key={KEY}0", f"monkey={KEY}", f"key={KEY.upper()}", "key=\x1b[31m"])
def test_what_is_no_key_is_not_repeated(text: str) -> None:
    """Nothing a peer made up gets into the operator's list."""
    assert claimed_key(Fields({"edge-signature": text.encode()})) == ""


def test_an_asker_has_an_address_and_a_door() -> None:
    """The key only where there is a request."""
    assert asker_of("10.0.0.7", secure=False) == Asker("10.0.0.7", "", "http")
    fields = Fields({"edge-request": f"key={KEY}".encode()})
    assert asker_of("10.0.0.7", secure=True, fields=fields) == Asker("10.0.0.7", "abababab…", "https")
