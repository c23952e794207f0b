"""The document of GET /v1/node, made of what the rooms have in memory and of sampled figures."""

import os
from collections.abc import Mapping
from typing import Any

from edge_node.base.counters import LOOP_LATENESS
from edge_node.base.refusals import counts
from edge_node.control.figures import Figures, Slow
from edge_node.control.house import House
from edge_node.control.quantiles import WINDOW_S, Spread
from edge_node.store.usage import DAY_MS
from edge_node.supervise import Health, RoomHealth, RoomState
from edge_node.trust.device import DeviceStatus

API = "v1"
QUALITIES = ("unsynced", "manual", "network", "precise")
TRUSTED_FROM = 1  # a clock set by hand is the operator's word; ingest judges by it too

Document = dict[str, Any]


def node_document(house: House, figures: Figures, slow: Slow) -> Document:
    """The whole document but for `access`, which is the socket's."""
    settings, now_ms = house.settings.running, house.now_ms
    return {
        "api": API,
        "boot": house.boot,
        "now_ms": now_ms,
        "started_ms": house.started_ms,
        "uptime_s": int(house.clock.monotonic_s() - house.started_s),
        "name": settings.node.name,
        "version": house.version,
        "node": house.node_key.hex(),
        "vault": house.vault.hex(),
        "pid": os.getpid(),
        "data_dir": str(house.paths.root),
        "clock": _clock(house, now_ms),
        **_health(house),
        "doors": [_door(house, one) for one in house.doors()],
        "journal": _journal(house, figures, slow),
        "events": _events(house, slow),
        "pieces": pieces_document(slow),
        "devices": _devices(house, now_ms),
        "refusals": {"total": sum(counts().values()), "per_s": round(figures.refusals_per_s, 3)},
        "audit": {"queued_rows": house.audit.queued_rows, "lost_rows": house.audit.lost_rows},
        "subscribers": None if house.subscribers is None else sum(house.subscribers().values()),
        "process": _process(figures, slow),
        "loop": {"lateness_ms": round(_lateness_ms(), 3)},
        "disk": {"path": str(house.paths.root), "total_bytes": slow.disk_total, "free_bytes": slow.disk_free},
        "settings": {
            "file": house.settings.file,
            "applied_ms": house.settings.applied_ms,
            "pending": len(house.settings.pending),
        },
        "log": {"level": house.levels.level},
    }


def pulse(house: House) -> object:
    """What a reader wants to hear of at once when it changes; compared, never shown."""
    supervisor = house.supervisor()
    health = None if supervisor is None else supervisor.health()
    rooms = () if health is None else tuple((name, one.state, one.reason) for name, one in health.rooms.items())
    return (health is not None and health.ready, rooms, house.journal.state, [one.url for one in house.doors()])


def pieces_document(slow: Slow) -> Document:
    """The figures of all pieces together."""
    return {"pieces": slow.totals.pieces, "bytes": slow.totals.piece_bytes}


def _clock(house: House, now_ms: int) -> Document:
    quality = int(house.clock.quality())
    return {
        "now_ms": now_ms,
        "quality": quality,
        "quality_name": QUALITIES[quality],
        "trusted": quality >= TRUSTED_FROM,
        "ahead_max_s": house.settings.running.clock.ahead_max_s,
    }


def _health(house: House) -> Document:
    supervisor = house.supervisor()
    if supervisor is None:
        return {"ready": False, "health": {"state": "unready", "reasons": ["the node is starting"]}, "rooms": []}
    health, beats, required = supervisor.health(), supervisor.beats(), supervisor.required
    rooms = []
    for name, room in health.rooms.items():
        beat = beats.get(name)
        rooms.append(
            {
                "name": name,
                "state": str(room.state),
                "reason": room.reason,
                "required": name in required,
                "beat_age_s": None if beat is None else round(beat.age_s, 2),
                "beat_max_s": None if beat is None else beat.max_s,
            }
        )
    state = health_state(health, stopping=supervisor.stopping)
    return {"ready": health.ready, "health": {"state": state, "reasons": reasons(health.rooms)}, "rooms": rooms}


def health_state(health: Health, *, stopping: bool) -> str:
    """The roll-up in one word."""
    if stopping:
        return "stopping"
    if not health.ready:
        return "unready"
    well = all(room.state is RoomState.RUNNING for room in health.rooms.values())
    return "healthy" if well else "degraded"


def reasons(rooms: Mapping[str, RoomHealth]) -> list[str]:
    """A line for each room that is not well."""
    return [
        f"{name}: {room.reason or room.state}" for name, room in rooms.items() if room.state is not RoomState.RUNNING
    ]


def _door(_house: House, door: Any) -> Document:
    return {name: getattr(door, name) for name in door.__slots__}


def _journal(house: House, figures: Figures, slow: Slow) -> Document:
    journal, limits, stats = house.journal, house.settings.running.journal, house.journal.stats()
    return {
        "state": str(journal.state.mode),
        "reason": journal.state.reason,
        "rounds": stats.rounds,
        "records": stats.records,
        "payload_bytes": stats.payload_bytes,
        "queued_records": stats.queued_records,
        "queued_records_max": limits.queue_records_max,
        "queued_bytes": stats.queued_bytes,
        "queued_bytes_max": limits.queue_bytes_max,
        "next_sequence": stats.next_sequence,
        "free_bytes": stats.free_bytes,
        "free_min_bytes": limits.free_min_bytes,
        "segments": [
            {"class": name.value, "open": stats.open_segments.get(name), "files": one.files, "bytes": one.bytes}
            for name, one in slow.segments.items()
        ],
        "commit": _commit(figures.latency(), figures.group()),
        "damages": len(journal.recovery.damages),
    }


def _commit(latency: Spread, group: Spread) -> Document:
    def ms(seconds: float | None) -> float | None:
        return None if seconds is None else round(seconds * 1_000, 3)

    return {
        "window_s": int(WINDOW_S),
        "rounds": latency.count,
        "p50_ms": ms(latency.p50),
        "p99_ms": ms(latency.p99),
        "mean_ms": ms(latency.mean),
        "group_mean": None if group.mean is None else round(group.mean, 2),
        "group_p99": None if group.p99 is None else round(group.p99, 1),
    }


def _events(house: House, slow: Slow) -> Document:
    rates, totals = house.ingest.traffic.rates(), slow.totals
    return {
        "streams": totals.streams,
        "bodies": totals.bodies,
        "events": totals.events,
        "bytes": totals.event_bytes,
        "waiting": house.ingest.waiting,
        "queue_max": house.settings.running.ingest.queue_bodies_max,
        "bodies_per_s": round(rates.bodies, 2),
        "events_per_s": round(rates.events, 2),
        "bytes_per_s": round(rates.bytes, 2),
    }


def _devices(house: House, now_ms: int) -> Document:
    by_status = house.roster.counts
    today = now_ms - now_ms % DAY_MS
    return {
        **{str(status): by_status.get(status, 0) for status in DeviceStatus},
        "seen_today": house.ingest.traffic.seen_since(today),
    }


def _process(figures: Figures, slow: Slow) -> Document:
    return {
        "rss_bytes": slow.rss_bytes,
        "cpu_s": round(slow.cpu_s, 2),
        "cpu_share": round(figures.cpu_share, 3),
        "threads": slow.threads,
        "open_files": slow.open_files,
        "open_files_max": slow.open_files_max,
    }


def _lateness_ms() -> float:
    for metric in LOOP_LATENESS.collect():
        for sample in metric.samples:
            return sample.value * 1_000
    return 0.0
