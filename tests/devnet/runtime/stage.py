"""A chain to test on: four validators, accounts with keys of both kinds, and extrinsics signed as clients sign them."""

import hashlib
from dataclasses import dataclass, field

import sr25519

from edge_node.chain_light.era import IMMORTAL
from edge_node.chain_light.extensions import ChainFacts, Terms
from edge_node.chain_light.extrinsic import SignatureKind, payload_of, signed_extrinsic
from edge_node.chain_light.storage_key import storage_key, value_of
from edge_node.chain_light.values import Chosen
from edge_node.devnet.pallets import sdk_profile
from edge_node.devnet.pallets.balances import CERE
from edge_node.devnet.runtime.chain import Chain
from edge_node.devnet.runtime.dispatch import call_of
from edge_node.devnet.runtime.fees import TREASURY
from edge_node.devnet.runtime.genesis import Genesis
from edge_node.devnet.runtime.validators import Validator
from edge_node.trust.keys import SigningKey

START_MS = 1_790_000_000_000


def seed(name):
    """32 bytes that are one name's own."""
    return hashlib.blake2b(name.encode(), digest_size=32).digest()


class Account:
    """Who signs: ed25519 as a rule, sr25519 for those whose name says so."""

    def __init__(self, name):
        self.kind = SignatureKind.SR25519 if name.startswith("sr-") else SignatureKind.ED25519
        if self.kind is SignatureKind.SR25519:
            self._pair = sr25519.pair_from_seed(seed(name))
            self.id = self._pair[0]
        else:
            self._key = SigningKey(seed(name))
            self.id = bytes(self._key.public)
        self.address = Chosen("Id", self.id)

    def sign(self, payload):
        """64 bytes over a payload."""
        if self.kind is SignatureKind.SR25519:
            return sr25519.sign(self._pair, payload)
        return bytes(self._key.sign(payload))


def validator(name):
    """One of the chain's four, its seal made of its name so that blocks come out alike."""
    return Validator(
        account=seed(f"{name} stash"),
        babe=seed(f"{name} babe"),
        grandpa=SigningKey(seed(f"{name} grandpa")),
        seal=lambda digest: (digest + seed(name))[:64],
    )


VALIDATORS = tuple(validator(f"validator {place}") for place in range(4))
ALICE, BOB, CAROL, DAVE, SUDO = (Account(name) for name in ("alice", "bob", "carol", "dave", "sudo"))
SARAH = Account("sr-sarah")
RICH = (ALICE, BOB, CAROL, DAVE, SUDO, SARAH)


@dataclass
class Stage:
    """A chain with a clock of its own; each call becomes a signed extrinsic in a block."""

    chain: Chain
    now_ms: int = START_MS
    waiting: list[bytes] = field(default_factory=list)

    def nonce(self, account):
        """The account's next nonce, with what waits here."""
        return self.read("System", "Account", account.id)["nonce"]

    def read(self, pallet, item, *keys):
        """A value of the newest state."""
        found = self.chain.form.item(pallet, item)
        return value_of(found, self.chain.head.state.get(storage_key(found, *keys)))

    def signed(self, account, call, *, nonce=None, tip=0, era=IMMORTAL, facts=None, kind=None):
        """The extrinsic of a call, with what is asked to differ."""
        metadata, version = self.chain.form.metadata, self.chain.form.profile.version
        birth = self.chain.block_at(era.birth(self.chain.head.number + 1)).hash
        known = {
            "genesis": self.chain.genesis.hash,
            "spec_version": version.spec_version,
            "transaction_version": version.transaction_version,
            "era_block": birth,
        }
        terms = Terms(nonce=self.nonce(account) if nonce is None else nonce, tip=tip, era=era)
        raw = self.chain.form.encode_call(call)
        payload = payload_of(metadata, raw, terms, ChainFacts(**(known | (facts or {}))))
        return signed_extrinsic(metadata, raw, account.id, kind or account.kind, account.sign(payload), terms)

    def write(self, *extrinsics):
        """A block with these."""
        self.now_ms += 6_000
        return self.chain.write(self.now_ms, extrinsics)

    def skip(self, blocks):
        """Empty blocks."""
        for _ in range(blocks):
            self.write()

    def send(self, account, call, **how):
        """A block with one extrinsic; the events of it, by name, with what they hold."""
        block = self.write(self.signed(account, call, **how))
        assert not block.refused, block.refused[0].why
        return self.events(1)

    def events(self, extrinsic=None):
        """(Pallet.Event, value) of the newest block, of one extrinsic or of all."""
        return [
            (f"{record['event'].name}.{record['event'].value.name}", record["event"].value.value)
            for record in self.read("System", "Events")
            if extrinsic is None or record["phase"] == Chosen("ApplyExtrinsic", extrinsic)
        ]

    def outcome(self, account, call, **how):
        """Ok, or the refusal by name: `Pallet.Error`, `Token.Frozen`, `BadOrigin`."""
        return self.outcome_of(self.send(account, call, **how)[-1])

    def outcome_of(self, last):
        """What ExtrinsicSuccess or ExtrinsicFailed says."""
        name, value = last
        return "Ok" if name == "System.ExtrinsicSuccess" else self.error_name(value["dispatch_error"])

    def error_name(self, error):
        """A DispatchError by name, found in the metadata as clients find it."""
        if error.name == "Module":
            found = self.chain.form.metadata.find_error(error.value["index"], error.value["error"][0])
            return f"{found.pallet}.{found.name}"
        return error.name if error.value is None else f"{error.name}.{error.value.name}"

    def ok(self, account, pallet, call, /, **arguments):
        """Send a call that must succeed; its events."""
        events = self.send(account, call_of(pallet, call, **arguments))
        assert self.outcome_of(events[-1]) == "Ok", self.outcome_of(events[-1])
        return events

    def refusal(self, account, pallet, call, /, **arguments):
        """Send a call that must be refused; why, by name."""
        why = self.outcome(account, call_of(pallet, call, **arguments))
        assert why != "Ok"
        return why

    def as_root(self, call):
        """Send a call as root; whether it was carried out."""
        events = self.send(SUDO, call_of("Sudo", "sudo", call=call))
        (told,) = (value["sudo_result"] for name, value in events if name == "Sudo.Sudid")
        return "Ok" if told.name == "Ok" else self.error_name(told.value)

    def set_raw(self, pallet, item, *keys, raw):
        """Write storage as root, for states that no call leads to; None takes a value away."""
        key = storage_key(self.chain.form.item(pallet, item), *keys)
        if raw is None:
            return self.as_root(call_of("System", "kill_storage", keys=[key]))
        return self.as_root(call_of("System", "set_storage", items=[(key, raw)]))


def make_genesis(**changes):
    """A first state where the rich have 1,000,000 CERE each, and SUDO is root."""
    balances = {account.id: 1_000_000 * CERE for account in RICH}
    # What takes a share of fees exists, or the shares would be burnt.
    balances |= {TREASURY: CERE} | {one.account: CERE for one in VALIDATORS}
    return Genesis(**({"validators": VALIDATORS, "balances": balances, "sudo": SUDO.id} | changes))


def make_stage(profile=None, *, now_ms=START_MS, **changes):
    """A fresh chain of that first state."""
    return Stage(Chain(profile or sdk_profile(), make_genesis(**changes)), now_ms)
