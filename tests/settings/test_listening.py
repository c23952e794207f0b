"""The sections of what listens: what their types let through."""

import re

import msgspec
import pytest

from edge_node.settings.listening import ORIGIN, ControlSettings, DdcSettings, GrpcSettings, HttpSettings


@pytest.mark.parametrize(
    ("origin", "fits"),
    [
        ("https://app.example", True),
        ("http://localhost:3000", True),
        ("https://[::1]:8443", True),
        ("https://app.example/", False),
        ("https://App.example", False),
        ("app.example", False),
        ("*", False),
    ],
)
def test_an_origin_is_written_as_browsers_send_it(origin: str, *, fits: bool) -> None:
    """Another spelling would never match, so it is refused where it is written down."""
    assert bool(re.search(ORIGIN, origin)) is fits


@pytest.mark.parametrize(
    ("section", "least", "below"),
    [
        (HttpSettings, {"header_bytes_max": 1_024, "connections_max": 1}, {"header_bytes_max": 1_023}),
        (GrpcSettings, {"streams_max": 1_024}, {"streams_max": 1_025}),
        (DdcSettings, {"unacked_bytes_max": 1 << 20}, {"unacked_bytes_max": (1 << 20) - 1}),
        (ControlSettings, {"socket": "none", "view_socket": "/run/view.sock"}, {"socket": "run/control.sock"}),
    ],
)
def test_limits_hold_at_their_edge(section: type[msgspec.Struct], least: dict, below: dict) -> None:
    """The last value that is taken, and one beyond it."""
    msgspec.convert(least, section)
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(below, section)
