"""Makes the vectors in tests/vectors/trust with hashlib and PyNaCl alone, so that they do not depend on the product.

Run it from the repository's root: python tests/vectors/make_trust_vectors.py. It is deterministic: a test compares.
"""

import base64
import hashlib
import json
import struct
from pathlib import Path

from nacl.bindings import crypto_sign, crypto_sign_seed_keypair

FOLDER = Path(__file__).parent / "trust"

ORDER = 2**252 + 27742317777372353535851937790883648493  # of the Ed25519 group, RFC 8032 section 5.1
FIELD = 2**255 - 19
EMPTY_BLAKE3 = "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"  # BLAKE3-256 of no bytes
HELLO_BLAKE3 = "d664895e7b1362278104818d6198e61c397ef8d8d21c7593f73c06aa979f766c"  # of "Hello small piece"


def seed(number):
    """A fixed 32-byte seed: one byte repeated."""
    return bytes([number]) * 32


def public(number):
    return crypto_sign_seed_keypair(seed(number))[0]


def sign(number, message):
    return crypto_sign(message, crypto_sign_seed_keypair(seed(number))[1])[:64]


def b64(raw):
    return base64.b64encode(raw).decode()


def b64url(raw):
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def compact(value):
    """RFC 8785 for the values used here: ASCII keys and integers."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


# --- the signed event ---------------------------------------------------------------------------------------------


def event(case, number, audience, stream, content_type, seq, t_ms, quality, body):
    message = b"edge_node/event/v1" + b"\x00" + b"\x01" + public(number) + audience
    message += bytes([len(stream)]) + stream.encode() + bytes([len(content_type)]) + content_type.encode()
    message += struct.pack("<Q", seq) + struct.pack("<Q", t_ms) + bytes([quality]) + struct.pack("<I", len(body))
    message += hashlib.blake2b(body, digest_size=32).digest()
    signature = sign(number, message)
    header = (
        f"key={public(number).hex()}, audience={audience.hex()}, stream={stream}, seq={seq}, t={t_ms}, q={quality},"
        f" sig={b64(signature)}"
    )
    frame = b"EE" + b"\x01" + b"\x01" + public(number) + struct.pack("<Q", seq) + struct.pack("<Q", t_ms)
    frame += bytes([quality]) + bytes([len(content_type)]) + content_type.encode() + signature + body
    return {
        "case": case,
        "seed_hex": seed(number).hex(),
        "key_hex": public(number).hex(),
        "audience_hex": audience.hex(),
        "stream": stream,
        "content_type": content_type,
        "seq": str(seq),
        "t_ms": str(t_ms),
        "quality": quality,
        "body_hex": body.hex(),
        "message_hex": message.hex(),
        "signature_hex": signature.hex(),
        "header": header,
        "frame_hex": frame.hex(),
    }


def events():
    node, top = public(1), 2**64 - 1
    cloudevent, lines = "application/cloudevents+json", "application/x-ndjson; charset=utf-8"
    reading = b'{"specversion":"1.0","id":"1","source":"/site/a","type":"reading","data":{"celsius":21.5}}'
    return [
        event("a reading", 2, node, "site/temperature", cloudevent, 2**32 + 1, 1790000000000, 2, reading),
        event("no body, smallest numbers", 2, node, "a", "a/b", 0, 0, 0, b""),
        event("largest numbers", 3, public(4), "0._/-z", "text/plain", top, top, 3, bytes(range(256))),
        event("longest stream", 3, node, "s" * 127, "application/octet-stream", 7, 1, 1, b"\x00"),
        event("longest content type", 3, node, "s", "a/" + "b" * 253, 7, 1, 1, b"x"),
        event("parameters are signed", 5, node, "lines", lines, 9, 1790000000001, 2, b'{"a":1}\n{"a":2}\n'),
    ]


def event_header_refusals(good):
    """(why, header) for spellings that must be refused before anything is verified."""
    header, fields = good["header"], dict(part.split("=", 1) for part in good["header"].split(", "))

    def with_field(name, value):
        return ", ".join(f"{key}={value if key == name else old}" for key, old in fields.items())

    without = [(f"without {name}", ", ".join(f"{k}={v}" for k, v in fields.items() if k != name)) for name in fields]
    sig = fields["sig"]
    return [
        *without,
        ("empty", ""),
        ("blank", "   "),
        ("one comma", ","),
        ("a field twice", header + ", q=2"),
        ("a field twice with another value", header + ", seq=1"),
        ("an unknown field", header + ", alg=1"),
        ("a trailing comma", header + ","),
        ("a doubled comma", header.replace(", ", ",, ", 1)),
        ("semicolons", header.replace(",", ";")),
        ("a field name in upper case", header.replace("seq=", "SEQ=")),
        ("space before the equals sign", header.replace("seq=", "seq =")),
        ("space after the equals sign", header.replace("seq=", "seq= ")),
        ("no value", with_field("stream", "")),
        ("quoted value", with_field("stream", '"a"')),
        ("key in upper case", with_field("key", fields["key"].upper())),
        ("key with a prefix", with_field("key", "0x" + fields["key"])),
        ("key one digit short", with_field("key", fields["key"][:-1])),
        ("key one byte long", with_field("key", fields["key"] + "00")),
        ("key with spaces", with_field("key", fields["key"][:62] + " 0")),
        ("audience not hexadecimal", with_field("audience", "g" * 64)),
        ("seq with leading zero", with_field("seq", "01")),
        ("seq with sign", with_field("seq", "+1")),
        ("seq negative", with_field("seq", "-1")),
        ("seq of 2^64", with_field("seq", str(2**64))),
        ("seq of twenty-one digits", with_field("seq", "1" * 21)),
        ("seq of another script", with_field("seq", "\u0661")),
        ("seq with underscore", with_field("seq", "1_0")),
        ("seq with fraction", with_field("seq", "1.0")),
        ("t of 2^64", with_field("t", str(2**64))),
        ("t empty", with_field("t", "")),
        ("q of 4", with_field("q", "4")),
        ("q of two digits", with_field("q", "02")),
        ("q of another script", with_field("q", "\u0662")),
        ("stream in upper case", with_field("stream", "Site")),
        ("stream with leading slash", with_field("stream", "/a")),
        ("stream with leading dot", with_field("stream", ".a")),
        ("stream of 128 characters", with_field("stream", "a" * 128)),
        ("stream with a space", with_field("stream", "a b")),
        ("stream with a line end", with_field("stream", "a\n")),
        ("stream percent-encoded", with_field("stream", "a%2fb")),
        ("sig without padding", with_field("sig", sig.rstrip("="))),
        ("sig in base64url", with_field("sig", "-_" + sig[2:])),
        ("sig of 63 bytes", with_field("sig", b64(bytes(63)))),
        ("sig of 65 bytes", with_field("sig", b64(bytes(65)))),
        ("sig with unused bits", with_field("sig", sig[:85] + "R==")),
        ("sig with a line end", with_field("sig", sig + "\n")),
        ("sig with a space inside", with_field("sig", sig[:10] + " " + sig[11:])),
        ("more than 1,024 characters", header + " " * 1024),
        ("a zero byte", header.replace("site", "si\x00e")),
    ]


# --- the signed request -------------------------------------------------------------------------------------------


def request(case, number, to, method, target, body, t_ms, nonce):
    message = b"edge_node/request/v1" + b"\x00" + public(number) + to
    message += bytes([len(method)]) + method.encode() + struct.pack("<H", len(target)) + target.encode()
    message += bytes.fromhex(body) + struct.pack("<Q", t_ms) + nonce
    signature = sign(number, message)
    header = (
        f"key={public(number).hex()}, to={to.hex()}, t={t_ms}, nonce={nonce.hex()}, body={body}, sig={b64(signature)}"
    )
    return {
        "case": case,
        "seed_hex": seed(number).hex(),
        "key_hex": public(number).hex(),
        "to_hex": to.hex(),
        "method": method,
        "target": target,
        "body_digest_hex": body,
        "t_ms": str(t_ms),
        "nonce_hex": nonce.hex(),
        "message_hex": message.hex(),
        "signature_hex": signature.hex(),
        "header": header,
    }


def requests():
    node = public(1)
    page = "/api/v1/streams/site/temperature?from=0&limit=100&proof=1"
    return [
        request("read a page", 2, node, "GET", page, EMPTY_BLAKE3, 1790000000000, bytes(range(16))),
        request("store a piece", 2, node, "POST", "/api/v1/pieces", HELLO_BLAKE3, 1790000000001, bytes(range(1, 17))),
        request("target as sent, escapes kept", 3, node, "GET", "/a%2Fb?x=%20+", EMPTY_BLAKE3, 0, bytes(16)),
        request("target of 300 characters", 3, node, "DELETE", "/" + "a" * 299, EMPTY_BLAKE3, 2**64 - 1, b"\xff" * 16),
    ]


def request_header_refusals(good):
    header, fields = good["header"], dict(part.split("=", 1) for part in good["header"].split(", "))

    def with_field(name, value):
        return ", ".join(f"{key}={value if key == name else old}" for key, old in fields.items())

    without = [(f"without {name}", ", ".join(f"{k}={v}" for k, v in fields.items() if k != name)) for name in fields]
    return [
        *without,
        ("empty", ""),
        ("a field twice", header + ", t=1"),
        ("an unknown field", header + ", q=2"),
        ("nonce of 15 bytes", with_field("nonce", "00" * 15)),
        ("nonce of 17 bytes", with_field("nonce", "00" * 17)),
        ("nonce in upper case", with_field("nonce", "AB" * 16)),
        ("body digest missing", with_field("body", "")),
        ("t of 2^64", with_field("t", str(2**64))),
        ("to one digit short", with_field("to", fields["to"][:-1])),
        ("sig with unused bits", with_field("sig", fields["sig"][:85] + "B==")),
        ("more than 1,024 characters", header + "\t" * 1024),
    ]


# --- signed documents and key certificates ------------------------------------------------------------------------


def envelope(tag, payload, numbers):
    """An envelope in RFC 8785 form; `payload` is bytes."""
    message = tag.encode() + b"\x00" + payload
    signatures = [{"keyid": public(number).hex(), "sig": b64url(sign(number, message))} for number in numbers]
    return compact({"payloadType": tag, "payload": b64url(payload), "signatures": signatures})


CERTIFICATE = "edge_node/key-certificate/v1"
JUDGED_AT_MS = 1800000000000


def certificate(use, number, not_before, not_after, serial):
    return {"use": use, "key": public(number).hex(), "not_before": not_before, "not_after": not_after, "serial": serial}


def documents():
    payload = compact(certificate("receipt", 6, 1790000000000, 1821536000000, 1))
    return [
        {
            "case": name,
            "tag": CERTIFICATE,
            "payload": payload.decode(),
            "seeds_hex": [seed(number).hex() for number in numbers],
            "trusted_hex": [public(number).hex() for number in numbers],
            "message_hex": (CERTIFICATE.encode() + b"\x00" + payload).hex(),
            "envelope": envelope(CERTIFICATE, payload, numbers).decode(),
        }
        for name, numbers in (("one signer", [1]), ("three signers", [1, 2, 3]))
    ]


def document_refusals():
    """(why, envelope) that nobody may open with the key of seed 01… and threshold 1."""
    payload = compact(certificate("receipt", 6, 1790000000000, 1821536000000, 1))
    good = json.loads(envelope(CERTIFICATE, payload, [1]))
    text = envelope(CERTIFICATE, payload, [1]).decode()

    def changed(**members):
        return compact({**good, **members}).decode()

    def signed(raw):
        return envelope(CERTIFICATE, raw, [1]).decode()

    entry = good["signatures"][0]
    other = envelope(CERTIFICATE, payload, [2]).decode()
    foreign = envelope("edge_node/event/v1", payload, [1]).decode()
    odd = b'{"a":0} '  # 8 bytes: 11 digits, the last with two unused bits
    spare = signed(odd).replace(b64url(odd), b64url(odd)[:-1] + chr(ord(b64url(odd)[-1]) + 1))
    return [
        ("nothing", ""),
        ("no object", "[]"),
        ("no JSON", "{"),
        ("another tag in the envelope", changed(payloadType="edge_node/event/v1")),
        ("signed under another tag", foreign.replace("edge_node/event/v1", CERTIFICATE)),
        ("signed by another key", other),
        ("signed by another key, named as ours", other.replace(public(2).hex(), public(1).hex())),
        ("no signature", changed(signatures=[])),
        ("seventeen signatures", changed(signatures=[{**entry, "keyid": public(n).hex()} for n in range(1, 18)])),
        ("the same signature twice", changed(signatures=[entry, entry])),
        ("signatures is an object", changed(signatures=entry)),
        ("a signature is a string", changed(signatures=["x"])),
        ("an unknown member", changed(note=1)),
        ("an unknown member of a signature", changed(signatures=[{**entry, "alg": "ed25519"}])),
        ("a missing member", compact({k: v for k, v in good.items() if k != "payload"}).decode()),
        ("a member twice", text.replace('{"payload"', '{"payloadType":"x","payload"', 1)),
        ("keyid in upper case", text.replace(public(1).hex(), public(1).hex().upper())),
        ("keyid is a number", changed(signatures=[{**entry, "keyid": 1}])),
        ("sig too short", changed(signatures=[{**entry, "sig": b64url(bytes(63))}])),
        ("sig in standard base64 with padding", changed(signatures=[{**entry, "sig": entry["sig"] + "=="}])),
        ("payload with padding", changed(payload=good["payload"] + "=")),
        ("payload with a line end", changed(payload=good["payload"] + "\n")),
        ("payload is an object", changed(payload=json.loads(payload))),
        ("payload of an impossible length", changed(payload="aaaaa")),
        ("payload with unused bits", spare),
        ("signed payload with white space", signed(payload + b"\n")),
        ("signed payload with members out of order", signed(b'{"b":1,"a":1}')),
        ("signed payload with a member twice", signed(b'{"a":1,"a":1}')),
        ("signed payload with a float", signed(b'{"a":1.5}')),
        ("signed payload of 2^53", signed(b'{"a":9007199254740992}')),
        ("signed payload that is no object", signed(b"[1]")),
        ("signed payload that is no JSON", signed(b"hello")),
        ("signed payload too deep", signed(b'{"a":' * 33 + b"1" + b"}" * 33)),
    ]


def certificate_refusals():
    """(why, envelope) of documents signed and in form that are no valid certificate at JUDGED_AT_MS."""
    good = certificate("receipt", 6, 1790000000000, 1821536000000, 5)

    def signed(**members):
        value = {name: member for name, member in {**good, **members}.items() if member is not None}
        return envelope(CERTIFICATE, compact(value), [1]).decode()

    return [
        ("not yet", signed(not_before=JUDGED_AT_MS + 1)),
        ("no longer", signed(not_after=JUDGED_AT_MS)),
        ("empty span", signed(not_after=1790000000000)),
        ("before 1970", signed(not_before=-1)),
        ("serial 0", signed(serial=0)),
        ("serial is true", signed(serial=True)),
        ("serial is a string", signed(serial="5")),
        ("serial is missing", signed(serial=None)),
        ("unknown use", signed(use="root")),
        ("use in upper case", signed(use="RECEIPT")),
        ("use is a list", signed(use=["receipt"])),
        ("key too short", signed(key="00" * 31)),
        ("key in upper case", signed(key=public(6).hex().upper())),
        ("key is a number", signed(key=1)),
        ("unknown member", signed(name="x")),
    ]


def certificates():
    return [
        {
            "case": use,
            "use": use,
            "node_key_hex": public(1).hex(),
            "key_hex": public(6 + serial).hex(),
            "not_before": 1790000000000,
            "not_after": 1821536000000,
            "serial": serial,
            "envelope": envelope(
                CERTIFICATE, compact(certificate(use, 6 + serial, 1790000000000, 1821536000000, serial)), [1]
            ).decode(),
        }
        for serial, use in enumerate(("seal", "receipt", "runtime", "peer", "tls"), start=1)
    ]


# --- retention anchors ------------------------------------------------------------------------------------------------

ANCHOR = "edge_node/retention-anchor/v1"
BODIES = "edge_node/retention-bodies/v1"
ANCHORED_STREAM = "site/temperature"


def cid_text(raw):
    return "b" + base64.b32encode(raw).decode().lower().rstrip("=")


def removed_body(first_offset, count, number, seq, t_ms):
    """A removed body of three facts, signed by the device of seed `number`; its CID is made up."""
    cid = b"\x01\x02\x1e\x20" + hashlib.sha256(b"body %d" % first_offset).digest()
    return {"first_offset": first_offset, "count": count, "cid": cid, "key": public(number), "seq": seq, "t_ms": t_ms}


def bodies_digest(bodies):
    begin = BODIES.encode() + b"\x00" + public(1) + ANCHORED_STREAM.encode()
    digest = hashlib.blake2b(begin, digest_size=32).digest()
    for body in bodies:
        step = digest + struct.pack("<QQ", body["first_offset"], body["count"]) + body["key"]
        step += struct.pack("<QQ", body["seq"], body["t_ms"]) + body["cid"]
        digest = hashlib.blake2b(step, digest_size=32).digest()
    return digest


def anchor_payload(number, bodies, size, previous, by, t_ms, quality):
    first = bodies[-1]["first_offset"] + bodies[-1]["count"]
    events = first - bodies[0]["first_offset"]
    return {
        "vault": public(1).hex(),
        "stream": ANCHORED_STREAM,
        "number": number,
        "first": first,
        "removed": {"from": bodies[0]["first_offset"], "bodies": len(bodies), "events": events, "bytes": size},
        "last": {"cid": cid_text(bodies[-1]["cid"]), "offset": bodies[-1]["first_offset"]},
        "bodies": bodies_digest(bodies).hex(),
        "previous": previous,
        "by": by,
        "t": t_ms,
        "q": quality,
    }


def message_digest(payload):
    return hashlib.blake2b(ANCHOR.encode() + b"\x00" + payload, digest_size=32).hexdigest()


REMOVED = [
    [removed_body(0, 1, 2, 0, 0), removed_body(1, 100, 2, 2**32 + 1, 1790000000000)],
    [removed_body(101, 7, 3, 2**64 - 1, 2**64 - 1)],
]


def anchors():
    """Two anchors of one stream, one after the other, with all that they were made of."""
    first = compact(anchor_payload(1, REMOVED[0], 19_123, None, "policy", JUDGED_AT_MS, 2))
    second = compact(anchor_payload(2, REMOVED[1], 700, message_digest(first), "operator", 1, 0))
    return [
        {
            "case": case,
            "bodies": [
                {
                    "first_offset": body["first_offset"],
                    "count": body["count"],
                    "cid": cid_text(body["cid"]),
                    "key_hex": body["key"].hex(),
                    "seq": str(body["seq"]),
                    "t_ms": str(body["t_ms"]),
                }
                for body in bodies
            ],
            "bodies_digest_hex": bodies_digest(bodies).hex(),
            "payload": payload.decode(),
            "digest_hex": message_digest(payload),
            "envelope": envelope(ANCHOR, payload, [6]).decode(),
        }
        for case, bodies, payload in (
            ("the first, by policy", REMOVED[0], first),
            ("the second, by the operator, with a clock that was not set", REMOVED[1], second),
        )
    ]


def anchor_certificate(use="receipt"):
    return envelope(CERTIFICATE, compact(certificate(use, 6, 1790000000000, 1821536000000, 1)), [1]).decode()


def anchor_refusals():
    """(why, envelope) of documents signed by the receipt key that are no anchor."""
    good = anchor_payload(2, REMOVED[1], 700, "00" * 32, "policy", JUDGED_AT_MS, 2)

    def signed(signer=6, **members):
        value = {name: member for name, member in {**good, **members}.items() if member != "absent"}
        return envelope(ANCHOR, compact(value), [signer]).decode()

    removed, last = good["removed"], good["last"]
    return [
        ("signed by another key", signed(signer=7)),
        ("made before the certificate holds", signed(t=1789999999999)),
        ("made when the certificate holds no longer", signed(t=1821536000000)),
        ("an unknown member", signed(note="x")),
        ("a missing member", signed(by="absent")),
        ("removed is missing a member", signed(removed={k: v for k, v in removed.items() if k != "bytes"})),
        ("last is a list", signed(last=[])),
        ("vault in upper case", signed(vault=good["vault"].upper())),
        ("no stream name", signed(stream="Site")),
        ("number 0", signed(number=0)),
        ("the first with one before it", signed(number=1)),
        ("the second with none before it", signed(previous=None)),
        ("nothing removed", signed(first=101, removed={**removed, "events": 0, "bodies": 0})),
        ("fewer events than its offsets", signed(removed={**removed, "events": 6})),
        ("more bodies than events", signed(removed={**removed, "bodies": 8})),
        ("no bodies", signed(removed={**removed, "bodies": 0})),
        ("the last body before the first removed", signed(last={**last, "offset": 100})),
        ("the last body is kept", signed(last={**last, "offset": 108})),
        ("a CID of another form", signed(last={**last, "cid": last["cid"][:-1]})),
        ("a digest too short", signed(bodies="00" * 31)),
        ("by somebody", signed(by="somebody")),
        ("a quality nobody knows", signed(q=4)),
        ("a quality that is true", signed(q=True)),
        ("before 1970", signed(t=-1)),
        ("first is a string", signed(first="108")),
    ]


# --- Ed25519 as strictly as libsodium -------------------------------------------------------------------------------


def challenge(r, key, message):
    return int.from_bytes(hashlib.sha512(r + key + message).digest(), "little") % ORDER


def first_message(accept):
    return next(message for message in (f"message {n}".encode() for n in range(10_000)) if accept(message))


def strict_refusals():
    """Signatures no honest key made. All but those marked `plain` satisfy the bare equation S*B = R + h*A."""
    message = b"one message"
    signature, key = sign(2, message), public(2)
    r, s = signature[:32], int.from_bytes(signature[32:], "little")
    identity, zero = (1).to_bytes(32, "little"), bytes(32)
    spare_identity = (FIELD + 1).to_bytes(32, "little")  # y = p + 1: the identity with y not reduced
    minus_one = (FIELD - 1).to_bytes(32, "little")  # order 2
    spare_zero = FIELD.to_bytes(32, "little")  # y = p: a point of order 4 with y not reduced
    even = first_message(lambda m: challenge(identity, minus_one, m) % 2 == 0)
    fourth = first_message(lambda m: challenge(identity, spare_zero, m) % 4 == 0)
    scalar = int.from_bytes(hashlib.sha512(seed(2)).digest()[:32], "little") & (2**254 - 8) | 2**254
    forged, forged_spare = (
        (challenge(point, key, message) * scalar % ORDER).to_bytes(32, "little") for point in (identity, spare_identity)
    )
    cases = [
        ("S increased by the group order", key, message, r + (s + ORDER).to_bytes(32, "little")),
        ("plain: S with a high bit set", key, message, signature[:63] + bytes([signature[63] | 0x80])),
        ("key of order 1: valid for every message", identity, message, identity + zero),
        ("key of order 1 with y not reduced", spare_identity, message, spare_identity + zero),
        ("key of order 1 with the sign bit set", (2**255 + 1).to_bytes(32, "little"), message, identity + zero),
        ("key of order 2", minus_one, even, identity + zero),
        ("key of order 4 with y not reduced", spare_zero, fourth, identity + zero),
        ("R of order 1 under an honest key", key, message, identity + forged),
        ("R of order 1 with y not reduced", key, message, spare_identity + forged_spare),
        ("plain: all zero", zero, message, zero + zero),
        ("plain: another message", key, b"another message", signature),
        ("plain: another key", public(3), message, signature),
    ]
    return [
        {"why": why, "key_hex": k.hex(), "message_hex": m.hex(), "signature_hex": sig.hex()} for why, k, m, sig in cases
    ]


RFC_8032 = [  # section 7.1: TEST 1, TEST 2, TEST 3 as (seed, public key, message, signature)
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        (
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
            "d25bf5f0595bbe24655141438e7a100b"
        ),
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        (
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c"
            "387b2eaeb4302aeeb00d291612bb0c00"
        ),
    ),
    (
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        (
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc659"
            "4a7c15e9716ed28dc027beceea1ec40a"
        ),
    ),
]


def refusals(pairs, member):
    return [{"why": why, member: text} for why, text in pairs]


def files():
    """Every vector file's name and content."""
    about = "Made by tests/vectors/make_trust_vectors.py."
    all_events, all_requests = events(), requests()
    return {
        "signed_event.json": {
            "about": about
            + " `vectors`: the signature verifies under `key_hex`. `refused_headers`: refused for their spelling"
            " alone. No clock, registry or replay window is asked.",
            "vectors": all_events,
            "refused_headers": refusals(event_header_refusals(all_events[0]), "header"),
        },
        "signed_request.json": {
            "about": about
            + " `vectors`: the signature verifies under `key_hex` at the node `to_hex`, for this method and target."
            " `refused_headers`: refused for their spelling alone. No clock, registry or nonce is asked.",
            "vectors": all_requests,
            "refused_headers": refusals(request_header_refusals(all_requests[0]), "header"),
        },
        "signed_document.json": {
            "about": about
            + " `vectors`: opened with `tag`, all of `trusted_hex` and their number as threshold. `refused`: judged"
            " as `judged` says. No clock is asked.",
            "judged": {"tag": CERTIFICATE, "trusted_hex": [public(1).hex()], "threshold": 1},
            "vectors": documents(),
            "refused": refusals(document_refusals(), "envelope"),
        },
        "key_certificate.json": {
            "about": about
            + " All are judged as `judged` says, each of `vectors` for its own `use` and the `refused` for any; no"
            " serial was seen before.",
            "judged": {"node_key_hex": public(1).hex(), "at_ms": JUDGED_AT_MS},
            "vectors": certificates(),
            "refused": refusals(certificate_refusals(), "envelope"),
        },
        "retention_anchor.json": {
            "about": about
            + " All are judged with `certificate` under `node_key_hex`. Each of `vectors` holds, follows the one before"
            " it, and its `bodies_digest_hex` is that over its `bodies`; none of `refused` holds. No clock is asked.",
            "node_key_hex": public(1).hex(),
            "receipt_seed_hex": seed(6).hex(),
            "certificate": anchor_certificate(),
            "vectors": anchors(),
            "refused": refusals(anchor_refusals(), "envelope"),
        },
        "ed25519.json": {
            "about": about
            + " `valid` is RFC 8032 section 7.1. A verdict depends on nothing but key, message and signature.",
            "valid": [
                {"seed_hex": s, "key_hex": k, "message_hex": m, "signature_hex": sig} for s, k, m, sig in RFC_8032
            ],
            "refused": strict_refusals(),
        },
    }


def render(content):
    return json.dumps(content, indent=1) + "\n"


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, content in files().items():
        (FOLDER / name).write_text(render(content))
