"""Metadata is used only where it is pinned for what was proved; whoever sends another is read by nobody."""

from contextlib import asynccontextmanager

import pytest
import trio

from edge_node.base.digests import blake2b_256
from edge_node.base.ids import Hash256
from edge_node.chain_light.layouts import UnknownLayout, account_layout
from edge_node.chain_light.metadata import NotInMetadata
from edge_node.chain_light.metadata_bytes import metadata_hash, parse_metadata, write_metadata
from edge_node.chain_light.metadata_pin import MetadataPin, Runtime, open_metadata_pin, sign_metadata_pin
from edge_node.chain_light.metadata_pin_errors import MetadataNotPinned
from edge_node.chain_light.metadata_pins import MetadataPins
from edge_node.chain_light.proved import NotProvable, ProofStatus
from edge_node.chain_light.runtime_reader import RuntimeReader
from edge_node.chain_light.source_errors import EndpointRefused, MalformedAnswer, NoEndpoint
from edge_node.chain_light.status import ChainState
from edge_node.chain_light.vouching import VouchKeys
from edge_node.devnet.pallets import dev_profile, sdk_profile
from edge_node.devnet.pallets.balances import CERE
from edge_node.devnet.rpc.permuted import permuted
from edge_node.devnet.runtime.dispatch import call_of
from edge_node.devnet.runtime.genesis import CODE
from edge_node.trust.signing_key import SigningKey
from tests.chain_light.view_rig import viewing
from tests.devnet.runtime.stage import ALICE, BOB, SUDO, make_stage

COLD_KEY = SigningKey.from_seed(bytes([14]) * 32)
KEYS = VouchKeys(release=frozenset(), operator=COLD_KEY.public)


class Reading:
    """A reader, and the pins it is given."""

    def __init__(self, rig):
        self.rig, self.pins, self.counter = rig, MetadataPins(), 0
        self.chain = rig.stage.chain
        self.reader = RuntimeReader(rig.view, rig.pool, lambda: self.pins, self.chain.genesis.hash)

    def pin(self, *raws, **changes):
        """Have an operator say that the metadata of this runtime is one of `raws`."""
        self.counter += 1
        version = self.chain.form.profile.version.spec_version
        runtime = Runtime(self.chain.genesis.hash, version, Hash256(blake2b_256(CODE)))._replace(**changes)
        hashes = tuple(sorted(map(metadata_hash, raws)))
        pin = MetadataPin(runtime=runtime, metadata=hashes, issued_ms=0, counter=self.counter)
        document = sign_metadata_pin(pin, [COLD_KEY])
        self.pins = self.pins.after(open_metadata_pin(document, keys=KEYS, genesis=None, now_ms=None))


@asynccontextmanager
async def reading(stage=None, **more):
    async with viewing(stage, **more) as rig:
        yield Reading(rig)


@pytest.fixture(params=[sdk_profile, dev_profile], ids=["sdk", "dev-80013"])
def stage(request):
    return make_stage(request.param())


@pytest.mark.parametrize("version", [14, 15])
async def test_pinned_metadata_of_a_proved_runtime(stage, version):
    """With what was proved, and at which block."""
    raw = stage.chain.form.written(version)
    async with reading(stage) as it:
        it.pin(stage.chain.form.written(14), stage.chain.form.written(15))
        it.rig.sources[0].lies["metadata"] = lambda *_: raw
        found = await it.reader.read()
        assert (found.block, found.proof) == (stage.chain.final.hash, ProofStatus.FINAL)
        known = found.value
        assert known.runtime == Runtime(stage.chain.genesis.hash, known.upgrade.spec_version, blake2b_256(CODE))
        assert known.upgrade.spec_version == stage.chain.form.profile.version.spec_version
        assert (known.metadata, known.hash) == (parse_metadata(raw), metadata_hash(raw))


async def test_values_by_their_names(stage):
    """Decoded by the pinned metadata, of a proof at the same block."""
    stage.ok(ALICE, "Balances", "transfer_keep_alive", dest=BOB.address, value=CERE)
    async with reading(stage) as it:
        it.pin(stage.chain.form.written(15))
        found = await it.reader.read_item("System", "Account", BOB.id)
        assert found.value == stage.read("System", "Account", BOB.id)
        assert found.block == stage.chain.final.hash
        assert (await it.reader.read_item("System", "Number")).value == 1
        with pytest.raises(NotInMetadata):
            await it.reader.read_item("System", "Nothing")


async def test_without_a_pin_nothing_is_even_asked_for(stage):
    """For another version, other code or another chain there is none."""
    async with reading(stage) as it:
        raw = stage.chain.form.written(15)
        for changes in ({"spec_version": 1}, {"code": Hash256(bytes(32))}, {"genesis": Hash256(bytes(32))}):
            it.pin(raw, **changes)
            with pytest.raises(MetadataNotPinned, match=r"the metadata of runtime .* nobody has said what it is"):
                await it.reader.read()
        assert it.rig.asked("metadata") == [0]
        it.pin(raw)
        await it.reader.read()
        it.pin()
        with pytest.raises(MetadataNotPinned, match="taken back"):
            await it.reader.read()


def hostile(chain):
    """What an endpoint could send in place of its metadata."""
    raw = chain.form.written(15)
    return {
        "permuted calls and fields": write_metadata(permuted(chain.form.metadata), 15),
        "another byte": raw[:1_000] + bytes((raw[1_000] ^ 1,)) + raw[1_001:],
        "cut": raw[:-1],
        "nothing": b"",
        "a bomb": b"meta\x0f" + b"\xfe\xff\xff\xff" * 900_000,
    }


@pytest.mark.parametrize("lie", list(hostile(make_stage().chain)))
async def test_hostile_metadata_is_not_read_and_the_next_endpoint_is_asked(lie):
    """It is well-formed perhaps; its hash is not the pinned one. Nobody else: nothing is read at all."""
    async with reading(endpoints=2) as it:
        raw, forged = it.chain.form.written(15), hostile(it.chain)[lie]
        it.pin(raw)
        it.rig.sources[0].lies["metadata"] = lambda *_: forged
        assert (await it.reader.read()).value.metadata == parse_metadata(raw)
    async with reading() as it:
        it.pin(it.chain.form.written(15))
        it.rig.sources[0].lies["metadata"] = lambda *_: forged
        with pytest.raises(MetadataNotPinned, match="another hash") as refused:
            await it.reader.read()
        assert refused.value.metadata == metadata_hash(forged)
        assert it.rig.refused() == [0]  # an honest one may have a version of metadata that nobody has pinned


async def test_endpoints_that_do_not_answer():
    """Each is asked once, and told; a malformed answer costs more."""
    async with reading(endpoints=2) as it:
        it.pin(it.chain.form.written(15))

        async def refuse(block):
            raise EndpointRefused("state_getMetadata", -1, "no")

        async def malformed(block):
            raise MalformedAnswer("no hex")

        it.rig.sources[0].metadata, it.rig.sources[1].metadata = refuse, malformed
        with pytest.raises(NoEndpoint, match=r"no hex"):
            await it.reader.read()
        assert it.rig.refused() == [0, 1]


async def test_a_lie_about_version_or_code_does_not_pass():
    """Both are proved, and cannot be said."""
    async with reading(endpoints=2) as it:
        it.pin(it.chain.form.written(15))
        state = it.chain.final.state
        it.rig.sources[0].lies["proof"] = lambda entries, block, keys: [
            entry.replace(CODE, CODE[:-1] + b"\2") for entry in state.prove(keys)
        ]
        assert (await it.reader.read()).value.runtime.code == blake2b_256(CODE)
        assert it.rig.refused() == [1, 0]


async def test_it_is_asked_for_once():
    """Metadata until the runtime is another, the code until the state is; a pin that is taken back ends it at once."""
    async with reading() as it:
        it.pin(it.chain.form.written(15))
        async with trio.open_nursery() as nursery:
            for _ in range(4):
                nursery.start_soon(it.reader.read)
        await it.reader.read()
        assert it.rig.asked("metadata") == [1]
        before, proofs = it.rig.asked("metadata"), it.rig.asked("proof")
        await it.reader.read()
        assert (it.rig.asked("metadata"), it.rig.asked("proof")) == (before, proofs)
        it.rig.stage.write()
        it.chain.finalize()
        assert (await it.reader.read()).number == 1
        assert it.rig.asked("metadata") == before
        assert it.rig.asked("proof") > proofs


@pytest.mark.parametrize("version", [0, 1], ids=["state version 0", "state version 1"])
async def test_long_code_comes_once(version):
    """Later blocks show by a few nodes that it is the same; when it is not, all of it comes again."""
    code = bytes(300_000)
    async with reading(make_stage(sdk_profile(version), code=code)) as it:
        raw = it.chain.form.written(15)
        it.pin(raw, code=Hash256(blake2b_256(code)))
        sizes = []
        it.rig.sources[0].lies["proof"] = lambda entries, *_: sizes.append(sum(map(len, entries))) or entries
        for number in range(3):
            assert (await it.reader.read()).number == number
            it.rig.stage.write()
            it.chain.finalize()
        assert [size > 300_000 for size in sizes] == [False, True, False, False, False, False]
        assert it.rig.stage.as_root(call_of("System", "set_code", code=code + b"new")) == "Ok"
        it.chain.finalize()
        with pytest.raises(MetadataNotPinned):
            await it.reader.read()
        it.pin(raw, code=Hash256(blake2b_256(code + b"new")))
        assert (await it.reader.read()).value.runtime.code == blake2b_256(code + b"new")


async def test_new_code_is_another_runtime():
    """In the very block that brings it: no pin fits, and nothing is read, until somebody says what its metadata is."""
    async with reading() as it:
        raw = it.chain.form.written(15)
        it.pin(raw)
        await it.reader.read()
        assert it.rig.stage.as_root(call_of("System", "set_code", code=CODE + b"new")) == "Ok"
        it.chain.finalize()
        with pytest.raises(MetadataNotPinned):
            await it.reader.read()
        assert (await it.rig.view.account(SUDO.id)).value.nonce == 1
        it.pin(raw, code=Hash256(blake2b_256(CODE + b"new")))
        assert (await it.reader.read()).value.runtime.code == blake2b_256(CODE + b"new")


async def test_a_value_of_another_form_is_told():
    """It is proved, so it is nobody's lie."""
    async with reading(make_stage(state={account_layout(bytes(32)).key: b"\1\2\3"})) as it:
        it.pin(it.chain.form.written(15))
        with pytest.raises(UnknownLayout, match=r"System\.Account"):
            await it.reader.read_item("System", "Account", bytes(32))
        assert it.rig.refused() == [0]


async def test_a_value_is_of_the_block_whose_runtime_was_proved():
    """Though there is a newer one by the time it is asked for."""
    async with reading() as it:
        it.pin(it.chain.form.written(15))
        honest = it.rig.sources[0].metadata

        async def metadata(block):
            it.rig.stage.write()
            it.chain.finalize()
            return await honest(block)

        it.rig.sources[0].metadata = metadata
        found = await it.reader.read_item("System", "Number")
        assert (found.value, found.number) == (0, 0)


async def test_a_halted_client_has_no_runtime():
    """Nor one that it had before."""
    async with reading() as it:
        it.pin(it.chain.form.written(15))
        await it.reader.read()
        it.rig.known.be(ChainState.HALTED, reason="finalized twice")
        with pytest.raises(NotProvable):
            await it.reader.read()
