"""Recorded answers of a node's door in three states of health, and pictures made from them: no clock, no chance.

`documents(health)` are the JSON documents of docs/specs/control.md by path; `picture(health)` is the state a UI has
after it read them.
"""

import base64
from typing import Any

from blake3 import blake3

from edge_node.wire.cid import CidKind, format_cid, make_cid
from tui.models import Bucket, BucketName, Device, LogLine, Node, Piece, Refusal, RefusalReason, Setting, Stream
from tui.models_chain import Chain
from tui.state import Link, NodeState, Phase, Topic

NOW_MS = 1_786_716_239_000  # 2026-08-14 14:03:59 UTC
NOW_S = 1_000.0
HEALTHS = ("healthy", "degraded", "disconnected")
CONTENTS = [f"piece {number}\n".encode() * (number * number * 37 + 1) for number in range(40)]
GIB = 2**30


KINDS = {8: CidKind.DAG_NODE, 9: CidKind.MULTIPART}
KIND_WORDS = {CidKind.RAW_PIECE: "raw", CidKind.MULTIPART: "multipart", CidKind.DAG_NODE: "dag"}
OWNERS = ("ab" * 32, "5e" * 32)


def cid_of(content: bytes, kind: CidKind = CidKind.RAW_PIECE) -> str:
    return format_cid(make_cid(kind, blake3(content).digest()))


KIND_OF = {
    cid_of(content, kind): kind
    for content, kind in ((content, KINDS.get(n % 10, CidKind.RAW_PIECE)) for n, content in enumerate(CONTENTS))
}
CONTENT_OF = dict(zip(KIND_OF, CONTENTS, strict=True))


def node(health: str = "healthy", access: str = "rw") -> dict[str, Any]:
    well = health != "degraded"
    room = {"state": "running", "reason": "", "required": True, "beat_age_s": 0.4, "beat_max_s": 15.0}
    rooms = [{"name": name, **room} for name in ("keys", "journal", "store", "streams", "gateway", "control", "audit")]
    if not well:
        rooms[1] |= {"state": "degraded", "reason": "writes take 480 ms, the disk answers late"}
        rooms[6] |= {"state": "restarting", "reason": "audit.db was locked for 5 s", "required": False}
    return {
        "api": "v1", "access": access, "boot": "5f0c93aa17be4402", "now_ms": NOW_MS, "started_ms": NOW_MS - 266_400_000,
        "uptime_s": 266_400, "name": "edge-07", "version": "0.2.0", "node": "ab" * 32, "vault": "ab" * 32, "pid": 812,
        "data_dir": "/var/lib/edge-node",
        "clock": {"now_ms": NOW_MS, "quality": 2, "quality_name": "network" if well else "unsynced",
                  "trusted": well, "ahead_max_s": 600},
        "ready": well,
        "health": {"state": "healthy" if well else "degraded", "reasons": [] if well else ["journal: late"]},
        "rooms": rooms,
        "doors": [
            {"name": "http", "kind": "tcp", "url": "http://127.0.0.1:8091", "address": "127.0.0.1:8091",
             "access": None, "connections": 3, "connections_max": 2048, "fingerprint": None, "expires_ms": None},
            {"name": "https", "kind": "tls", "url": "https://0.0.0.0:8443", "address": "0.0.0.0:8443", "access": None,
             "connections": 41, "connections_max": 2048, "fingerprint": "cd" * 32,
             "expires_ms": NOW_MS + (300 if well else 3) * 86_400_000},
            {"name": "grpc", "kind": "tcp", "url": "grpc://127.0.0.1:9091", "address": "127.0.0.1:9091",
             "access": None, "connections": 2, "connections_max": 512, "fingerprint": None, "expires_ms": None},
            {"name": "control", "kind": "unix", "url": "", "address": "/run/c.sock", "access": "rw", "connections": 1,
             "connections_max": 64, "fingerprint": None, "expires_ms": None},
            {"name": "view", "kind": "unix", "url": "", "address": "/run/v.sock", "access": "ro", "connections": 0,
             "connections_max": 64, "fingerprint": None, "expires_ms": None},
        ],
        "journal": {
            "state": "writable" if well else "low", "reason": "", "rounds": 90_113, "records": 1_204_417,
            "payload_bytes": 3 * GIB, "queued_records": 2 if well else 6_120, "queued_records_max": 8_192,
            "queued_bytes": 2_048, "queued_bytes_max": 2**26, "next_sequence": 1_204_418,
            "free_bytes": 169 * GIB if well else 9 * GIB, "free_min_bytes": 2**28,
            "segments": [{"class": "ev", "open": 1, "files": 12, "bytes": 3 * GIB},
                         {"class": "px", "open": 1, "files": 5, "bytes": GIB}],
            "commit": {"window_s": 60, "rounds": 600, "p50_ms": 1.2, "p99_ms": 8.4 if well else 480.0, "mean_ms": 1.6,
                       "group_mean": 3.2, "group_p99": 20.0},
            "damages": 0 if well else 2,
        },
        "events": {"streams": 12, "bodies": 120_411, "events": 1_204_110, "bytes": 2 * GIB,
                   "waiting": 0 if well else 800, "queue_max": 1_024, "bodies_per_s": 25.0,
                   "events_per_s": 250.4 if well else 31.0, "bytes_per_s": 12_700.0},
        "pieces": {"pieces": 40, "bytes": sum(map(len, CONTENTS))},
        "devices": {"active": 23, "suspended": 1, "revoked": 1, "seen_today": 21},
        "refusals": {"total": 37 if well else 12_904, "per_s": 0.1 if well else 41.0},
        "audit": {"queued_rows": 0, "lost_rows": 0 if well else 512},
        "subscribers": None,
        "process": {"rss_bytes": 92 * 2**20, "cpu_s": 812.0, "cpu_share": 0.12 if well else 0.97, "threads": 9,
                    "open_files": 61, "open_files_max": 1_024},
        "loop": {"lateness_ms": 0.4 if well else 38.0},
        "disk": {"path": "/var/lib", "total_bytes": 480 * GIB, "free_bytes": (169 if well else 9) * GIB},
        "settings": {"file": "/etc/edge-node/edge-node.toml", "applied_ms": NOW_MS - 7_200_000,
                     "pending": 0 if well else 2},
        "log": {"level": "info"},
    }  # fmt: skip


def streams(health: str = "healthy") -> list[dict[str, Any]]:
    rows = []
    for number, name in enumerate(
        ["fence/gate", "pump/3/pressure", "pump/3/temperature", "pump/4/pressure", "site/door", "site/flow",
         "site/humidity", "site/light", "site/temperature", "tank/level", "tank/level/raw", "yard/camera/motion"]
    ):  # fmt: skip
        busy = number % 3 != 0
        refused = 12_880 if health == "degraded" and number == 1 else number if number % 4 == 1 else 0
        rows.append({
            "stream": name, "events": 100_342 * number + 7, "bodies": 10_034 * number + 7,
            "bytes": 2**20 * number * 17 + 900,
            "first_offset": 0, "next_offset": 100_342 * number + 7,
            "last_received_ms": NOW_MS - (400 if busy else 3_600_000 * (number + 1)), "bodies_per_s": 2.0 * busy,
            "events_per_s": 20.8 * number * busy, "bytes_per_s": 1_060.0 * number * busy, "refused": refused,
            "last_refusal": {"slug": "bad-signature", "t_ms": NOW_MS - 42_000,
                             "detail": "the signature of 3f9a… does not hold for these bytes"} if refused else None,
            "subscribers": number % 3, "retention": None,
        })  # fmt: skip
    return rows


def devices(health: str = "healthy") -> list[dict[str, Any]]:
    rows = []
    for number in range(25):
        status = "suspended" if number == 7 else "revoked" if number == 11 else "active"
        name = f"sensor-{number:02}" if number else "gate\x1b[31m-\u202eevil"
        rows.append({
            "key": f"{number * 7919 + 4096:08x}" + "9c" * 28, "name": name,
            "roles": ["operator"] if number == 24 else ["device"], "vault": "ab" * 32,
            "streams": ["site"] if number % 2 else [], "status": status, "enrolled_ms": NOW_MS - 8_640_000_000,
            "changed_ms": NOW_MS - 864_000_000, "note": "behind the north fence" if number % 5 == 0 else "",
            "late_max_s": None, "bytes_per_day_max": 10**8 if number % 2 else None, "revision": 1,
            "last_seen_ms": None if number == 11 else NOW_MS - 1_700 * number * number,
            "last_stream": "site/temperature", "last_seq": 16_777_216 + number, "bytes_today": 104_000 * number,
            "events_per_s": 0.0 if status != "active" else 0.5 * number, "refused": 3 if number in {7, 11} else 0,
            "last_refusal": {"slug": f"device-{status}", "t_ms": NOW_MS - 61_000, "detail": f"the device is {status}"}
            if number in {7, 11} else None,
        })  # fmt: skip
    return rows


def pieces(health: str = "healthy") -> list[dict[str, Any]]:
    return sorted(
        (
            {"cid": cid, "kind": KIND_WORDS[KIND_OF[cid]], "bytes": len(content), "owners": 1 + number % 2,
             "extents": len(content) // 2**20, "segment": 1 + number % 5,
             "damaged": health == "degraded" and number in {3, 19}, "references": references(number)}
            for number, (cid, content) in enumerate(CONTENT_OF.items())
        ),
        key=lambda row: str(row["cid"]),
    )  # fmt: skip


def references(number: int) -> list[dict[str, Any]]:
    """Every third piece is held by a vault itself, the others through buckets, every second by two."""
    first = {"vault": OWNERS[0], "bucket": None if number % 3 == 0 else 7}
    return [first, {"vault": OWNERS[1], "bucket": 2**53 - 1}][: 1 + number % 2]


def piece(cid: str) -> dict[str, Any]:
    content, number = CONTENT_OF[cid], list(CONTENT_OF).index(cid)
    parts = [{"cid": cid_of(CONTENTS[at]), "bytes": len(CONTENTS[at])} for at in range(10)]
    several = KIND_OF[cid] is CidKind.MULTIPART
    return {"cid": cid, "kind": KIND_WORDS[KIND_OF[cid]], "bytes": len(content), "damaged": False,
            "owners": [{**one, "bytes": len(content), "since_ms": NOW_MS - 86_400_000} for one in references(number)],
            "record": {"class": "px", "segment": 2, "offset": 40_960}, "extents": [],
            "parts": parts if several else [], "parts_count": 14 if several else 0, "body": None}  # fmt: skip


def buckets(health: str = "healthy") -> list[dict[str, Any]]:
    well = health != "degraded"
    rows = [
        (1, 0, True, "settings", 0, 0), (7, 0, False, "settings", 26, 3), (99, 1, None, None, 4, 0),
        (2**53 - 1, 1, True, "settings", 20, 1),
    ]  # fmt: skip
    return [
        {"bucket": bucket, "owner": OWNERS[owner], "address": f"6S{'xK9d' * 11}{owner}z", "public": public,
         "authority": authority, "pieces": pieces, "bytes": pieces * 2**21, "names": names,
         "stores": pieces * 2, "stored_bytes": pieces * 2**22, "reads": pieces * 941, "sent_bytes": pieces * 2**31,
         "acked_bytes": pieces * 2**30}
        for bucket, owner, public, authority, pieces, names in rows if well or bucket != 1
    ]  # fmt: skip


def names(bucket: str) -> dict[str, Any]:
    """Names come from the network: one would clear the screen, one would turn it round, one has brackets."""
    rows = [
        {"name": name, "cid": cid_of(name.encode(), CidKind.DAG_NODE), "ttl_s": 30 + at if at else None,
         "signer": OWNERS[at % 2], "bytes": 140 + at}
        for at, name in enumerate(sorted(["site/index", "evil\x1b[2J\u202e\u2066name", "[bold red]not markup[/]"]))
    ]  # fmt: skip
    return {"bucket": int(bucket), "names": rows if bucket == "7" else [], "next": None}


def settings(health: str = "healthy") -> list[dict[str, Any]]:
    rows = [
        ("ddc.buckets", '["7 owner=node public"]', "[]", "live", "Buckets served without asking a chain."),
        ("ddc.mode", '"full"', '"full"', "restart", "What the first pair of doors is; a cache takes no writes."),
        ("grpc.listen", '"127.0.0.1:9091"', '"127.0.0.1:9091"', "restart", "Address of the gRPC door."),
        ("clock.quality", '"auto"', '"auto"', "live", "`auto` asks the kernel; anything else is the operator's word."),
        ("http.connections_max", "2048", "2048", "restart", "Open connections in all."),
        ("http.hosts", '["edge-07.local"]', "[]", "live", "Host names answered besides loopback names and addresses."),
        ("http.listen", '"127.0.0.1:8091"', '"127.0.0.1:8091"', "restart", "Plain HTTP address; empty: no plain door."),
        ("ingest.device_bodies_per_s", "0.0", "0.0", "live", "Signed bodies a second from one key; 0: unlimited."),
        ("journal.segment_bytes", "268435456", "268435456", "restart", "Size at which a segment is sealed."),
        ("log.level", '"info"', '"info"', "live", "Lowest level shown."),
        ("node.key_file", "<unset>", "<unset>", "restart", "File with the node key's seed, mode 0600."),
        ("node.name", '"edge-07"', '"edge-node"', "restart", "A name for people; shown in the TUI and in /info."),
        ("store.piece_bytes_max", "134217728", "134217728", "live", "Largest piece, bytes."),
    ]
    return [
        {"name": name, "value": value, "default": default, "reload": reload, "about": about,
         "source": "default" if value == default else f"/etc/edge-node/edge-node.toml:{number + 3}",
         "origin": "default" if value == default else "file", "secret": value.startswith("<"),
         "pending": '"0.0.0.0:8091"' if health == "degraded" and name == "http.listen"
         else "4096" if health == "degraded" and name == "http.connections_max" else None}
        for number, (name, value, default, reload, about) in enumerate(rows)
    ]  # fmt: skip


def logs(health: str = "healthy", count: int = 60) -> list[dict[str, Any]]:
    kinds = [
        ("info", "gateway", "body.stored", {"stream": "site/temperature", "count": "10", "took_ms": "2.1"}),
        ("info", "store", "piece.stored", {"cid": "baebb4iab…", "bytes": "1048576", "took_ms": "9.4"}),
        ("debug", "streams", "tail.trimmed", {"stream": "site/flow", "bytes": "65536"}),
        ("warning", "gateway", "request.refused", {"slug": "bad-signature", "peer": "10.0.0.7", "key": "3f9a22c1"}),
        ("info", "devices", "device.enrolled", {"name": "gate\x1b[2J\u202e\u2066evil", "key": "00001000"}),
    ]
    if health == "degraded":
        kinds.append(("error", "journal", "round.late", {"took_ms": "480", "records": "412", "reason": "the disk"}))
    return [
        {"n": n, "t_ms": NOW_MS - 500 * (count - n), "level": level, "room": room, "name": name, "fields": fields}
        for n, (level, room, name, fields) in ((n, kinds[n % len(kinds)]) for n in range(1, count + 1))
    ]


def refusals(health: str = "healthy") -> dict[str, Any]:
    many = 300 if health == "degraded" else 1
    remedies = {"bad-signature": "Sign the exact bytes that are sent (docs/specs/signed-event.md).",
                "device-suspended": "Ask the operator to resume the device.",
                "unknown-key": "Enrol the key: edge-node device enrol."}  # fmt: skip
    rows = [
        {"n": n, "t_ms": NOW_MS - 9_000 * (40 - n), "slug": slug, "status": 401 if slug != "device-suspended" else 403,
         "title": slug.replace("-", " ").capitalize(), "detail": f"body {n}: {slug.replace('-', ' ')}",
         "remedy": remedies[slug], "key": "3f9a22c1", "peer": f"10.0.0.{n}", "door": "http"}
        for n, slug in ((n, list(remedies)[n % 3]) for n in range(1, 38))
    ]  # fmt: skip
    return {
        "total": 37 if many == 1 else 12_904,
        "by_slug": [
            {"slug": slug, "title": slug.replace("-", " ").capitalize(), "count": (20 - 7 * place) * many,
             "last_ms": NOW_MS - 9_000 * (place + 1), "remedy": remedy}
            for place, (slug, remedy) in enumerate(remedies.items())
        ],
        "refusals": rows[::-1],
        "next": None,
    }  # fmt: skip


def events(stream: str, access: str = "rw", count: int = 30) -> dict[str, Any]:
    rows: list[dict[str, Any]] = [
        {"offset": n, "cid": cid_of(str(n).encode()), "item": 0, "t": NOW_MS - 1_000 * (count - n), "q": 2,
         "late": n == 5, "received": NOW_MS - 1_000 * (count - n) + 40, "clock": 2, "key": "3f9a22c1" + "77" * 28,
         "seq": 16_777_216 + n, "content_type": "application/json",
         "event": {"value": 20 + n / 4, "unit": "Cel", "place": "north\u202e" if n == 7 else "north"}}
        for n in range(count)
    ]  # fmt: skip
    rows[3] |= {"event": None, "data_base64": base64.b64encode(b"\x00\x01raw\xff").decode(), "content_type": "x/y"}
    if access == "ro":
        for row in rows:
            row.pop("event", None)
            row.pop("data_base64", None)
    return {"stream": stream, "vault": "ab" * 32, "events": rows, "next": count, "end": count}


def endpoints(kind: str) -> list[dict[str, Any]]:
    """Three of two groups: one leads, one is behind, one lied; in trouble nobody answers. Their texts are theirs."""
    well = kind not in {"stalled", "off"}
    rows = [
        ("wss://rpc.mainnet.example.org:443/ws", "foundation", "usable", "answers in time", 12_481_730, 12_481_733,
         41.4, 90_113, 0, well, None),
        ("wss://archive.example.net/edge", "people\x1b[31m", "behind", "17 blocks behind the others for 80 s",
         12_481_713, 12_481_719, 220.0, 1_204, 0, False, None),
        ("ws://10.0.0.9:9944", "own", "banned", "a proof for another key \u202ethan was asked for", 12_481_730, None,
         None, 12, 3, False, NOW_MS + 240_000),
    ]  # fmt: skip
    names = ("url", "group", "verdict", "reason", "finalized", "best", "latency_ms", "asked", "refused", "leads",
             "banned_until_ms")  # fmt: skip
    found = [dict(zip(names, row, strict=True)) for row in rows]
    if kind == "following":
        found[2] |= {"verdict": "untried", "reason": "waits for its turn", "refused": 0, "banned_until_ms": None}
    if not well:
        for row in found[:2]:
            row |= {"verdict": "unreachable", "reason": "connection refused", "latency_ms": None}
    return [] if kind == "off" else found


CHAINS = {
    "following": ("following", "finality is proved block by block, 2 groups of endpoints agree", ""),
    "stalled": ("stalled", "no endpoint has answered for 4 minutes: the network, or all of 3 endpoints",
                "Look at the network of this machine; it goes on by itself when one answers."),
    "off": ("off", "no network is set, so no chain is followed",
            "Set chain.network, or chain.spec_file, and start the node again (docs/how-to/follow-a-chain.md)."),
    "halted": ("halted", "two blocks at height 12,481,731 have valid justifications of one set of authorities",
               "Keep chain.db and send a bundle; nothing is read or written until an operator decides."),
    "needs-checkpoint": ("needs-checkpoint", "a forced change of the authorities in block 12,400,000", ""),
    "no-anchor": ("no-anchor", "the network came without a checkpoint",
                  "Import one: edge-node chain checkpoint import."),
    "warping": ("warping", "2,400 of about 12,481,730 blocks are proved", ""),
}  # fmt: skip


def chain(kind: str = "following") -> dict[str, Any]:
    """The chain's document: `history` advances every 6 s or so, with one wait of two minutes, after a leap."""
    state, reason, remedy = CHAINS[kind]
    off, bare = kind == "off", kind in {"off", "no-anchor"}
    ended = NOW_MS - (240_000 if kind == "stalled" else 2_400)
    number, history, t_ms = 12_481_730, list[list[int]](), ended
    for step in range(120):
        history.append([t_ms, number])
        number -= 5_000 if step == 118 else 1 + step % 3 if step % 9 else 4
        t_ms -= 120_000 if step == 40 else 6_000 + 900 * (step % 4)
    return {
        "network": None if off else "cere-mainnet", "genesis": None if off else "81443836a9a24caa" + "0c" * 24,
        "state": state, "reason": reason, "remedy": remedy, "since_ms": None if off else NOW_MS - 7_500_000,
        "finalized": None if bare else {"number": 12_481_730, "hash": "4e" * 32, "state_root": "5f" * 32,
                                        "set_id": 9_211, "voters": 60, "slot_ms": ended - 1_800, "verified_ms": ended},
        "age_ms": None if bare else NOW_MS - ended + 1_800, "best": None if bare else 12_481_733,
        "provisional": "asleep for 5 days, longer than the validators' stake is bound." if kind == "halted" else "",
        "writes": kind == "following",
        "runtime": None if off else {"spec_version": None if bare else 73_158, "code": None if bare else "7c" * 32,
                                     "metadata": None if bare else "8d" * 32, "why": "not proved yet" if bare else ""},
        "endpoints": endpoints(kind), "history": [] if bare else history[::-1],
        "hand_offs": 0 if bare else 40, "verified": 0 if bare else 1_204, "refused": 0 if bare else 3,
    }  # fmt: skip


CHAIN_OF = {"healthy": "following", "degraded": "stalled", "disconnected": "following"}


def picture(health: str = "healthy", access: str = "rw") -> NodeState:
    """What a UI knows after it read everything; `disconnected` lost the link 12 s ago."""
    import msgspec

    state = NodeState()
    state.via = "uds"
    for step in range(60):
        document = node(health, access)
        document["events"]["events_per_s"] = 250.4 - 200 * (step % 7 == 0) + step
        document["journal"]["commit"]["p99_ms"] = 8.4 + (step * 37 % 11)
        state.set_node(msgspec.convert(document, Node), NOW_S - 60 + step)
    state.set_node(msgspec.convert(node(health, access), Node), NOW_S)
    state.streams.put(msgspec.convert(streams(health), list[Stream]))
    state.devices.put(msgspec.convert(devices(health), list[Device]))
    state.pieces.put(msgspec.convert(pieces(health), list[Piece]))
    state.buckets.put(msgspec.convert(buckets(health), list[Bucket]))
    state.set_names(7, msgspec.convert(names("7")["names"], list[BucketName]))
    state.settings.put(msgspec.convert(settings(health), list[Setting]))
    state.logs.put(msgspec.convert(logs(health), list[LogLine]))
    state.refusals.put(msgspec.convert(refusals(health)["refusals"], list[Refusal]))
    state.set_reasons(msgspec.convert(refusals(health)["by_slug"], list[RefusalReason]), refusals(health)["total"])
    state.set_chain(msgspec.convert(chain(CHAIN_OF[health]), Chain, strict=False))
    state.set_link(Link(Phase.LIVE, NOW_S))
    if health == "disconnected":
        state.seen_at_s = NOW_S - 12
        state.set_link(Link(Phase.LOST, NOW_S - 12, "connection refused", "Start the node.", NOW_S + 3, 2))
    state.loading.pop(Topic.PIECES, None)
    return state
