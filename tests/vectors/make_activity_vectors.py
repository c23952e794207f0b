"""Makes the vectors in tests/vectors/activity with hashlib and PyNaCl alone, so that they do not depend on the product.

Run it from the repository's root: python tests/vectors/make_activity_vectors.py. It is deterministic: a test compares.
These bytes are era leaves: they never change, new ones are only added.
"""

import hashlib
import json
from pathlib import Path

from nacl.bindings import crypto_sign, crypto_sign_seed_keypair

FOLDER = Path(__file__).parent / "activity"

NOW_MS = 1_790_000_000_000
HELLO = bytes.fromhex("01021e20d664895e7b1362278104818d6198e61c397ef8d8d21c7593f73c06aa979f766c")  # "Hello small piece"
NODE = bytes([0x11]) * 32
BUCKET = 7


# --- MessagePack and protobuf, as far as needed -------------------------------------------------------------------


def pack(value):
    """Shortest forms; no map, no float."""
    if isinstance(value, list):
        head = bytes([0x90 | len(value)]) if len(value) < 16 else b"\xdc" + len(value).to_bytes(2, "big")
        return head + b"".join(pack(one) for one in value)
    if isinstance(value, bytes):
        wide = 1 if len(value) < 256 else 2
        return bytes([0xC3 + wide]) + len(value).to_bytes(wide, "big") + value
    if value < 128:
        return bytes([value])
    for code, wide in ((0xCC, 1), (0xCD, 2), (0xCE, 4), (0xCF, 8)):
        if value < 1 << (8 * wide):
            return bytes([code]) + value.to_bytes(wide, "big")
    raise ValueError(value)


def varint(value):
    out = b""
    while value > 127:
        out, value = out + bytes([value & 127 | 128]), value >> 7
    return out + bytes([value])


def number(field, value):
    return varint(field << 3) + varint(value) if value else b""


def data(field, value):
    return varint(field << 3 | 2) + varint(len(value)) + value if value else b""


# --- signed messages ----------------------------------------------------------------------------------------------


def public(seed):
    return crypto_sign_seed_keypair(bytes([seed]) * 32)[0]


def signature(seed, message):
    value = crypto_sign(message, crypto_sign_seed_keypair(bytes([seed]) * 32)[1])[:64]
    return data(2, public(seed)) + data(3, value)


def request(seed, request_id, kind, cid, size):
    message = data(2, request_id.encode()) + number(3, kind) + number(5, BUCKET) + data(6, cid) + number(8, size)
    message += number(9, NOW_MS)
    return message + data(10, signature(seed, message))


def acknowledgment(seed, request_id, amount):
    message = data(1, request_id.encode()) + number(2, amount) + number(3, NOW_MS)
    return message + data(4, signature(seed, message))


def identity(seed, kind, request_id):
    raw = public(seed) + bytes([kind]) + request_id.encode()
    return hashlib.blake2b(raw, digest_size=16).digest()


# --- records ------------------------------------------------------------------------------------------------------


def record(case, action, holder, serial, session, span, count, total, acked, parts, digests=()):
    window = bytes([0xAA]) * 8 + serial.to_bytes(8, "big")
    head = [15, 1, action, NODE, holder, BUCKET, window, session, NOW_MS, NOW_MS + span, 2, count, total, acked]
    payload = pack([*head, list(parts), list(digests)])
    return {
        "case": case,
        "payload_hex": payload.hex(),
        "leaf_hex": hashlib.blake2b(b"\x00" + payload, digest_size=32).hexdigest(),
    }


def further(seed, request_id, part):
    evidence = hashlib.blake2b(pack(part), digest_size=32).digest()
    return [identity(seed, 1, request_id), evidence, *part[1:5]]


def records():
    place = bytes([0xBB]) * 16
    stored = request(1, "store-1", 0, b"", 17)
    read, read_ack = request(1, "read-1", 1, HELLO, 0), acknowledgment(1, "read-1", 4_000_000)
    parts = [
        [HELLO, 0, 17, 0, 17, request(1, f"many-{at}", 1, HELLO, 0), acknowledgment(1, f"many-{at}", 17)]
        for at in range(14)
    ]
    return [
        record("a piece is stored", 0, public(1), 1, bytes(16), 0, 1, 17, 0, [[HELLO, 0, 17, 0, 0, stored, b""]]),
        record("a name is stored without a request", 0, public(1), 2, bytes(16), 0, 1, 90, 0,
               [[b"", 0, 90, 0, 0, b"", b""]]),
        record("a read goes on from the record before", 1, public(1), 3, place, 1_500, 1, 33_554_432, 4_000_000,
               [[HELLO, 4_000_000, 37_554_432, 0, 4_000_000, read, read_ack]]),
        record("anybody reads, more often than is listed", 1, bytes(32), 4, place, 59_000, 40, 680, 0,
               [[HELLO, 0, 17, 0, 0, b"", b""]] * 12),
        record("two reads more than stand in full", 1, public(1), 5, place, 59_999, 14, 238, 238, parts[:12],
               [further(1, f"many-{at}", parts[at]) for at in (12, 13)]),
    ]  # fmt: skip


def files():
    about = "Activity records (docs/specs/activity.md), made by tests/vectors/make_activity_vectors.py with PyNaCl."
    identities = [
        {
            "signer_hex": public(seed).hex(),
            "type": kind,
            "request_id": name,
            "identity_hex": identity(seed, kind, name).hex(),
        }
        for seed, kind, name in ((1, 0, "store-1"), (1, 1, "read-1"), (2, 1, "x" * 64))
    ]
    return {"record.json": {"about": about, "vectors": records(), "identities": identities}}


def render(content):
    return json.dumps(content, indent=1) + "\n"


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, content in files().items():
        (FOLDER / name).write_text(render(content))
