"""Makes tests/vectors/chain/metadata-pin.json with hashlib and PyNaCl alone, so that it does not depend on ours.

Run it from the repository's root: python tests/vectors/make_metadata_pin_vectors.py. A test compares: it always makes
the same.
"""

import base64
import hashlib
import json
from pathlib import Path

from nacl.bindings import crypto_sign, crypto_sign_seed_keypair

FILE = Path(__file__).parent / "chain/metadata-pin.json"
TAG = "edge_node/metadata-pin/v1"
RELEASE, OPERATOR, STRANGER = (11, 12, 13), 14, 15
ISSUED, NOW = 1_790_000_000_000, 1_790_100_000_000
GENESIS = "47" * 32


def public(number):
    return crypto_sign_seed_keypair(bytes([number]) * 32)[0]


def sign(number, message):
    return crypto_sign(message, crypto_sign_seed_keypair(bytes([number]) * 32)[1])[:64]


def b64url(raw):
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def canonical(value):
    """RFC 8785 for the values used here: ASCII keys and integers."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def blake2b(raw):
    return hashlib.blake2b(raw, digest_size=32).hexdigest()


# What the runtime's `:code` and metadata of two versions are stands in for: their hashes are what is signed.
CODE, METADATA = b"\0asm\x01\0\0\0", (b"meta\x0e and so on", b"meta\x0f and so on")
GOOD = {
    "genesis": GENESIS,
    "spec_version": 73_003,
    "code": blake2b(CODE),
    "metadata": sorted(map(blake2b, METADATA)),
    "issued": ISSUED,
    "counter": 1,
}
TAKEN_BACK = GOOD | {"metadata": [], "counter": 2}


def message(payload):
    return TAG.encode() + b"\x00" + payload


def envelope(payload, numbers, tag=TAG):
    signatures = [{"keyid": public(n).hex(), "sig": b64url(sign(n, message(payload)))} for n in numbers]
    return canonical({"payloadType": tag, "payload": b64url(payload), "signatures": signatures}).decode()


def vector(case, by, payload, numbers):
    raw = canonical(payload)
    return {
        "case": case, "by": by, "payload": raw.decode(), "digest_hex": blake2b(raw), "envelope": envelope(raw, numbers)
    }  # fmt: skip


def vectors():
    return [
        vector("two of the release, two versions of metadata", "release", GOOD, RELEASE[:2]),
        vector("the operator", "operator", GOOD, (OPERATOR,)),
        vector("one version of metadata", "operator", GOOD | {"metadata": GOOD["metadata"][:1]}, (OPERATOR,)),
        vector("taken back", "release", TAKEN_BACK, RELEASE),
        vector("the operator and one of the release", "operator", GOOD, (RELEASE[0], OPERATOR)),
    ]


def refused():
    def signed(why, slug, *, numbers=RELEASE[:2], **changes):
        payload = canonical({name: value for name, value in (GOOD | changes).items() if value is not ...})
        return {"why": why, "slug": slug, "envelope": envelope(payload, numbers)}

    def malformed(why, **changes):
        return signed(why, "malformed-metadata-pin", **changes)

    one, two = GOOD["metadata"]
    good, untrusted = canonical(GOOD), "metadata-pin-not-trusted"
    return [
        signed("one of the release", untrusted, numbers=RELEASE[:1]),
        signed("a stranger", untrusted, numbers=(STRANGER,)),
        signed("one of the release and a stranger", untrusted, numbers=(RELEASE[0], STRANGER)),
        {"why": "signed as a checkpoint", "slug": "malformed-document",
         "envelope": envelope(good, RELEASE[:2], "edge_node/checkpoint/v1")},
        {"why": "signed and not canonical", "slug": "malformed-json",
         "envelope": envelope(good.replace(b",", b", ", 1), RELEASE[:2])},
        {"why": "signed and no object", "slug": "malformed-document", "envelope": envelope(b"[]", RELEASE[:2])},
        {"why": "cut in half", "slug": "malformed-json", "envelope": envelope(good, RELEASE[:2])[:-200]},
        *(malformed(f"no {name}", **{name: ...}) for name in GOOD),
        malformed("a member too many", expires=NOW),
        malformed("hashes out of order", metadata=[two, one]),
        malformed("a hash twice", metadata=[one, one]),
        malformed("a hash too many", metadata=[f"{n:02x}" * 32 for n in range(5)]),
        malformed("a hash in capitals", metadata=[one.upper()]),
        malformed("a hash with 0x", metadata=["0x" + one]),
        malformed("one hash that is no list", metadata=one),
        malformed("a hash that is null", metadata=[None]),
        malformed("code of 31 bytes", code=GOOD["code"][2:]),
        malformed("code that is null", code=None),
        malformed("genesis that is null", genesis=None),
        malformed("spec_version in text", spec_version="73003"),
        malformed("spec_version that is true", spec_version=True),
        malformed("spec_version below zero", spec_version=-1),
        malformed("spec_version of 33 bits", spec_version=1 << 32),
        malformed("counter 0", counter=0),
        malformed("counter that is null", counter=None),
        malformed("issued before 1970", issued=-1),
        signed("another network", "metadata-pin-of-another-network", genesis="00" * 32),
        signed("of tomorrow", "metadata-pin-from-future", issued=NOW + 600_001),
    ]  # fmt: skip


def content():
    return {
        "about": "Made by make_metadata_pin_vectors.py. Each of `vectors` is believed as `judged` says, and none of"
        " `refused`.",
        "source": "written from docs/specs/metadata-pin.md with hashlib and PyNaCl",
        "judged": {
            "release_hex": [public(number).hex() for number in RELEASE],
            "operator_hex": public(OPERATOR).hex(),
            "genesis_hex": GENESIS,
            "now_ms": NOW,
        },
        "code_hex": CODE.hex(),
        "metadata_hex": [one.hex() for one in METADATA],
        "vectors": vectors(),
        "refused": refused(),
    }


def render(value):
    return json.dumps(value, indent=1) + "\n"


if __name__ == "__main__":
    FILE.write_text(render(content()))
