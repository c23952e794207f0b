"""Makes tests/vectors/chain/checkpoint.json with hashlib, PyNaCl and zlib alone, so that it does not depend on ours.

Run it from the repository's root: python tests/vectors/make_checkpoint_vectors.py. A test compares: it always makes
the same.
"""

import base64
import hashlib
import json
import struct
import zlib
from pathlib import Path

from nacl.bindings import crypto_sign, crypto_sign_seed_keypair

FILE = Path(__file__).parent / "chain/checkpoint.json"
TAG = "edge_node/checkpoint/v1"
RELEASE, OPERATOR, STRANGER = (11, 12, 13), 14, 15
ISSUED, EXPIRES, NOW = 1_790_000_000_000, 1_790_600_000_000, 1_790_100_000_000
GENESIS = bytes([0x47]) * 32
WEEK_MS = 7 * 86_400_000


def public(number):
    return crypto_sign_seed_keypair(bytes([number]) * 32)[0]


def sign(number, message):
    return crypto_sign(message, crypto_sign_seed_keypair(bytes([number]) * 32)[1])[:64]


def b64url(raw):
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def canonical(value):
    """RFC 8785 for the values used here: ASCII keys and integers."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def compact(number):
    """SCALE's compact form below 2**30."""
    if number < 1 << 6:
        return bytes([number << 2])
    return (number << 2 | 1).to_bytes(2, "little") if number < 1 << 14 else (number << 2 | 2).to_bytes(4, "little")


def voters(*numbers):
    return [[public(number).hex(), 1] for number in numbers]


def scale_voters(*numbers):
    return compact(len(numbers)) + b"".join(public(number) + struct.pack("<Q", 1) for number in numbers)


def header(number, *items):
    head = bytes([0x11]) * 32 + compact(number) + bytes([0x22]) * 32 + bytes([0x33]) * 32
    return head + compact(len(items)) + b"".join(items)


def grandpa_item(payload):
    return b"\x04FRNK" + compact(len(payload)) + payload


def scheduled(delay, *numbers):
    return grandpa_item(b"\x01" + scale_voters(*numbers) + struct.pack("<I", delay))


def forced(delay, *numbers):
    median = struct.pack("<I", 7)
    return grandpa_item(b"\x02" + median + scale_voters(*numbers) + struct.pack("<I", delay))


# Block 20,000 was made in slot 298,333,333 by the secondary author 2, and announced a set for block 20,005.
PLAIN = b"\x06BABE" + compact(13) + b"\x02" + struct.pack("<IQ", 2, 298_333_333)
GOOD = {
    "genesis": GENESIS.hex(),
    "header": header(20_000, PLAIN, scheduled(5, 1, 2, 3, 4)).hex(),
    "set_id": 41,
    "authorities": voters(1, 2, 3),
    "pending": [{"number": 20_005, "authorities": voters(1, 2, 3, 4)}],
    "issued": ISSUED,
    "expires": EXPIRES,
    "counter": 7,
}
QUIET = GOOD | {"header": header(20_000, PLAIN).hex(), "pending": []}


def message(payload):
    return TAG.encode() + b"\x00" + payload


def envelope(payload, numbers, tag=TAG):
    signatures = [{"keyid": public(n).hex(), "sig": b64url(sign(n, message(payload)))} for n in numbers]
    return canonical({"payloadType": tag, "payload": b64url(payload), "signatures": signatures}).decode()


def vector(case, by, payload, numbers):
    raw = canonical(payload)
    return {
        "case": case,
        "by": by,
        "payload": raw.decode(),
        "digest_hex": hashlib.blake2b(raw, digest_size=32).hexdigest(),
        "block_hex": hashlib.blake2b(bytes.fromhex(payload["header"]), digest_size=32).hexdigest(),
        "envelope": envelope(raw, numbers),
    }


def vectors():
    enacted = GOOD | {"header": header(20_000, PLAIN, scheduled(0, 1, 2, 3)).hex(), "pending": []}
    reset = QUIET | {"header": header(9, forced(0, 1, 2, 3)).hex()}
    first = bytes(32) + compact(0) + bytes([0x22]) * 32 + bytes([0x33]) * 32 + compact(0)
    genesis = QUIET | {
        "genesis": hashlib.blake2b(first, digest_size=32).hexdigest(), "header": first.hex(), "set_id": 0, "counter": 1
    }  # fmt: skip
    return [
        vector("two of the release, a change pending", "release", GOOD, RELEASE[:2]),
        vector("all of the release", "release", GOOD, RELEASE),
        vector("two of the release, and a stranger", "release", GOOD, (STRANGER, *RELEASE[1:])),
        vector("the operator", "operator", GOOD, (OPERATOR,)),
        vector("the operator and one of the release", "operator", GOOD, (RELEASE[0], OPERATOR)),
        vector("nothing pending", "release", QUIET, RELEASE[:2]),
        vector("the block ends a set", "release", enacted, RELEASE[:2]),
        vector("a forced change is in force", "operator", reset, (OPERATOR,)),
        vector("the first block", "operator", genesis, (OPERATOR,)),
    ]


def refused():
    def signed(why, slug, *, numbers=RELEASE[:2], **changes):
        payload = canonical({name: value for name, value in (GOOD | changes).items() if value is not ...})
        return {"why": why, "slug": slug, "envelope": envelope(payload, numbers)}

    def malformed(why, **changes):
        return signed(why, "malformed-checkpoint", **changes)

    def of_block(why, *items, **changes):
        return malformed(why, header=header(20_000, *items).hex(), **changes)

    wrong_signature = json.loads(envelope(canonical(GOOD), (RELEASE[0], OPERATOR)))
    wrong_signature["signatures"][1]["sig"] = b64url(bytes(64))
    good = canonical(GOOD)
    untrusted = "checkpoint-not-trusted"
    return [
        signed("one of the release", untrusted, numbers=RELEASE[:1]),
        signed("a stranger", untrusted, numbers=(STRANGER,)),
        signed("one of the release and a stranger", untrusted, numbers=(RELEASE[0], STRANGER)),
        {"why": "no signature of the operator's", "slug": untrusted, "envelope": canonical(wrong_signature).decode()},
        {"why": "signed as another kind", "slug": "malformed-document",
         "envelope": envelope(good, RELEASE[:2], "edge_node/key-certificate/v1")},
        {"why": "signed and not canonical", "slug": "malformed-json",
         "envelope": envelope(good.replace(b",", b", ", 1), RELEASE[:2])},
        {"why": "signed and cut in half", "slug": "malformed-json", "envelope": envelope(good[:200], RELEASE[:2])},
        {"why": "signed and no object", "slug": "malformed-document", "envelope": envelope(b"[]", RELEASE[:2])},
        {"why": "cut in half", "slug": "malformed-json", "envelope": envelope(good, RELEASE[:2])[:-200]},
        malformed("no header", header=...),
        malformed("no pending", pending=...),
        malformed("a member too many", height=20_000),
        malformed("set_id that is text", set_id="41"),
        malformed("set_id that is true", set_id=True),
        malformed("set_id below zero", set_id=-1),
        malformed("counter 0", counter=0),
        malformed("no authorities", authorities=[]),
        malformed("an authority twice", authorities=voters(1, 2, 1)),
        malformed("an authority without weight", authorities=[[public(1).hex(), 0]]),
        malformed("an authority of text weight", authorities=[[public(1).hex(), "1"]]),
        malformed("an authority in capitals", authorities=[[public(1).hex().upper(), 1]]),
        malformed("an authority of 31 bytes", authorities=[[public(1).hex()[2:], 1]]),
        malformed("an authority of three members", authorities=[[public(1).hex(), 1, 1]]),
        malformed("authorities in an object", authorities={public(1).hex(): 1}),
        malformed("genesis with 0x", genesis="0x" + GENESIS.hex()),
        malformed("header with 0x", header="0x" + GOOD["header"]),
        malformed("header of odd digits", header=GOOD["header"] + "0"),
        malformed("header in capitals", header=GOOD["header"].upper()),
        malformed("header cut", header=GOOD["header"][:-2]),
        malformed("header with more behind", header=GOOD["header"] + "00"),
        malformed("header that is empty", header=""),
        malformed("header that is another first block", header=header(0).hex(), pending=[]),
        malformed("a change pending that took place", pending=[{"number": 20_000, "authorities": voters(1)}]),
        malformed("changes pending out of order", pending=[
            {"number": 20_009, "authorities": voters(1)}, {"number": 20_005, "authorities": voters(1, 2, 3, 4)}]),
        malformed("a change pending twice", pending=GOOD["pending"] * 2),
        malformed("a change pending to nobody", pending=[{"number": 20_005, "authorities": []}]),
        malformed("a change pending with a delay", pending=[GOOD["pending"][0] | {"delay": 5}]),
        malformed("too many changes pending", pending=[
            *GOOD["pending"], *({"number": 20_006 + n, "authorities": voters(1)} for n in range(16))]),
        malformed("the block's announcement left out", pending=[]),
        malformed("the block's announcement at another block", pending=[GOOD["pending"][0] | {"number": 20_006}]),
        malformed("the block's announcement of others", pending=[{"number": 20_005, "authorities": voters(1, 2)}]),
        of_block("authorities that the block replaced", scheduled(0, 1, 2, 4), pending=[]),
        of_block("authorities that the block forced out", forced(0, 1, 2, 4), pending=[]),
        of_block("a forced change that waits", forced(5, 1, 2, 3, 4)),
        of_block("an announcement that is none", grandpa_item(b"\x01\x04"), pending=[]),
        malformed("an end before the beginning", issued=EXPIRES),
        malformed("an end more than a year after", expires=ISSUED + 366 * 86_400_000 + 1),
        malformed("times in text", issued=str(ISSUED)),
        malformed("a beginning before 1970", issued=-1),
        signed("another network", "checkpoint-of-another-network", genesis="00" * 32),
        signed("over", "checkpoint-expired", issued=NOW - WEEK_MS, expires=NOW),
        signed("of tomorrow", "checkpoint-from-future", issued=NOW + 600_001, expires=NOW + WEEK_MS),
        signed("an old counter", "checkpoint-goes-back", counter=5),
        signed("the counter of another", "checkpoint-conflicts", counter=6),
        signed("a lower block", "checkpoint-goes-back", header=header(18_999).hex(), pending=[]),
        signed("another block of the same height", "checkpoint-conflicts", header=header(19_000).hex(), pending=[]),
    ]  # fmt: skip


def base32(raw):
    return base64.b32encode(raw).decode().rstrip("=")


def check(raw):
    return base32(hashlib.blake2b(raw, digest_size=32).digest()[:5])


def stored(raw):
    """A zlib stream that does not compress (RFC 1950, RFC 1951 section 3.2.4): no two writers differ in it."""
    head = b"\x78\x01\x01" + struct.pack("<HH", len(raw), len(raw) ^ 0xFFFF)
    return head + raw + struct.pack(">I", zlib.adler32(raw))


def parts(payload, numbers, size):
    """Texts of one document, with `size` digits of it each."""
    entries = b"".join(public(n) + sign(n, message(payload)) for n in numbers)
    blob = bytes([len(numbers)]) + entries + stored(payload)
    digits = base32(blob)
    pieces = [digits[start : start + size] for start in range(0, len(digits), size)]
    heads = [f"CKPT1/{n}/{len(pieces)}/{check(blob)}/{piece}" for n, piece in enumerate(pieces, 1)]
    return [f"{head}/{check(head.encode())}" for head in heads]


def content():
    return {
        "about": "Made by make_checkpoint_vectors.py. Each of `vectors` is believed as `judged` says, and none of"
        " `refused`. `parts` are the texts of the first of `vectors`, with a payload that is stored, not compressed.",
        "source": "written from docs/specs/checkpoint.md with hashlib, PyNaCl and zlib",
        "judged": {
            "release_hex": [public(number).hex() for number in RELEASE],
            "operator_hex": public(OPERATOR).hex(),
            "genesis_hex": GENESIS.hex(),
            "now_ms": NOW,
            "seen": {"counter": 6, "digest_hex": "ab" * 32, "number": 19_000, "block_hex": "cd" * 32},
        },
        "vectors": vectors(),
        "refused": refused(),
        "parts": parts(canonical(GOOD), RELEASE[:2], 600),
    }


def render(value):
    return json.dumps(value, indent=1) + "\n"


if __name__ == "__main__":
    FILE.write_text(render(content()))
