"""Exit codes that scripts may rely on."""

import pytest

from edge_node.base.errors import EdgeNodeError, Refusal
from edge_node.cli.exits import ExitCode, exit_code_of
from edge_node.journal.errors import DirectoryInUse
from edge_node.settings import SettingsError
from edge_node.supervise import HUNG_EXIT_CODE


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (SettingsError("e.toml:1", "odd"), 3),
        (DirectoryInUse("/srv", "edge-node run", 7), 4),
        (Refusal("no"), 1),
        (EdgeNodeError("odd"), 1),
    ],
)
def test_codes_by_kind_of_error(error: EdgeNodeError, code: int) -> None:
    """Settings and a busy directory have codes of their own; everything else that is refused has one."""
    assert exit_code_of(error) == code


def test_codes_are_fixed() -> None:
    """Numbers never change between releases."""
    assert {code.name: code.value for code in ExitCode} == {
        "OK": 0, "REFUSED": 1, "USAGE": 2, "SETTINGS": 3, "BUSY": 4, "DEFECT": 70, "HUNG": 71, "INTERRUPTED": 130,
    }  # fmt: skip
    assert ExitCode.HUNG == HUNG_EXIT_CODE
