"""Extrinsics that the product makes: a running chain takes them, and polkadot-js reads them as they were meant."""

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import pytest

from edge_node.base.ids import Hash256
from edge_node.chain_light.era import IMMORTAL, Era, Mortal, era_at
from edge_node.chain_light.extensions import ChainFacts, Terms, terms_of
from edge_node.chain_light.extrinsic import (
    SignatureKind,
    decode_extrinsic,
    encode_call,
    extrinsic_hash,
    payload_of,
    signed_extrinsic,
)
from edge_node.chain_light.values import Chosen, Value
from edge_node.devnet.dev_accounts import ed25519_dev, sr25519_dev
from edge_node.devnet.pallets.balances import CERE
from tests.interop.chain_place import ALICE, ChainPlace
from tests.interop.driving import CaseError, Driver

pytestmark = pytest.mark.needs_node

Call = tuple[str, str, dict[str, Value]]


@dataclass
class Signer:
    """One of the accounts that everybody knows, signing for one chain with the product's own code."""

    chain: ChainPlace
    kind: SignatureKind
    name: str = "Ferdie"

    @property
    def id(self) -> bytes:
        """The account."""
        one = self.kind is SignatureKind.ED25519
        return bytes(ed25519_dev(self.name).public if one else sr25519_dev(self.name).public)

    @property
    def nonce(self) -> int:
        """The next one, as the chain's state has it."""
        info: Any = self.chain.read("System", "Account", self.id)
        return int(info["nonce"])

    def sign(self, payload: bytes) -> bytes:
        """64 bytes."""
        if self.kind is SignatureKind.ED25519:
            return bytes(ed25519_dev(self.name).sign(payload))
        return sr25519_dev(self.name).sign(payload)

    def extrinsic(self, call: Call, terms: Terms, facts: ChainFacts | None = None) -> bytes:
        """The whole extrinsic."""
        metadata = self.chain.metadata
        raw = encode_call(metadata, *call)
        payload = payload_of(metadata, raw, terms, facts or self.facts(terms.era))
        return signed_extrinsic(metadata, raw, self.id, self.kind, self.sign(payload), terms)

    def facts(self, era: Era) -> ChainFacts:
        """What is signed of the chain for an extrinsic that comes next."""
        birth = era.birth(self.height + 1)
        found = self.chain.ask("chain_getBlockHash", birth)
        return replace(self.chain.facts, era_block=Hash256.parse(found.removeprefix("0x")))

    @property
    def height(self) -> int:
        """The newest block's."""
        return int(self.chain.ask("chain_getHeader")["number"], 16)


@pytest.fixture(params=[SignatureKind.ED25519, SignatureKind.SR25519])
def signer(request: pytest.FixtureRequest, chain: ChainPlace) -> Signer:
    """Ferdie, in both schemes."""
    return Signer(chain, request.param)


NODE: dict[str, Value] = {
    "mode": Chosen("Cache"),
    "host": b"h",
    "domain": b"d",
    "ssl": True,
    "http_port": 65_535,
    "grpc_port": 0,
    "p2p_port": 7,
}
INNER: list[Value] = [
    Chosen("System", Chosen("remark", {"remark": b"x"})),
    Chosen("Timestamp", Chosen("set", {"now": 1})),
]
CALLS: dict[str, Call] = {
    "transfer": ("Balances", "transfer_keep_alive", {"dest": Chosen("Id", b"\x05" * 32), "value": 3 * CERE}),
    "long": ("System", "remark_with_event", {"remark": bytes(range(256)) * 2}),
    "nothing": ("System", "remark", {"remark": b""}),
    "node": (
        "DdcNodes",
        "create_node",
        {"node_pub_key": Chosen("StoragePubKey", b"\x06" * 32), "node_params": Chosen("StorageParams", NODE)},
    ),
    "batch": ("Utility", "batch", {"calls": INNER}),
}


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize(("period", "tip"), [(None, 0), (4, 1), (64, 10**12), (4_096, 63), (65_536, 64)])
def test_it_comes_into_a_block_and_is_read_alike(
    signer: Signer, js: Driver, name: str, period: int | None, tip: int
) -> None:
    """Whatever the era, the tip and the call: signer, nonce, era, tip, name and hash, and written again the same."""
    era = IMMORTAL if period is None else era_at(signer.height, period)
    terms = Terms(nonce=signer.nonce, tip=tip, era=era)
    raw = signer.extrinsic(CALLS[name], terms)
    sent = js("polkadot.send", version=15, raw=f"0x{raw.hex()}")
    assert [state for state, _ in sent["statuses"]] == ["Ready", "InBlock", "Finalized"]
    assert sent["raw"] == f"0x{raw.hex()}"
    for version in (14, 15):
        _require_read_alike(js("polkadot.decode", version=version, raw=sent["raw"]), signer, raw, terms)
    in_block = signer.chain.ask("chain_getBlock", sent["at"])["block"]["extrinsics"][sent["index"]]
    assert decode_extrinsic(signer.chain.metadata, bytes.fromhex(in_block.removeprefix("0x"))).signed is not None
    assert in_block == f"0x{raw.hex()}"


def _require_read_alike(read: dict[str, Any], signer: Signer, raw: bytes, terms: Terms) -> None:
    ours = decode_extrinsic(signer.chain.metadata, raw)
    assert ours.signed is not None
    assert terms_of(ours.signed.extra) == terms
    assert bytes.fromhex(read["public"]) == ours.signed.account == signer.id
    assert (read["nonce"], read["tip"]) == (terms.nonce, str(terms.tip))
    era = [terms.era.period, terms.era.phase] if isinstance(terms.era, Mortal) else None
    assert read["era"] == era
    pallet, call = ours.call_name
    assert [one.lower() for one in read["call"]] == [pallet.lower(), call.replace("_", "")]
    assert len(read["args"]) == len(ours.arguments)
    assert (read["again"], read["hash"]) == (f"0x{raw.hex()}", f"0x{extrinsic_hash(raw).hex()}")


def test_what_it_did_is_what_was_asked(signer: Signer, js: Driver) -> None:
    """A transfer with a tip: the receiver has it, and the fee holds the tip."""
    to = signer.chain.fresh()
    call: Call = ("Balances", "transfer_keep_alive", {"dest": Chosen("Id", to), "value": 7 * CERE})
    terms = Terms(nonce=signer.nonce, tip=5 * CERE, era=era_at(signer.height, 64))
    sent = js("polkadot.send", version=15, raw=f"0x{signer.extrinsic(call, terms).hex()}")
    (paid,) = (data for name, data in sent["events"] if name == "transactionPayment.TransactionFeePaid")
    assert paid[2] == 5 * CERE < paid[1]
    assert signer.chain.free(to) == 7 * CERE
    assert signer.nonce == terms.nonce + 1


@pytest.mark.parametrize(
    ("terms", "facts", "why"),
    [
        ({}, {"genesis": Hash256(b"\1" * 32)}, "bad signature"),
        ({}, {"spec_version": 1}, "bad signature"),
        ({}, {"transaction_version": 1}, "bad signature"),
        ({}, {"era_block": Hash256(b"\1" * 32)}, "bad signature"),
        ({"tip": 10**27}, {}, "Inability to pay some fees"),
    ],
)
def test_what_is_signed_for_another_chain_is_refused(
    signer: Signer, js: Driver, terms: dict[str, Any], facts: dict[str, Any], why: str
) -> None:
    """Genesis, versions and the era's block are signed though they are not sent; and who tips more than he has."""
    asked = Terms(nonce=signer.nonce, **terms)
    raw = signer.extrinsic(CALLS["nothing"], asked, replace(signer.facts(IMMORTAL), **facts))
    with pytest.raises(CaseError, match=why) as refused:
        js("polkadot.send", version=15, raw=f"0x{raw.hex()}")
    assert refused.value.facts["code"] == 1010


def test_an_era_ends_when_it_says(signer: Signer, js: Driver) -> None:
    """What was signed for four blocks is worth nothing once they went by; signed anew it is taken."""
    terms = Terms(nonce=signer.nonce, era=era_at(signer.height, 4))
    late = signer.extrinsic(CALLS["nothing"], terms)
    for turn in range(4):
        js("polkadot.submit", version=15, who=ALICE, call=["system", "remark", [f"0x{turn:02x}"]])
    send = partial(js, "polkadot.send", version=15)
    with pytest.raises(CaseError, match="Transaction has a bad signature") as refused:
        send(raw=f"0x{late.hex()}")
    assert refused.value.facts["code"] == 1010
    renewed = signer.extrinsic(CALLS["nothing"], replace(terms, era=era_at(signer.height, 4)))
    assert send(raw=f"0x{renewed.hex()}")["error"] is None
    with pytest.raises(CaseError, match="Transaction is outdated"):
        send(raw=f"0x{signer.extrinsic(CALLS['long'], terms).hex()}")
