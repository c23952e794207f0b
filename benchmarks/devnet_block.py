"""Blocks of 200 signed transfers on the development chain, with true roots, a seal and a justification of four voters.

The state holds 5,000 accounts, state version 0. One unit of work takes a signed extrinsic from its bytes into a final
block: signature, nonce, fee, dispatch, events, its part of both roots and of the justification. Baseline: PyNaCl's
bare verification of the same signatures, without which nothing may come into a block.
"""

from collections.abc import Callable
from hashlib import blake2b

from nacl import bindings

from benchmarks.frame import Case, Measure, Options, emit, interleave, machine, read_options, timed
from edge_node.chain_light.extensions import ChainFacts, Terms
from edge_node.chain_light.extrinsic import SignatureKind, payload_of, signed_extrinsic
from edge_node.chain_light.values import Chosen
from edge_node.devnet.pallets import sdk_profile
from edge_node.devnet.pallets.balances import CERE
from edge_node.devnet.runtime import Chain, Genesis, Validator, call_of
from edge_node.devnet.runtime.fees import TREASURY
from edge_node.trust.keys import SigningKey

TRANSFERS, ACCOUNTS, RATE_MIN = 200, 5_000, 200.0
NAME = "devnet_block"
START_MS, BLOCK_MS = 1_790_000_000_000, 6_000


def seed(*parts: object) -> bytes:
    """32 bytes that look like chance and are the same in every run."""
    return blake2b(repr(parts).encode(), digest_size=32).digest()


class Load:
    """A chain and its senders; each block's transfers are signed before it is timed."""

    def __init__(self, blocks: int) -> None:
        self.blocks, self.height = blocks, 0
        self.senders = [SigningKey(seed("sender", place)) for place in range(TRANSFERS)]
        validators = tuple(
            Validator(
                seed("stash", place), seed("babe", place), SigningKey(seed("grandpa", place)), lambda _hash: bytes(64)
            )
            for place in range(4)
        )
        rich = [bytes(sender.public) for sender in self.senders] + [one.account for one in validators]
        others = [seed("account", place) for place in range(ACCOUNTS - len(rich) - 1)]
        balances = dict.fromkeys([*rich, *others, TREASURY], 10_000 * CERE)
        self.chain = Chain(sdk_profile(), Genesis(validators, balances))
        self.others = others
        self.signed: list[tuple[bytes, bytes, bytes]] = []  # key, signature, payload: what the baseline verifies
        self.ready: list[list[bytes]] = []

    def prepare(self) -> None:
        """Sign what the next run takes, none of it twice."""
        self.signed.clear()
        self.ready = [self._block(self.height + place) for place in range(self.blocks)]
        self.height += self.blocks

    def _block(self, nonce: int) -> list[bytes]:
        chain, version = self.chain, self.chain.form.profile.version
        facts = ChainFacts(
            genesis=chain.genesis.hash, spec_version=version.spec_version,
            transaction_version=version.transaction_version, era_block=chain.genesis.hash,
        )  # fmt: skip
        raws = []
        for place, sender in enumerate(self.senders):
            dest = Chosen("Id", self.others[(place * 31 + nonce * 7) % len(self.others)])
            call = chain.form.encode_call(call_of("Balances", "transfer_keep_alive", dest=dest, value=CERE))
            terms = Terms(nonce=nonce)
            payload = payload_of(chain.form.metadata, call, terms, facts)
            signature = sender.sign(payload)
            self.signed.append((bytes(sender.public), bytes(signature), payload))
            raws.append(
                signed_extrinsic(
                    chain.form.metadata, call, bytes(sender.public), SignatureKind.ED25519, bytes(signature), terms
                )
            )
        return raws

    def write(self) -> float:
        """The blocks, each final before the next."""
        for raws in self.ready:
            block = self.chain.write(START_MS + self.chain.head.number * BLOCK_MS, raws)
            assert not block.refused
            assert self.chain.finalize()[-1].hash == block.hash
        return self.blocks * TRANSFERS

    def verify(self) -> float:
        """The same signatures alone."""
        for key, signature, payload in self.signed:
            bindings.crypto_sign_open(signature + payload, key)
        return self.blocks * TRANSFERS


def measure(options: Options) -> list[Case]:
    load = Load(3 if options.quick else 10)

    def prepared(work: Callable[[], float]) -> Measure:
        load.prepare()
        return timed(work)

    runs = interleave({"ours": lambda: prepared(load.write), "bare": lambda: timed(load.verify)}, options.runs)
    return [
        Case.against(
            name=NAME, case=f"{TRANSFERS} transfers a block", unit="extrinsics", ours=runs["ours"],
            baseline="PyNaCl's bare verification of the same signatures", theirs=runs["bare"],
            conditions=f"{machine()}; {load.blocks} blocks a run on {ACCOUNTS} accounts, four voters, state version 0",
            promise=f"at least {RATE_MIN:.0f} extrinsics per second", rate_min=RATE_MIN,
        )
    ]  # fmt: skip


def main() -> None:
    options = read_options()
    emit(measure(options), options)


if __name__ == "__main__":
    main()
