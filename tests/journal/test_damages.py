"""Damage found at a start is told once, with what is known, and told again at the next start."""

from pathlib import Path

from structlog.testing import capture_logs

from edge_node.base.counters import REGISTRY
from edge_node.journal import Cause, Damage, Lane, Position, SegmentClass
from edge_node.journal.damages import LOGGED_MAX, report_damages
from edge_node.journal.open_segment import footer_path, segment_path
from tests.journal.rig import BLOB, draft, open_door, running

CID = bytes.fromhex("01021e20") + bytes(32)


def counted(cause: str) -> float:
    return REGISTRY.get_sample_value("edge_node_log_damages_total", {"cause": cause}) or 0.0


def test_a_stretch_is_logged_with_what_is_known_and_counted() -> None:
    """Place, length and cause; of the record what its header still says."""
    before = counted("rot"), counted("torn")
    place = Position(SegmentClass.PX, 3, 4_096)
    with capture_logs() as lines:
        report_damages([Damage(place, 200, Cause.ROT, 6, 77, CID), Damage(place, 8, Cause.TORN)])
    assert (counted("rot"), counted("torn")) == (before[0] + 1, before[1] + 1)
    said = [{name: line[name] for name in line if name != "room"} for line in lines]
    where = {"event": "stretch.damaged", "segment": "px/00000003", "offset": 4_096}
    assert said == [
        where | {"log_level": "error", "length": 200, "cause": "rot", "kind": 6, "sequence": 77, "cid": CID.hex()},
        where | {"log_level": "warning", "length": 8, "cause": "torn", "kind": None, "sequence": None, "cid": None},
    ]


def test_thousands_of_stretches_are_counted_and_not_all_logged() -> None:
    """The first ones, and how many more."""
    before = counted("rot")
    many = [Damage(Position(SegmentClass.EV, 1, 8 * n), 8, Cause.ROT) for n in range(LOGGED_MAX + 5)]
    with capture_logs() as lines:
        report_damages(many)
    assert len(lines) == LOGGED_MAX + 1
    assert lines[-1]["more"] == 5
    assert counted("rot") == before + len(many)


async def test_damage_is_known_at_every_start(tmp_path: Path) -> None:
    """The scan that finds it leaves it in the footer, which the next start reads; what is torn is no loss."""
    async with running(open_door(tmp_path)) as journal:
        placed = [(await journal.append([draft(BLOB, bytes(9_000), CID)], Lane.EXTENTS))[0] for _ in range(5)]
    segment = placed[0].position.segment
    path, footer = (name(tmp_path / "seg" / "px", segment) for name in (segment_path, footer_path))
    raw = bytearray(path.read_bytes())
    raw[placed[0].position.offset + 1_000] ^= 1
    path.write_bytes(raw)
    footer.unlink()
    for known in (CID, b""):
        async with running(open_door(tmp_path)) as journal:
            assert [(one.position, one.cid) for one in journal.recovery.losses] == [(placed[0].position, known)]
            assert journal.read(placed[1].position).payload == bytes(9_000)
