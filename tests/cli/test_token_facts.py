"""What a token's text alone tells."""

import json

import msgspec
import pytest

from edge_node.cli.token_facts import judge
from edge_node.trust.token_errors import DelegationRefused, TokenExpired, TokenForged, TokenMalformed
from edge_node.trust.wallet_signature import SignedForm
from tests.trust.wallets import BOB, CAROL, NOW_MS, OWNER, PHONE, bearer, chain_text, payload, text_of, token


def test_a_good_token_has_no_faults() -> None:
    """Of either algorithm, plain or wrapped as a wallet signs; which it was is said."""
    assert [judge(bearer(signer), NOW_MS).faults for signer in (OWNER, PHONE)] == [(), ()]
    wrapped = judge(text_of(token(PHONE, payload(bucket=7), wrapped=True)), NOW_MS)
    assert wrapped.forms == (SignedForm.WRAPPED,)
    assert ("signature", "sr25519, holds, wrapped as browser wallets sign") in wrapped.facts(1, wrapped.chain.root)


def test_everything_that_speaks_against_a_token_is_said() -> None:
    """Not the first thing alone: who mends one must not come back for the next."""
    grant = token(OWNER, payload(subject=BOB.public, bucket=7))
    forged = grant[:60] + bytes((grant[60] ^ 1,)) + grant[61:]  # in the signature
    stolen = text_of(token(CAROL, payload(prev=forged)))
    kinds = [type(fault) for fault in judge(stolen, NOW_MS).faults]
    assert kinds == [DelegationRefused, TokenForged]
    assert [type(fault) for fault in judge(bearer(), NOW_MS * 2).faults] == [TokenExpired]
    with pytest.raises(TokenMalformed):
        judge("not a token", NOW_MS)


def test_what_a_token_means_is_said_in_words() -> None:
    """Whether it wants a signed request, and where a long chain counts."""
    assert "?token=" in judge(bearer(), NOW_MS).notes()[1]
    for text in (bearer(bucket=None), bearer(subject=BOB.public)):
        assert "never in a URL" in judge(text, NOW_MS).notes()[1]
    assert "grpc-web only" in judge(chain_text(4), NOW_MS).notes()[-1]
    assert "grpc-web" not in "".join(judge(chain_text(4, wrapped=True), NOW_MS).notes())


def test_the_document_is_json_and_holds_no_token() -> None:
    """Accounts and hashes in hex, times as numbers."""
    text = chain_text(3)
    written = msgspec.json.encode(judge(text, NOW_MS).document()).decode()
    assert text not in written
    links = json.loads(written)["links"]
    assert [link["signer"] for link in links] == [one.public.hex() for one in (OWNER, BOB, CAROL)]
    assert [link["subject"] for link in links] == [BOB.public.hex(), CAROL.public.hex(), None]
