"""Who is believed without a proof: counted alike for whatever is vouched for."""

import pytest

from edge_node.base.digests import blake2b_256
from edge_node.base.errors import Refusal
from edge_node.base.ids import Digest
from edge_node.chain_light.vouching import (
    PayloadsDiffer,
    Signers,
    Standing,
    VouchKeys,
    merge_documents,
    open_vouched,
    standing_of,
)
from edge_node.trust.documents import DocumentTag, MalformedDocument, read_payload, sign_document
from edge_node.trust.signing_key import SigningKey

TAG = DocumentTag.CHECKPOINT
RELEASE = [SigningKey.from_seed(bytes([number]) * 32) for number in (11, 12, 13)]
OPERATOR, STRANGER = (SigningKey.from_seed(bytes([number]) * 32) for number in (14, 15))
KEYS = VouchKeys(release=frozenset(key.public for key in RELEASE), operator=OPERATOR.public)
WORDS = {"a": 1}


class NotBelieved(Refusal):
    """What these tests refuse with."""

    def __init__(self, release, operator):
        self.release, self.operator = release, operator
        super().__init__(f"{release}; {operator}")


def opened(*signers, keys=KEYS, tag=TAG):
    return open_vouched(tag, sign_document(TAG, WORDS, signers), keys, refusal=NotBelieved)


@pytest.mark.parametrize(
    ("signers", "by"),
    [(RELEASE[:2], Signers.RELEASE), (RELEASE, Signers.RELEASE), ([OPERATOR], Signers.OPERATOR),
     ([STRANGER, *RELEASE[1:]], Signers.RELEASE), ([OPERATOR, RELEASE[0]], Signers.OPERATOR),
     ([OPERATOR, *RELEASE[:2]], Signers.RELEASE)],
    ids=["two", "three", "the operator", "two and a stranger", "the operator and one", "all"],
)  # fmt: skip
def test_who_is_believed(signers, by):
    """The release first, whoever else signed; the digest is that of the payload alone."""
    payload, found, digest = opened(*signers)
    assert (payload, found) == (WORDS, by)
    assert digest == blake2b_256(read_payload(TAG, sign_document(TAG, WORDS, signers)))


@pytest.mark.parametrize("signers", [RELEASE[:1], [STRANGER], [RELEASE[0], STRANGER]], ids=["one", "none", "one more"])
def test_who_is_not(signers):
    """Both reasons are told."""
    with pytest.raises(NotBelieved) as refused:
        opened(*signers)
    assert "trusted keys have signed, 2 are needed" in refused.value.release
    assert "1 are needed" in refused.value.operator


def test_no_operator():
    """A key nobody knows says nothing."""
    with pytest.raises(NotBelieved, match="no cold key of an operator is known"):
        opened(OPERATOR, keys=VouchKeys(release=KEYS.release))


def test_a_word_for_one_thing_is_none_for_another():
    """The tag is under the signature and in the envelope."""
    with pytest.raises(MalformedDocument):
        opened(OPERATOR, tag=DocumentTag.KEY_CERTIFICATE)


def test_standing():
    """By the counter, and at the same counter by the words."""
    one, two = Digest(bytes(32)), Digest(b"\1" * 32)
    assert standing_of(1, one, None) is Standing.NEWER
    assert [standing_of(at, one, (5, one)) for at in (4, 5, 6)] == [Standing.BACK, Standing.SAME, Standing.NEWER]
    assert [standing_of(at, two, (5, one)) for at in (4, 5, 6)] == [Standing.BACK, Standing.CONFLICT, Standing.NEWER]


def test_merging():
    """Two places that signed the same words make one document; other words make none."""
    parts = [sign_document(TAG, WORDS, [key]) for key in RELEASE[:2]]
    assert open_vouched(TAG, merge_documents(TAG, parts), KEYS, refusal=NotBelieved)[1] is Signers.RELEASE
    with pytest.raises(PayloadsDiffer):
        merge_documents(TAG, [parts[0], sign_document(TAG, {"a": 2}, [RELEASE[1]])])
