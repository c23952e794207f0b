"""Capabilities: what roles give, and that a child never holds more than its parent."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from edge_node.base.ids import PublicKey, StreamName, VaultId
from edge_node.trust.access_capability import (
    ALL_VERBS,
    CHAIN_MAX,
    NARROWED_PIECES,
    ROLE_VERBS,
    Capability,
    Constraints,
    MalformedCapability,
    Verb,
    WiderThanParent,
    capabilities_of,
    narrow,
)
from edge_node.trust.access_resource import Resource, piece_resource, stream_resource, vault_resource
from edge_node.trust.device import Device, DeviceStatus, Enrolment, Role, enrolled

NODE, KEY, CHILD = PublicKey(b"\x01" * 32), PublicKey(b"\x11" * 32), PublicKey(b"\x12" * 32)
VAULT, OTHER_VAULT = VaultId(b"\xab" * 32), VaultId(b"\xac" * 32)
SITE = stream_resource(VAULT, StreamName("site"))
SPEC = Path(__file__).parents[2] / "docs" / "specs" / "access.md"


def device(*roles: Role, streams: tuple[str, ...] = (), status: DeviceStatus = DeviceStatus.ACTIVE) -> Device:
    """A registry row."""
    change = Enrolment(
        key=KEY,
        name="pump",
        roles=frozenset(roles),
        vault=VAULT,
        t_ms=1_000,
        streams=tuple(StreamName(prefix) for prefix in streams),
        late_max_s=60,
        bytes_per_day_max=1_000,
    )
    return replace(enrolled(change), status=status)


def given(*roles: Role, streams: tuple[str, ...] = ()) -> dict[Resource, frozenset[Verb]]:
    """The verbs that a row gives, by resource."""
    return {c.resource: c.verbs for c in capabilities_of(device(*roles, streams=streams), NODE)}


def test_a_device_appends_and_puts() -> None:
    """A device writes to every stream of its vault and adds pieces; it reads nothing."""
    assert given(Role.DEVICE) == {stream_resource(VAULT): {Verb.APPEND}, piece_resource(VAULT): {Verb.PUT}}


def test_a_reader_reads() -> None:
    """A reader reads and lists streams and gets pieces."""
    assert given(Role.READER) == {stream_resource(VAULT): {Verb.READ, Verb.LIST}, piece_resource(VAULT): {Verb.GET}}


def test_a_writer_does_both_and_deletes_pieces() -> None:
    """A writer appends, reads, puts, gets and deletes."""
    assert given(Role.WRITER) == {
        stream_resource(VAULT): {Verb.APPEND, Verb.READ},
        piece_resource(VAULT): {Verb.PUT, Verb.GET, Verb.DELETE},
    }


def test_an_operator_may_everything_in_its_vault() -> None:
    """One capability on the vault as a whole, with every verb."""
    assert given(Role.OPERATOR) == {vault_resource(VAULT): ALL_VERBS}


def test_roles_add_up() -> None:
    """Two roles give the union of their verbs."""
    assert given(Role.DEVICE, Role.READER) == {
        stream_resource(VAULT): {Verb.APPEND, Verb.READ, Verb.LIST},
        piece_resource(VAULT): {Verb.PUT, Verb.GET},
    }


def test_prefixes_narrow_streams_and_leave_only_put_on_pieces() -> None:
    """A row narrowed to some streams may not read or delete the event bodies of the others as pieces."""
    assert given(Role.WRITER, streams=("site/a", "b")) == {
        stream_resource(VAULT, StreamName("site/a")): {Verb.APPEND, Verb.READ},
        stream_resource(VAULT, StreamName("b")): {Verb.APPEND, Verb.READ},
        piece_resource(VAULT): NARROWED_PIECES,
    }
    assert piece_resource(VAULT) not in given(Role.READER, streams=("site",))


@pytest.mark.parametrize("status", [DeviceStatus.SUSPENDED, DeviceStatus.REVOKED])
def test_only_an_active_device_holds_anything(status: DeviceStatus) -> None:
    """A suspended or revoked row gives no capability at all."""
    assert capabilities_of(device(Role.OPERATOR, status=status), NODE) == ()


def test_a_rows_capability_says_who_gave_what_to_whom() -> None:
    """Issuer is the node, holder the key, audience the vault; the row's limits travel along."""
    (capability, _) = capabilities_of(device(Role.DEVICE), NODE, generation=7)
    assert (capability.issuer, capability.holder, capability.audience) == (NODE, KEY, VAULT)
    assert capability.constraints == Constraints(late_max_s=60, bytes_per_day_max=1_000)
    assert (capability.not_before_ms, capability.not_after_ms, capability.parent) == (0, None, None)
    assert capability.generation == 7


def test_the_specification_lists_exactly_these_verbs() -> None:
    """The table of roles in docs/specs/access.md is the one in the code."""
    rows = re.findall(r"^\| `(\w+)` \| ([^|]*) \| ([^|]*) \| ([^|]*) \|$", SPEC.read_text(), re.MULTILINE)
    written = {
        role: tuple(frozenset(cell.split(", ")) - {"-"} for cell in (streams.strip(), pieces.strip(), vault.strip()))
        for role, streams, pieces, vault in rows
        if role in set(Role)
    }
    assert written == {str(role): (verbs.streams, verbs.pieces, verbs.vault) for role, verbs in ROLE_VERBS.items()}


def parent(**fields: object) -> Capability:
    """A capability of KEY on SITE, valid from 100 to 200 ms."""
    sound: dict[str, object] = {
        "issuer": NODE,
        "holder": KEY,
        "audience": VAULT,
        "resource": SITE,
        "verbs": frozenset({Verb.APPEND, Verb.READ}),
        "constraints": Constraints(late_max_s=60),
        "not_before_ms": 100,
        "not_after_ms": 200,
        "generation": 3,
    }
    return Capability(**{**sound, **fields})  # type: ignore[arg-type]


def test_a_child_inherits_what_is_not_named() -> None:
    """The holder of the parent is the issuer of the child; everything else stays."""
    child = narrow(parent(), CHILD)
    assert child == replace(parent(), issuer=KEY, holder=CHILD, parent=parent())


def test_a_child_may_be_narrower_in_everything() -> None:
    """Resource, verbs, time and constraints can each shrink."""
    resource = stream_resource(VAULT, StreamName("site/a"))
    child = narrow(
        parent(),
        CHILD,
        resource=resource,
        verbs=frozenset({Verb.READ}),
        constraints=Constraints(late_max_s=60, bytes_per_day_max=5),
        not_before_ms=150,
        not_after_ms=200,
    )
    assert (child.resource, child.verbs) == (resource, {Verb.READ})
    assert child.constraints == Constraints(late_max_s=60, bytes_per_day_max=5)
    assert (child.not_before_ms, child.not_after_ms) == (150, 200)


@pytest.mark.parametrize(
    ("field", "wider"),
    [
        ("resource", {"resource": stream_resource(VAULT)}),
        ("resource", {"resource": stream_resource(VAULT, StreamName("sitex"))}),
        ("resource", {"resource": stream_resource(OTHER_VAULT, StreamName("site"))}),
        ("verbs", {"verbs": frozenset({Verb.READ, Verb.LIST})}),
        ("not_before", {"not_before_ms": 99}),
        ("not_after", {"not_after_ms": 201}),
        ("constraints", {"constraints": Constraints(late_max_s=61)}),
    ],
)
def test_a_child_is_never_wider(field: str, wider: dict[str, object]) -> None:
    """Each widening is refused and named."""
    with pytest.raises(WiderThanParent) as caught:
        narrow(parent(), CHILD, **wider)  # type: ignore[arg-type]
    assert (caught.value.field, caught.value.status) == (field, 403)


def test_an_open_end_is_inherited_as_it_is() -> None:
    """Under a parent without end a child may have one; a child of a bounded parent always has one."""
    assert narrow(parent(not_after_ms=None), CHILD).not_after_ms is None
    assert narrow(parent(not_after_ms=None), CHILD, not_after_ms=5_000).not_after_ms == 5_000
    assert narrow(parent(), CHILD).not_after_ms == 200


def test_a_capability_stays_inside_its_audience() -> None:
    """An adapter cannot build one whose resource lies in another vault."""
    with pytest.raises(MalformedCapability):
        parent(audience=OTHER_VAULT)


def test_chains_are_bounded() -> None:
    """Eight links are followed, a ninth is not built."""
    link = parent()
    for _ in range(CHAIN_MAX - 1):
        link = narrow(link, KEY)
    with pytest.raises(MalformedCapability):
        narrow(link, CHILD)
