"""Rows in the field names of the specification."""

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from edge_node.base.ids import PublicKey, StreamName, VaultId
from edge_node.base.log_ring import LogEntry
from edge_node.base.refusals import Refused
from edge_node.control.views import audit_row, device_row, log_row, piece_row, refusal_row, setting_rows, stream_row
from edge_node.settings import Loaded, Settings
from edge_node.settings.changes import Change
from edge_node.store.listing import PieceSummary
from edge_node.store.streams.rows import StreamRow
from edge_node.store.streams.traffic import Traffic
from edge_node.trust.audit import AuditEntry, AuditRow
from edge_node.trust.device import Enrolment, Role, enrolled
from edge_node.wire.cid import raw_piece_cid

SPEC = (Path(__file__).parents[2] / "docs/specs/control.md").read_text()
VAULT, KEY = VaultId(b"v" * 32), PublicKey(b"k" * 32)


def promised(path: str, name: str) -> set[str]:
    """The fields of a row as the specification's example has them."""
    text = re.search(rf"## GET {re.escape(path)}\b.*?```json\n(.*?)```", SPEC, re.DOTALL)
    assert text is not None
    plain = re.sub(r'"(<[^"]*>|…|[^"]*…[^"]*)"', '"x"', text[1])
    return set(msgspec.json.decode(plain)[name][0])


def rows() -> list[tuple[str, str, dict[str, Any]]]:
    traffic = Traffic()
    traffic.note(VAULT, StreamName("site/a"), KEY, 2**53, 1, 10, 5)
    traffic.note_refusal(VAULT, StreamName("site/a"), KEY, "bad-signature", "why", 6)
    device = enrolled(Enrolment(key=KEY, name="pump", roles=frozenset({Role.DEVICE}), vault=VAULT, t_ms=1))
    stream = StreamRow("site/a", 1, 1, 10, 0, 1, 5)
    entry = AuditEntry(1, AuditRow(1, bytes(KEY), "vault/x", "append", ""))
    refused = Refused(1, 2, "slug", 400, "Slug", "why", "do", "10.0.0.7", "ab", "http")
    return [
        ("/v1/streams", "streams", stream_row(stream, VAULT, traffic, 0)),
        ("/v1/pieces", "pieces", piece_row(PieceSummary(raw_piece_cid(b"x"), 1, 1, 0, 1), damaged=False)),
        ("/v1/devices", "devices", device_row(device, traffic, 10)),
        ("/v1/settings", "settings", setting_rows(Loaded(Settings(), {}), {})[0]),
        ("/v1/logs", "lines", log_row(LogEntry(1, 2, "info", "node", "node.started", {"a": "b"}))),
        ("/v1/refusals", "refusals", refusal_row(refused)),
        ("/v1/audit", "rows", audit_row(entry)),
    ]


@pytest.mark.parametrize(("path", "name", "row"), rows(), ids=lambda value: value if isinstance(value, str) else "")
def test_a_row_has_the_fields_of_the_specification(path: str, name: str, row: dict[str, Any]) -> None:
    """All of them and no other."""
    assert set(row) == promised(path, name)


def test_large_numbers_are_texts_and_refusals_have_their_reason() -> None:
    """As everywhere in our JSON."""
    row = rows()[2][2]
    assert (row["last_seq"], row["last_refusal"]) == (str(2**53), {"slug": "bad-signature", "t_ms": 6, "detail": "why"})


def test_a_secret_setting_is_never_shown() -> None:
    """Neither its value, nor its default, nor what waits."""
    settings = msgspec.structs.replace(Settings(), node=msgspec.structs.replace(Settings().node, key_file="/secret"))
    pending = {"node.key_file": Change("node.key_file", "<set>", "<unset>", "default", live=False)}
    row = next(row for row in setting_rows(Loaded(settings, {}), pending) if row["name"] == "node.key_file")
    assert (row["value"], row["default"], row["pending"], row["secret"]) == ("<set>", "<unset>", "<unset>", True)
