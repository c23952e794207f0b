"""Endpoints over a development chain in this process: they answer as nodes do, and lie, stall or go when told to."""

from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace

import trio

from edge_node.base.clock import ClockQuality
from edge_node.base.errors import RemoteError
from edge_node.base.ids import Hash256, PublicKey
from edge_node.chain_light.anchor import Anchor
from edge_node.chain_light.anchor_keeper import AnchorKeeper
from edge_node.chain_light.authority_changes import set_change_of
from edge_node.chain_light.chain_db import open_chain_db
from edge_node.chain_light.checkpoint import CheckpointKeys, sign_checkpoint
from edge_node.chain_light.checkpoint_payload import Checkpoint
from edge_node.chain_light.clock_check import ClockCheck
from edge_node.chain_light.grandpa import AuthoritySet, Justification, Precommit, encode_justification, vote_message
from edge_node.chain_light.header import Header, encode_header, hash_header
from edge_node.chain_light.shipped import shipped_spec
from edge_node.chain_light.source_errors import EndpointGone, EndpointRefused, OtherHeader
from edge_node.chain_light.spec import NetworkKind
from edge_node.chain_light.status import EndpointStatus, Verdict
from edge_node.chain_light.sync import LightClient
from edge_node.chain_light.sync_policy import USUAL
from edge_node.devnet.runtime import NoSuchBlock, finality_proof
from edge_node.trust.keys import SigningKey
from edge_node.wire.scale import blob, compact
from tests.devnet.runtime.stage import VALIDATORS, make_stage

OPERATOR = SigningKey.from_seed(b"\x11" * 32)
KEYS = CheckpointKeys(release=frozenset(), operator=OPERATOR.public)
FOUR = tuple(one.authority for one in VALIDATORS)
BAN_S = 40
DAY_MS = 86_400_000


class TrioClock:
    """Wall time that runs with trio's clock, and can be set."""

    def __init__(self, now_ms):
        self.offset_ms = now_ms - self._running_ms()

    def _running_ms(self):
        return int(trio.current_time() * 1_000)

    def now_ms(self):
        return self._running_ms() + self.offset_ms

    def monotonic_s(self):
        return trio.current_time()

    def quality(self):
        return ClockQuality.NETWORK


class ChainSource:
    """One endpoint. `fault` names what is wrong with it; `final_at` is the newest block it admits to be final."""

    def __init__(self, world, name, group):
        self.world, self.url, self.group = world, f"ws://{name}.example", group
        self.fault, self.final_at, self.gone, self.asked = "", None, False, 0
        self.banned_until_s, self.refused = float("-inf"), 0
        self.pushed = []

    @property
    def chain(self):
        return self.world.chain

    @property
    def final_number(self):
        """The height it calls final."""
        if self.fault == "boasts":
            return self.chain.final.number + 1_000
        if self.final_at is not None:
            return min(self.final_at, self.chain.final.number)
        return self.chain.final.number

    async def _ask(self):
        self.asked += 1
        await trio.lowlevel.checkpoint()
        if self.gone:
            raise EndpointGone(self.url, "the cable is out")
        if self.fault == "silent":
            await trio.sleep_forever()
        if self.fault == "slow":
            await trio.sleep(5)

    async def genesis(self):
        await self._ask()
        return Hash256(b"\xee" * 32) if self.fault == "other chain" else self.chain.genesis.hash

    async def finalized(self):
        await self._ask()
        return self.chain.block_at(min(self.final_number, self.chain.head.number)).hash

    async def header(self, block=None):
        await self._ask()
        if block is None:
            return self.chain.head.header
        if self.fault == "lying header":
            raise OtherHeader(block, self.chain.genesis.hash)
        if self.fault == "no headers":
            return None
        forged = self.world.forged.get(block)
        try:
            return forged or self.chain.block(block).header
        except NoSuchBlock:
            return None

    async def block_hashes(self, numbers):
        await self._ask()
        head = self.chain.head.number
        if self.fault == "other hashes":
            return [Hash256(b"\xdd" * 32) for _ in numbers]
        return [self.chain.block_at(number).hash if number <= head else None for number in numbers]

    async def storage(self, key, blocks):
        await self._ask()
        if self.fault == "pruned":
            raise EndpointRefused("state_getStorage", 4003, "State already discarded")
        if self.fault == "false hints":
            return [place.to_bytes(8, "little") for place in range(len(blocks))]
        try:
            return [self.chain.block(block).state.get(key) for block in blocks]
        except NoSuchBlock:
            raise EndpointRefused("state_getStorage", 4003, "UnknownBlock") from None

    async def finality(self, number):
        await self._ask()
        if self.fault in {"null finality", "boasts"}:
            return None
        if number > self.final_number:
            raise EndpointRefused("grandpa_proveFinality", 1, "not yet final")
        if self.fault == "old finality":
            return finality_proof(self.chain, 1)
        raw = finality_proof(self.chain, number) if self.final_at is None else self._older_proof(number)
        if self.fault == "torn finality":
            return raw[:-2]
        if self.fault == "flipped finality":
            return raw[:36] + bytes((raw[36] ^ 1,)) + raw[37:]  # the round, which every vote is signed over
        return raw

    def _older_proof(self, number):
        """What a node that is behind knows: nothing above its own newest final block."""
        proving = next((last for last in self.chain.hand_overs if number <= last <= self.final_at), self.final_number)
        found = self.chain.finalities.get(proving)
        if found is None:
            return None
        headers = [encode_header(self.chain.block_at(one).header) for one in range(number + 1, proving + 1)]
        return found.hash + blob(found.justification) + compact(len(headers)) + b"".join(headers)

    async def proof(self, block, keys):
        await self._ask()
        if block in self.world.forged:
            raise EndpointRefused("state_getReadProof", 4003, "UnknownBlock")
        state = self.chain.block(block).state
        if self.fault == "short proof":
            return state.prove(keys)[:-1]
        if self.fault == "other proof":
            return state.prove([b"\x00" * 32])
        if self.fault == "no proof":
            raise EndpointRefused("state_getReadProof", -32601, "no such method")
        return state.prove(keys)

    async def child_proof(self, block, child, keys):
        raise NotImplementedError

    async def keys_under(self, block, prefix, after, count):
        raise NotImplementedError

    async def metadata(self, block):
        raise NotImplementedError

    async def submit(self, extrinsic):
        raise NotImplementedError

    @asynccontextmanager
    async def justifications(self):
        await self._ask()
        if self.fault == "no feed":
            raise EndpointRefused("grandpa_subscribeJustifications", -32601, "no such method")
        send, receive = trio.open_memory_channel(64)
        self.pushed.append(send)
        try:
            yield receive
        finally:
            self.pushed.remove(send)

    def push(self, raw):
        """Push a justification to who listens; who is slow misses some."""
        if self.gone or self.fault in {"silent", "mute", "boasts"} or self.fault.endswith("finality"):
            return
        for send in self.pushed:
            with suppress(trio.WouldBlock):
                send.send_nowait(raw)


class WorldPool:
    """A pool over the world's sources: who was refused is left alone for a while."""

    def __init__(self, world):
        self.world, self.expected_genesis = world, None
        self.complaints, self.drops, self.serves = [], [], 0

    def _usable(self, source):
        now_s = trio.current_time()
        if self.expected_genesis is not None and source.fault == "other chain":
            return False
        return not source.gone and source.banned_until_s <= now_s

    def sources(self):
        return [source for source in self.world.sources if self._usable(source)]

    def groups(self):
        return {source.group for source in self.sources()}

    def statuses(self):
        return tuple(self._status(source) for source in self.world.sources)

    def _status(self, source):
        usable = self._usable(source)
        banned = not source.gone and not usable
        return EndpointStatus(
            url=source.url,
            group=source.group,
            verdict=Verdict.USABLE if usable else Verdict.BANNED if banned else Verdict.UNREACHABLE,
            reason="" if usable else "refused" if banned else "no route",
            finalized=source.final_number,
            best=source.chain.head.number,
            latency_ms=1.0,
            asked=source.asked,
            refused=source.refused,
            leads=source is self.world.sources[0],
            banned_until_ms=None,
        )

    def refused(self, source, error):
        if not isinstance(error, RemoteError):
            return
        self.complaints.append((source.url, error))
        source.refused += 1
        source.banned_until_s = trio.current_time() + BAN_S

    def served(self, source, seconds):
        self.serves += 1

    def drop_all(self, reason):
        self.drops.append(reason)

    async def wait_change(self):
        await trio.sleep(1)


@dataclass
class World:
    """A chain, endpoints of it, and a clock; `client()` makes light clients of it."""

    directory: object
    kind: NetworkKind = NetworkKind.LIVE
    groups: tuple[str, ...] = ("a", "b")
    policy: object = USUAL
    stage: object = field(default_factory=make_stage)
    lag: int = 1
    """Blocks that are not final yet behind the head."""
    paused: bool = False
    unfinal: bool = False

    def __post_init__(self):
        self.chain = self.stage.chain
        self.clock = TrioClock(self.stage.now_ms)
        self.sources = [ChainSource(self, f"{group}{place}", group) for place, group in enumerate(self.groups)]
        self.pool = WorldPool(self)
        self.forged: dict[Hash256, Header] = {}
        self.counter = 0
        self._anchors = [Anchor(self.chain.genesis.header, AuthoritySet(0, FOUR))]

    def __getitem__(self, place):
        return self.sources[place]

    @property
    def spec(self):
        """The network."""
        dev = shipped_spec("dev")
        genesis = self.chain.genesis.hash if self.kind is NetworkKind.LIVE else None
        return type(dev)(
            **{
                **{name: getattr(dev, name) for name in dev.__struct_fields__},
                "kind": self.kind,
                "genesis": genesis,
                "endpoints": (),
            }
        )

    def grow(self, blocks, orders=None):
        """Write blocks, some with a change ordered in them, and finalize all but the newest `lag`."""
        for number in range(self.chain.head.number + 1, self.chain.head.number + 1 + blocks):
            if orders and number in orders:
                self.chain.schedule(orders[number])
            self.stage.write()
        self.finalize(self.chain.head.number - self.lag)
        self.clock.offset_ms += self.stage.now_ms - self.clock.now_ms()

    def finalize(self, number):
        """Make blocks final and push what proves it."""
        if number <= self.chain.final.number:
            return
        for finality in self.chain.finalize(number):
            for source in self.sources:
                if finality.number <= source.final_number:
                    source.push(finality.justification)

    async def live(self):
        """A block every 6 s."""
        while True:
            await trio.sleep(6)
            if self.paused:
                continue
            self.chain.write(self.clock.now_ms())
            if not self.unfinal:
                self.finalize(self.chain.head.number - self.lag)

    def anchor_at(self, number):
        """The anchor at a height: its block, who votes on what follows, and what is under way."""
        while len(self._anchors) <= number:
            last = self._anchors[-1]
            header = self.chain.block_at(last.header.number + 1).header
            change = set_change_of(header)
            pending = last.pending if change is None else last.pending.announced(header.number, change)
            self._anchors.append(Anchor(header, *pending.after(header.number, last.voters)))
        return self._anchors[number]

    def after_forced(self, number):
        """A signed checkpoint at a height above a forced change that set FOUR[:3]."""
        anchor = Anchor(self.chain.block_at(number).header, AuthoritySet(1, FOUR[:3]))
        return self.checkpoint(anchor=anchor)

    def checkpoint(self, number=0, *, key=OPERATOR, days=30, issued_ms=None, anchor=None):
        """A signed checkpoint at a height."""
        self.counter += 1
        issued = self.clock.now_ms() if issued_ms is None else issued_ms
        said = Checkpoint(
            genesis=self.chain.genesis.hash,
            anchor=anchor or self.anchor_at(number),
            issued_ms=issued,
            expires_ms=issued + days * DAY_MS,
            counter=self.counter,
        )
        return sign_checkpoint(said, [key])

    def keeper(self, number=None, *, db=None):
        """A keeper of the anchor at a height, or of none yet."""
        db = db or open_chain_db(self.directory / "chain.db")
        check = ClockCheck(self.clock, self.policy)
        made = AnchorKeeper(self.spec, db, clock=self.clock, clock_check=check, policy=self.policy, boot="b")
        if number is not None:
            made.begin(self.chain.genesis.hash, self.anchor_at(number), self.clock.now_ms(), 0)
        return made

    def client(self, **more):
        """A light client with the world's endpoints, and its database."""
        db = more.pop("db", None) or open_chain_db(self.directory / "chain.db")
        arguments = {"clock": self.clock, "keys": KEYS, "policy": self.policy} | more
        client = LightClient(self.spec, self.pool, db, **arguments)
        client.db = db
        return client

    def fork(self, number, *, parent=None, round_number=99, signers=VALIDATORS, salt=1):
        """Another block at a height, and its justification: what a chain that contradicts itself shows."""
        real = self.chain.block_at(min(number, self.chain.head.number)).header
        header = replace(
            real, number=number, parent=parent or real.parent, extrinsics_root=Hash256(salt.to_bytes(32, "big"))
        )
        block = hash_header(header)
        self.forged[block] = header
        voters = self.anchor_at(number - 1).voters
        message = vote_message(block, number, round_number, voters.id)
        members = {key for key, _ in voters.authorities}
        votes = tuple(
            Precommit(block, number, one.grandpa.sign(message), PublicKey(one.grandpa.public))
            for one in signers
            if one.grandpa.public in members
        )
        return block, encode_justification(Justification(round_number, block, number, votes))


async def run_inline(fn, *arguments, limiter=None, abandon_on_cancel=False):
    """What takes the place of trio.to_thread.run_sync where a jumping clock would not wait for threads."""
    await trio.lowlevel.checkpoint()
    return fn(*arguments)


async def until(client, wanted, *, seconds=4_000):
    """Wait for a state, or for whatever is asked of the status; the status then."""

    def has(status):
        return wanted(status) if callable(wanted) else status.state == wanted

    with trio.move_on_after(seconds):
        while not has(client.status()):
            await trio.sleep(0.5)
        return client.status()
    raise AssertionError(f"after {seconds} s: {client.status()}")


@asynccontextmanager
async def running(world, client=None, *, live=True, **more):
    """A client that runs while the chain lives."""
    client = client or world.client(**more)
    async with trio.open_nursery() as nursery:
        if live:
            nursery.start_soon(world.live)
        await nursery.start(client.run)
        yield client
        nursery.cancel_scope.cancel()
    client.db.close()
