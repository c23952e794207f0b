"""Retention anchors: their form, who may sign them, the digest over what was removed, and the chain."""

import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.base.errors import Refusal
from edge_node.base.ids import Cid, Digest, PublicKey, StreamName, VaultId
from edge_node.trust.documents import DocumentNotTrusted
from edge_node.trust.key_certificate import CertificateRefused, KeyCertificate, KeyUse, certify_key
from edge_node.trust.retention_anchor import (
    AnchorRefused,
    RemovedBody,
    RetentionAnchor,
    anchor_digest,
    digest_bodies,
    open_anchor,
    require_chain,
    sign_anchor,
)
from edge_node.trust.signing_key import SigningKey
from edge_node.wire.cid import parse_cid

FILE = json.loads((Path(__file__).parents[1] / "vectors/trust/retention_anchor.json").read_text())
NODE = PublicKey.parse(FILE["node_key_hex"])
NODE_KEY = SigningKey.from_seed(b"\x01" * 32)
RECEIPT = SigningKey.from_seed(bytes.fromhex(FILE["receipt_seed_hex"]))
CERTIFICATE = FILE["certificate"].encode()
RAW = [vector["envelope"].encode() for vector in FILE["vectors"]]


def opened(raw: bytes) -> RetentionAnchor:
    return open_anchor(raw, CERTIFICATE, NODE)


def body_of(entry: dict) -> RemovedBody:
    key = PublicKey.parse(entry["key_hex"])
    seq, t_ms = int(entry["seq"]), int(entry["t_ms"])
    return RemovedBody(entry["first_offset"], entry["count"], parse_cid(entry["cid"]), key, seq, t_ms)


@pytest.mark.parametrize("vector", FILE["vectors"], ids=lambda vector: vector["case"])
def test_vectors(vector):
    """Each anchor is the independent one byte for byte, opens, and its digests are those."""
    raw = vector["envelope"].encode()
    anchor = opened(raw)
    assert sign_anchor(RECEIPT, anchor) == raw
    assert anchor_digest(raw).hex() == vector["digest_hex"]
    bodies = [body_of(entry) for entry in vector["bodies"]]
    assert digest_bodies(anchor.vault, anchor.stream, bodies).hex() == vector["bodies_digest_hex"]
    assert anchor.bodies_digest.hex() == vector["bodies_digest_hex"]
    assert (anchor.start, anchor.first) == (bodies[0].first_offset, bodies[-1].first_offset + bodies[-1].count)
    assert (anchor.last_offset, anchor.last_cid) == (bodies[-1].first_offset, bodies[-1].cid)


def test_the_vectors_follow_each_other():
    """Two anchors in a row chain; in another order, or with one twice, they do not."""
    chain = [(opened(raw), anchor_digest(raw)) for raw in RAW]
    require_chain(chain)
    require_chain(chain[1:])
    for broken in (chain[::-1], [chain[0], chain[0]]):
        with pytest.raises(AnchorRefused):
            require_chain(broken)


@pytest.mark.parametrize("change", [{"start": 100}, {"stream": StreamName("site/b")}, {"previous": Digest(bytes(32))}])
def test_a_chain_with_a_false_link_is_refused(change):
    """The next anchor begins where the last one ended, in the same stream, and names it."""
    chain = [(opened(raw), anchor_digest(raw)) for raw in RAW]
    with pytest.raises(AnchorRefused):
        require_chain([chain[0], (msgspec.structs.replace(chain[1][0], **change), chain[1][1])])


@pytest.mark.parametrize("case", FILE["refused"], ids=lambda case: case["why"])
def test_signed_documents_that_are_no_anchor(case):
    """The receipt key's signature alone does not make an anchor."""
    with pytest.raises(Refusal):
        opened(case["envelope"].encode())


@pytest.mark.parametrize("use", [use for use in KeyUse if use is not KeyUse.RECEIPT])
def test_a_key_certified_for_another_use_signs_no_anchor(use):
    """Only a receipt key's word counts."""
    other = KeyCertificate(use=use, key=RECEIPT.public, not_before=0, not_after=2**52, serial=1)
    with pytest.raises(CertificateRefused):
        open_anchor(RAW[0], certify_key(NODE_KEY, other), NODE)


def test_another_node_s_certificate_vouches_for_nothing():
    """The certificate must be signed by the node key the reader trusts."""
    with pytest.raises(DocumentNotTrusted):
        open_anchor(RAW[0], CERTIFICATE, RECEIPT.public)


def test_an_anchor_made_without_a_clock_is_not_held_against_the_span():
    """Quality 0 says that t says nothing; with a quality the certificate must have held."""
    anchor = msgspec.structs.replace(opened(RAW[0]), t_ms=5, quality=0)
    assert opened(sign_anchor(RECEIPT, anchor)) == anchor
    with pytest.raises(CertificateRefused):
        opened(sign_anchor(RECEIPT, msgspec.structs.replace(anchor, quality=1)))


def test_nothing_is_signed_that_nobody_would_read():
    """An anchor whose numbers do not agree is refused before it is signed."""
    with pytest.raises(AnchorRefused):
        sign_anchor(RECEIPT, msgspec.structs.replace(opened(RAW[0]), bodies=0))


BODIES = st.lists(
    st.builds(
        RemovedBody,
        st.integers(0, 2**63 - 1),
        st.integers(1, 10_000),
        st.binary(min_size=32, max_size=32).map(lambda digest: Cid(b"\x01\x02\x1e\x20" + digest)),
        st.binary(min_size=32, max_size=32).map(PublicKey),
        st.integers(0, 2**64 - 1),
        st.integers(0, 2**64 - 1),
    ),
    max_size=4,
)


@given(one=BODIES, other=BODIES)
def test_other_bodies_have_another_digest(one, other):
    """Any difference, also of the stream or the vault, shows in the digest."""
    vault, stream = VaultId(bytes(32)), StreamName("a")
    assert (digest_bodies(vault, stream, one) == digest_bodies(vault, stream, other)) == (one == other)
    assert digest_bodies(vault, StreamName("b"), one) != digest_bodies(vault, stream, one)
    assert digest_bodies(VaultId(b"\x01" * 32), stream, one) != digest_bodies(vault, stream, one)
