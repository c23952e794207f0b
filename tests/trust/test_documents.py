"""Signed documents: the envelope byte for byte, the threshold, and everything that must not be believed."""

import base64
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.base.errors import Refusal
from edge_node.base.ids import PublicKey
from edge_node.trust import documents
from edge_node.trust.documents import (
    DOCUMENT_MAX_BYTES,
    EVENT_TAG,
    REQUEST_TAG,
    SIGNATURES_MAX,
    DocumentMisuse,
    DocumentNotTrusted,
    DocumentTag,
    DocumentTooLarge,
    MalformedDocument,
    document_message,
    join_document,
    open_document,
    sign_document,
    split_document,
)
from edge_node.trust.signing_key import SigningKey
from edge_node.wire.strict_json import MalformedJson, NotJsonValue

FILE = json.loads((Path(__file__).parents[1] / "vectors/trust/signed_document.json").read_text())
TAG = DocumentTag.KEY_CERTIFICATE
KEYS = [SigningKey.from_seed(bytes([number]) * 32) for number in range(1, SIGNATURES_MAX + 2)]
OURS = {KEYS[0].public}

texts = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=10)
payloads = st.dictionaries(
    texts, texts | st.integers(-(2**53) + 1, 2**53 - 1) | st.none() | st.lists(st.booleans(), max_size=3), max_size=4
)


@pytest.mark.parametrize("vector", FILE["vectors"], ids=lambda vector: vector["case"])
def test_vectors(vector):
    """Our envelope is the independent one byte for byte, and opens to its payload."""
    signers = [SigningKey.from_seed(bytes.fromhex(seed)) for seed in vector["seeds_hex"]]
    payload = json.loads(vector["payload"])
    assert sign_document(DocumentTag(vector["tag"]), payload, signers) == vector["envelope"].encode()
    assert document_message(TAG, vector["payload"].encode()).hex() == vector["message_hex"]
    trusted = [PublicKey.parse(key) for key in vector["trusted_hex"]]
    assert open_document(TAG, vector["envelope"].encode(), trusted, threshold=len(trusted)) == payload


@pytest.mark.parametrize("case", FILE["refused"], ids=lambda case: case["why"])
def test_hostile_envelopes_are_refused(case):
    """No envelope of the corpus opens, judged as the file says."""
    judged = FILE["judged"]
    trusted = {PublicKey.parse(key) for key in judged["trusted_hex"]}
    with pytest.raises(Refusal) as refused:
        open_document(DocumentTag(judged["tag"]), case["envelope"].encode(), trusted, threshold=judged["threshold"])
    assert 400 <= refused.value.status < 500


def test_what_is_wrong_before_the_signature_is_named_apart():
    """A wrong signature says so before a wrong payload does: the payload is not read until somebody vouches for it."""
    cases = {case["why"]: case["envelope"].encode() for case in FILE["refused"]}
    with pytest.raises(MalformedJson):
        open_document(TAG, cases["signed payload that is no JSON"], OURS)
    with pytest.raises(DocumentNotTrusted):
        open_document(TAG, cases["signed payload that is no JSON"], {KEYS[5].public})
    with pytest.raises(DocumentNotTrusted):
        open_document(TAG, cases["signed by another key, named as ours"], OURS)
    with pytest.raises(MalformedDocument):
        open_document(TAG, cases["the same signature twice"], OURS)


@given(payloads)
def test_round_trip(payload):
    """What is signed is opened as it was."""
    assert open_document(TAG, sign_document(TAG, payload, KEYS[:1]), OURS) == payload


@given(st.data())
def test_any_changed_byte_is_refused(data):
    """One byte changed anywhere in an envelope of one signer refuses it."""
    raw = bytearray(sign_document(TAG, {"a": 1, "b": ["x", None]}, KEYS[:1]))
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(Refusal):
        open_document(TAG, bytes(raw), OURS)


def test_any_cut_is_refused():
    """An envelope cut short at any place is refused."""
    raw = sign_document(TAG, {"a": 1}, KEYS[:1])
    for length in range(len(raw)):
        with pytest.raises(Refusal):
            open_document(TAG, raw[:length], OURS)


@given(st.binary(max_size=80))
def test_any_bytes_are_refused(raw):
    """Bytes nobody signed never open and never raise anything but a refusal."""
    with pytest.raises(Refusal):
        open_document(TAG, raw, OURS)


def test_threshold():
    """As many different trusted keys as asked for must have signed; others do not count."""
    trusted = {key.public for key in KEYS[:3]}
    raw = sign_document(TAG, {"a": 1}, KEYS[1:4])
    assert open_document(TAG, raw, trusted, threshold=2) == {"a": 1}
    with pytest.raises(DocumentNotTrusted, match="2 trusted keys have signed, 3 are needed"):
        open_document(TAG, raw, trusted, threshold=3)
    with pytest.raises(DocumentNotTrusted):
        open_document(TAG, raw, set())


def test_a_strangers_broken_signature_is_not_looked_at():
    """A signature of a key that is not trusted neither helps nor harms."""
    envelope = json.loads(sign_document(TAG, {"a": 1}, KEYS[:2]))
    envelope["signatures"][1]["sig"] = envelope["signatures"][0]["sig"]
    raw = json.dumps(envelope).encode()
    assert open_document(TAG, raw, OURS) == {"a": 1}
    with pytest.raises(DocumentNotTrusted):
        open_document(TAG, raw, {KEYS[0].public, KEYS[1].public})


@pytest.mark.parametrize("threshold", [0, -1])
def test_a_threshold_below_one_is_our_own_fault(threshold):
    """Asking for no signature is a programming error."""
    with pytest.raises(DocumentMisuse):
        open_document(TAG, b"{}", OURS, threshold=threshold)


def test_limit_of_signers():
    """The most signers allowed sign and open; none, one twice and one more are refused."""
    raw = sign_document(TAG, {}, KEYS[:SIGNATURES_MAX])
    assert open_document(TAG, raw, OURS) == {}
    for signers in ([], [KEYS[0], KEYS[0]], KEYS):
        with pytest.raises(DocumentMisuse):
            sign_document(TAG, {}, signers)


def test_limit_of_size():
    """An envelope of exactly the limit opens and one byte more is refused, for writer and reader."""
    raw = sign_document(TAG, {"a": 1}, KEYS[:1])
    padded = raw + b" " * (DOCUMENT_MAX_BYTES - len(raw))
    assert open_document(TAG, padded, OURS) == {"a": 1}
    with pytest.raises(DocumentTooLarge) as refused:
        open_document(TAG, padded + b" ", OURS)
    assert refused.value.status == 413
    with pytest.raises(DocumentMisuse, match="longer"):
        sign_document(TAG, {"a": "x" * DOCUMENT_MAX_BYTES}, KEYS[:1])


@pytest.mark.parametrize("value", [1.5, 2**53, b"x", "\ud800", float("nan"), {1: 1}])
def test_a_payload_readers_refuse_is_not_signed(value):
    """Floats, big integers and what is no JSON are never signed."""
    with pytest.raises((NotJsonValue, MalformedJson)):
        sign_document(TAG, {"a": value}, KEYS[:1])


def test_a_payload_too_deep_is_not_signed():
    """Nesting beyond what readers accept is never signed."""
    value: object = 1
    for _ in range(32):
        value = [value]
    with pytest.raises(MalformedJson, match="deeper"):
        sign_document(TAG, {"a": value}, KEYS[:1])


def test_all_tags_differ_and_name_their_version():
    """Every tag is `edge_node/<kind>/v1` and none is the start of another with its zero byte."""
    tags = [EVENT_TAG.decode(), REQUEST_TAG.decode(), *DocumentTag]
    assert len(set(tags)) == len(tags)
    for tag in tags:
        assert tag.startswith("edge_node/")
        assert tag.endswith("/v1")
        assert "\x00" not in tag


def test_base64url_is_the_standard_one():
    """The two characters that differ from standard base64 are `-` and `_`."""
    assert documents._encode(b"\xfb\xff") == base64.urlsafe_b64encode(b"\xfb\xff").decode().rstrip("=") == "-_8"


@given(payloads)
def test_a_document_is_joined_from_its_parts(payload):
    """Split and joined it is the same bytes; two people who signed one payload make one document of two signatures."""
    both = sign_document(TAG, payload, KEYS[:2])
    assert join_document(TAG, *split_document(TAG, both)) == both
    (body, first), (_, second) = (split_document(TAG, sign_document(TAG, payload, [key])) for key in KEYS[:2])
    assert join_document(TAG, body, first | second) == both


def test_no_envelope_is_joined_that_nobody_would_read():
    """Without signatures, with too many, or too long."""
    body, signatures = split_document(TAG, sign_document(TAG, {}, KEYS[:1]))
    many = {key.public: signatures[KEYS[0].public] for key in KEYS}
    for parts in ((body, {}), (body, many), (b" " * DOCUMENT_MAX_BYTES, signatures)):
        with pytest.raises(DocumentMisuse):
            join_document(TAG, *parts)
