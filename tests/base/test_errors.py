"""The roots of all errors."""

from edge_node.base.errors import EdgeNodeError, LocalError, Refusal, RemoteError


def test_whose_fault_is_it() -> None:
    """A peer's fault is a refusal with a status; our own misuse never is."""
    assert issubclass(RemoteError, Refusal)
    assert not issubclass(LocalError, Refusal)
    assert RemoteError.status == 400
    assert {EdgeNodeError.slug, LocalError.slug, RemoteError.slug} == {"internal", "local-misuse", "protocol-broken"}


def test_waiting_helps_only_where_it_is_said() -> None:
    """No refusal invites a retry by default."""
    assert Refusal("no").retry_after_s is None
