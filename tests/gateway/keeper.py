"""A hand on the access control of a node that runs in this process: keys are revoked while something is open."""

import pytest

from edge_node.trust.access_control import AccessControl


def keep_access(patch: pytest.MonkeyPatch) -> list[AccessControl]:
    """The real access controls of the nodes that are started from now on."""
    kept: list[AccessControl] = []

    class Kept(AccessControl):
        def __init__(self, *args: object) -> None:
            super().__init__(*args)  # type: ignore[arg-type]
            kept.append(self)

    patch.setattr("edge_node.node.rooms.AccessControl", Kept)
    return kept
