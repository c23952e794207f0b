"""What a socket's user may do with a vault: read; operators its pieces too; each verdict is written down."""

import pytest

from edge_node.control.payload import Standing
from edge_node.control.rights import access_of
from edge_node.trust.access import AccessDenied, Verb, piece_resource, stream_resource
from edge_node.trust.audit import AuditRow
from tests.control.house import house_of
from tests.gateway.rig import Site


class Rows:
    queued_rows = lost_rows = 0

    def __init__(self) -> None:
        self.rows: list[AuditRow] = []

    def record(self, row: AuditRow) -> None:
        self.rows.append(row)


async def test_verdicts(site: Site) -> None:
    """Streams for both, pieces for operators, writing for nobody."""
    audit = Rows()
    async with house_of(site, audit=audit) as house:
        vault = house.vault

        def ask(standing: Standing, verb: Verb) -> None:
            resource = piece_resource(vault) if verb in {Verb.GET, Verb.PUT, Verb.DELETE} else stream_resource(vault)
            access = access_of(house, standing, "uid=1 gid=2 pid=3", vault, resource, verb)
            access.require(resource, verb)

        for standing, verb in (
            (Standing.VIEWER, Verb.READ),
            (Standing.OPERATOR, Verb.READ),
            (Standing.OPERATOR, Verb.GET),
        ):
            ask(standing, verb)
        for standing in Standing:
            for verb in (Verb.APPEND, Verb.PUT, Verb.DELETE, Verb.ADMIN):
                with pytest.raises(AccessDenied):
                    ask(standing, verb)
        with pytest.raises(AccessDenied):
            ask(Standing.VIEWER, Verb.GET)
    assert [(row.reason, row.source.partition(" ")[0]) for row in audit.rows[:3]] == [
        ("", "view"),
        ("", "control"),
        ("", "control"),
    ]
    assert len(audit.rows) == 12
    assert {row.reason for row in audit.rows[3:]} == {"access-denied"}
