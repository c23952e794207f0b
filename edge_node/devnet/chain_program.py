"""`edge-node devnet chain`: a development chain as a process, with the files a light client begins from."""

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
import trio

from edge_node.base.clock import Clock, SystemClock
from edge_node.base.digests import blake2b_256
from edge_node.base.errors import Refusal
from edge_node.base.ids import Hash256
from edge_node.base.log import configure
from edge_node.chain_light.anchor import Anchor
from edge_node.chain_light.checkpoint import sign_checkpoint
from edge_node.chain_light.checkpoint_payload import Checkpoint
from edge_node.chain_light.grandpa import AuthoritySet
from edge_node.chain_light.metadata_bytes import metadata_hash
from edge_node.chain_light.metadata_pin import MetadataPin, Runtime, sign_metadata_pin
from edge_node.chain_light.shipped import shipped_spec
from edge_node.chain_light.spec import Endpoint
from edge_node.devnet.chain_service import FINALITY_DELAY_S, Brakes, ChainService, Keep
from edge_node.devnet.dev_accounts import dev_accounts, dev_validator, sr25519_dev
from edge_node.devnet.errors import DevnetError
from edge_node.devnet.pallets import Profile, dev_profile, profile_named, sdk_profile
from edge_node.devnet.pallets.balances import CERE
from edge_node.devnet.rpc import serve_rpc
from edge_node.devnet.runtime import Chain, Genesis
from edge_node.devnet.runtime.fees import TREASURY
from edge_node.devnet.runtime.genesis import CODE
from edge_node.trust.keys import SigningKey
from edge_node.trust.keystore import read_key_file, write_key_file

RICH_CERE: Final = 100_000_000  # what clients' own tests spend is far below
IDLE_S: Final = 6.0  # when nothing is sent, the chain still moves on at its slots' pace
CHECKPOINT_MS: Final = 30 * 86_400_000
CHILD: Final = {b"edge_node/devnet": {bytes((n,)): bytes((n,)) * 40 for n in range(16)}}  # so that there is one
_RANDOMNESS_BYTES: Final = 32


class FaultsRefused(DevnetError, Refusal):
    """A file of faults cannot be read; `why` says what is wrong."""

    slug = "faults-refused"
    remedy = 'Write JSON such as {"withhold_finality": true, "lies": {"slow": 2.5, "wrong-proof": null}}.'

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(f"no file of faults: {why}")


class Faults(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a chain begins with wrong."""

    withhold_finality: bool = False
    stop_blocks: bool = False
    ahead_ms: int = 0
    lies: dict[str, float | None] = {}

    @classmethod
    def from_file(cls, path: Path) -> "Faults":
        """Read a file; FaultsRefused."""
        try:
            return msgspec.json.decode(path.read_bytes(), type=cls)
        except (msgspec.DecodeError, OSError) as wrong:
            raise FaultsRefused(str(wrong)) from None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainOptions:
    """What a chain is asked to be: the verb's options."""

    directory: Path | None = None
    port: int = 9_944
    profile: str = "sdk"
    state_version: int = 0
    period_s: float | None = None
    idle_s: float = IDLE_S
    finality_delay_s: float = FINALITY_DELAY_S
    authorities: int = 4
    set_every: int = 0
    blocks: int = 0
    keep: int = Keep().blocks
    faults: Path | None = None
    operator_key: Path | None = None


class ChainPlace(msgspec.Struct, frozen=True):
    """Where a chain is, for whoever waits for it."""

    url: str
    genesis: str
    block: int
    set_id: int
    spec: str | None
    checkpoint: str | None
    pin: str | None
    operator: str | None


def run_chain(options: ChainOptions, ready: Callable[[ChainPlace], None]) -> None:
    """Serve a chain until SIGTERM or SIGINT; `ready` is called when clients may come.

    PortTaken, FaultsRefused, NoSuchProfile, NoSuchLie, KeyFileRefused.
    """
    configure()
    trio.run(_run, options, ready)


def dev_profile_of(name: str, state_version: int) -> Profile:
    """A profile by name in a state version; NoSuchProfile."""
    profile_named(name)
    return {"sdk": sdk_profile, "dev-80013": dev_profile}[name](state_version)


def dev_genesis(authorities: int, randomness: bytes) -> Genesis:
    """The first state of a chain whose accounts everybody has the keys of: Alice is root."""
    validators = tuple(dev_validator(place) for place in range(authorities))
    balances = dict.fromkeys(dev_accounts(), RICH_CERE * CERE)
    # What takes a share of fees exists, or the shares would be burnt.
    balances |= {TREASURY: CERE} | {one.account: CERE for one in validators if one.account not in balances}
    return Genesis(validators, balances, sudo=sr25519_dev("Alice").public, randomness=randomness, children=CHILD)


def first_checkpoint(chain: Chain, now_ms: int, key: SigningKey) -> bytes:
    """The signed word that a chain's first block is final: where a light client of it begins."""
    voters = AuthoritySet(0, tuple(one.authority for one in chain.rules.validators))
    checkpoint = Checkpoint(
        genesis=chain.genesis.hash,
        anchor=Anchor(chain.genesis.header, voters),
        issued_ms=now_ms,
        expires_ms=now_ms + CHECKPOINT_MS,
        counter=1,
    )
    return sign_checkpoint(checkpoint, [key])


def pinned_metadata(chain: Chain, now_ms: int, key: SigningKey) -> bytes:
    """The signed word for what the metadata of a chain's runtime is, in each version that it serves."""
    runtime = Runtime(chain.genesis.hash, chain.form.profile.version.spec_version, Hash256(blake2b_256(CODE)))
    hashes = tuple(sorted(metadata_hash(chain.form.written(version)) for version in (14, 15)))
    return sign_metadata_pin(MetadataPin(runtime=runtime, metadata=hashes, issued_ms=now_ms, counter=1), [key])


async def _run(options: ChainOptions, ready: Callable[[ChainPlace], None]) -> None:
    clock = SystemClock()
    faults = Faults() if options.faults is None else Faults.from_file(options.faults)
    with trio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
        service = _service(options, clock)
        brakes = Brakes(faults.withhold_finality, faults.stop_blocks, faults.ahead_ms)
        if brakes != Brakes():
            service.brake(brakes)
        async with trio.open_nursery() as nursery:
            server = await nursery.start(serve_rpc, service, "127.0.0.1", options.port)
            for name, much in faults.lies.items():
                server.served.lie(name, much)
            service.prebuild(options.blocks)
            place = _write_files(options, service.chain, server.url, clock)
            await nursery.start(service.run)
            ready(place)
            async for _ in signals:
                break
            nursery.cancel_scope.cancel()


def _service(options: ChainOptions, clock: Clock) -> ChainService:
    return ChainService(
        dev_profile_of(options.profile, options.state_version),
        dev_genesis(options.authorities, os.urandom(_RANDOMNESS_BYTES)),
        clock=clock,
        finality_delay_s=options.finality_delay_s,
        block="instant" if options.period_s is None else options.period_s,
        idle_s=options.idle_s or None,
        set_every=options.set_every,
        keep=Keep(max(options.keep, options.blocks + 1)),
    )


def _write_files(options: ChainOptions, chain: Chain, url: str, clock: Clock) -> ChainPlace:
    place = ChainPlace(url, str(chain.genesis.hash), chain.head.number, chain.voters.current.id, None, None, None, None)
    if options.directory is None:
        return place
    options.directory.mkdir(parents=True, exist_ok=True)
    spec, checkpoint = options.directory / "spec.json", options.directory / "checkpoint.json"
    pin = options.directory / "metadata-pin.json"
    with _operator_key(options.operator_key or options.directory / "operator.key") as key:
        shown = msgspec.structs.replace(
            shipped_spec("dev"),
            genesis=chain.genesis.hash,
            endpoints=(Endpoint(url=url, group="this-machine"),),
            state_version=options.state_version,
        )
        spec.write_bytes(shown.to_file())
        checkpoint.write_bytes(first_checkpoint(chain, clock.now_ms(), key))
        pin.write_bytes(pinned_metadata(chain, clock.now_ms(), key))
        operator = str(key.public)
    return msgspec.structs.replace(place, spec=str(spec), checkpoint=str(checkpoint), pin=str(pin), operator=operator)


def _operator_key(path: Path) -> SigningKey:
    if path.exists():
        return read_key_file(path)
    key = SigningKey.generate(os.urandom)
    write_key_file(path, key)
    return key
