"""The shape of a handler."""

import inspect

from edge_node.devnet.runtime.dispatch import HANDLERS
from edge_node.devnet.runtime.handler import Handler


def test_each_takes_the_work_and_the_origin_first():
    """Then the call's fields by their names."""
    handlers: list[Handler] = [one for table in HANDLERS.values() for one in table.values()]
    for handler in handlers:
        assert [name.lstrip("_") for name in [*inspect.signature(handler).parameters][:2]] == ["work", "origin"]
