"""What the sync asks for is what the pool of endpoints offers."""

import inspect

from edge_node.chain_light.sync_ports import Pool, Track


def test_the_ports_name_what_they_want():
    """Every member is described: who builds against a port reads it here."""
    for port in (Pool, Track):
        members = [member for name, member in inspect.getmembers(port) if not name.startswith("_")]
        assert members
        assert all(inspect.getdoc(member) for member in members)
