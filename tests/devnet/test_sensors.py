"""Five sensors of this machine."""

import msgspec
import pytest

from edge_node.devnet.sensors import SENSORS


@pytest.mark.parametrize("name", SENSORS)
def test_a_sensor_reads_this_machine_as_json(name: str) -> None:
    """Every reading has facts and can be sent; a machine without a thermometer says null."""
    reading = SENSORS[name]()
    assert reading
    assert msgspec.json.decode(msgspec.json.encode(reading)) == reading


def test_there_are_five() -> None:
    """One per device of the trial."""
    assert len(SENSORS) == 5
