"""Pairs of doors: how they are spelled."""

import pytest

from edge_node.settings.address import ListenAddress
from edge_node.settings.doors import DoorPair, parse_pair, parse_pairs

NINE, EIGHT = ListenAddress("127.0.0.1", 9092), ListenAddress("::1", 8092)


@pytest.mark.parametrize(
    ("text", "pair"),
    [
        ("storage grpc=127.0.0.1:9092 http=[::1]:8092", DoorPair(mode="storage", grpc=NINE, http=EIGHT)),
        (" full  http=[::1]:8092\tgrpc=127.0.0.1:9092 ", DoorPair(mode="full", grpc=NINE, http=EIGHT)),
        ("cache grpc=127.0.0.1:9092", DoorPair(mode="cache", grpc=NINE)),
        ("cache http=[::1]:8092", DoorPair(mode="cache", http=EIGHT)),
    ],
)
def test_pairs(text: str, pair: DoorPair) -> None:
    """A mode and one or two addresses, in any order."""
    assert parse_pair(text) == pair


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "is not one of full, storage, cache"),
        ("Full grpc=127.0.0.1:1", "'Full' is not one of"),
        ("full", "'full' names no address"),
        ("full 127.0.0.1:1", "is not grpc= or http= and an address"),
        ("full grpc=127.0.0.1:1 grpc=127.0.0.1:2", "grpc stands twice"),
        ("full grpc=127.0.0.1", "wants host:port"),
        ("full http=127.0.0.1:99999", "a port is a number"),
    ],
)
def test_what_is_no_pair(text: str, why: str) -> None:
    """The error says what is wrong with it."""
    with pytest.raises(ValueError, match=why):
        parse_pair(text)


def test_pairs_keep_their_order() -> None:
    """The doors of a node are numbered as its settings list them."""
    pairs = parse_pairs(["cache grpc=127.0.0.1:9092", "full http=[::1]:8092"])
    assert [pair.mode for pair in pairs] == ["cache", "full"]
