"""The registry's refusals: slugs, statuses, and no whole key in a message."""

import pytest

from edge_node.base.ids import PublicKey
from edge_node.trust.device_errors import (
    BadTransition,
    DeviceError,
    DeviceExists,
    KeyWasRevoked,
    MalformedDevice,
    NameTaken,
    StaleChange,
    UnknownDevice,
    UnreadableChange,
)

KEY = PublicKey(bytes(range(32)))


@pytest.mark.parametrize(
    ("error", "slug", "status"),
    [
        (UnknownDevice(KEY), "unknown-device", 404),
        (DeviceExists(KEY, "pump"), "device-exists", 409),
        (KeyWasRevoked(KEY, 5), "key-revoked", 409),
        (NameTaken("pump", KEY), "name-taken", 409),
        (BadTransition(KEY, "revoked", "resume"), "bad-transition", 409),
        (StaleChange(KEY, 3, 3), "stale-change", 409),
        (MalformedDevice("name", "empty"), "malformed-device", 422),
        (UnreadableChange("truncated"), "unreadable-device-change", 422),
    ],
)
def test_each_refusal_has_its_slug_and_status(error: DeviceError, slug: str, status: int) -> None:
    """Doors map the hints, people read the message; the key is recognisable in it and not spelled out."""
    assert (error.slug, error.status) == (slug, status)
    assert KEY.hex() not in str(error)
    assert str(error)
    if hasattr(error, "key"):
        assert error.key == KEY
        assert KEY.hex()[:8] in str(error)
        assert error.remedy
