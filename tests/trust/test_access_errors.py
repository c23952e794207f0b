"""The reasons of the access check: slugs, statuses, and no whole key in a message."""

import pytest

from edge_node.base.ids import PublicKey, StreamName, VaultId
from edge_node.trust.access_errors import AccessDenied, AccessError, DeviceRevoked, DeviceSuspended, UnknownKey
from edge_node.trust.access_resource import stream_resource

KEY, VAULT = PublicKey(bytes(range(32))), VaultId(b"\xab" * 32)
RESOURCE = stream_resource(VAULT, StreamName("site/a"))


@pytest.mark.parametrize(
    ("error", "slug", "status"),
    [
        (UnknownKey(KEY), "unknown-key", 401),
        (DeviceSuspended(KEY, 5), "device-suspended", 403),
        (DeviceRevoked(KEY, 5), "device-revoked", 403),
        (AccessDenied(KEY, RESOURCE, "append", "not-covered"), "access-denied", 403),
    ],
)
def test_each_reason_has_its_slug_status_and_remedy(error: AccessError, slug: str, status: int) -> None:
    """Doors map the hints; the message is fit for a log: keys and owners are shortened in it."""
    assert (error.slug, error.status) == (slug, status)
    assert error.remedy
    assert KEY.hex()[:8] in str(error)
    assert KEY.hex() not in str(error)
    assert VAULT.hex() not in str(error)


def test_a_denial_carries_what_was_asked() -> None:
    """The door can say which verb on which resource was denied."""
    error = AccessDenied(KEY, RESOURCE, "append", "not-covered")
    assert (error.holder, error.resource, error.verb, error.why) == (KEY, RESOURCE, "append", "not-covered")
    assert str(error).endswith("may not append vault/abababab…/streams/site/a: not-covered")
