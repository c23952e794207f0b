"""The host allow-list against rebinding."""

import pytest

from edge_node.serving.hosts import REMEMBERED_MAX, HostGate


@pytest.mark.parametrize(
    "host", ["localhost", "LocalHost:8091", "node.localhost", "127.0.0.1:1", "192.0.2.7", "[::1]:8091", "[fe80::1]", ""]
)
def test_addresses_and_loopback_are_always_answered(host: str) -> None:
    """They cannot be rebound by a stranger."""
    assert HostGate(()).allows(host)


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "node", "2130706433"]
)
def test_other_names_are_not(host: str) -> None:
    """Names that only look like ours are strangers."""
    assert not HostGate(("node.example",)).allows(host)


@pytest.mark.parametrize("host", ["node.example", "NODE.example:8443", "node.example."])
def test_the_operators_names_are(host: str) -> None:
    """In any case, with a port or a final dot."""
    assert HostGate(("Node.Example",)).allows(host)


def test_a_star_answers_all() -> None:
    """For a node behind a proxy that checks."""
    assert HostGate(("*",)).allows("evil.example")


def test_memory_is_bounded() -> None:
    """However many spellings come, a few are remembered and all are judged."""
    gate = HostGate(("*",))
    assert all(gate.allows(f"h{number}") for number in range(REMEMBERED_MAX * 2))
    assert len(gate._remembered) == REMEMBERED_MAX
