"""What a server answers from."""

import pytest

from edge_node.base.clock import SystemClock
from edge_node.base.ids import Hash256, PublicKey
from edge_node.chain_light.metadata_bytes import parse_metadata
from edge_node.devnet.chain_service import ChainService, Keep
from edge_node.devnet.faults import Lies
from edge_node.devnet.pallets import sdk_profile
from edge_node.devnet.rpc.json_rpc import RpcError
from edge_node.devnet.rpc.served import Served
from tests.devnet.runtime.stage import START_MS, make_genesis


@pytest.fixture
def served():
    service = ChainService(sdk_profile(), make_genesis(), clock=SystemClock(), keep=Keep(2, 512))
    return Served(service, Lies(), bytes, PublicKey(bytes(32)))


def test_blocks_by_hash(served):
    """The best without one, a forged one too, an error for an unknown one."""
    chain = served.service.chain
    block = chain.write(START_MS)
    chain.finalize()
    finality = served.service.forge(1)
    assert served.block(None) is block
    assert served.block(finality.hash).hash == finality.hash
    assert served.block(Hash256(b"x" * 32)) is None
    with pytest.raises(RpcError, match="UnknownBlock"):
        served.known(Hash256(b"x" * 32))


def test_a_discarded_state_is_no_empty_one(served):
    """Nothing must look absent because it was thrown away."""
    chain = served.service.chain
    for _ in range(5):
        chain.write(START_MS)
        chain.finalize()
        chain.prune(2, 512)
    assert served.state(chain.block_at(4).hash).root == chain.block_at(4).header.state_root
    with pytest.raises(RpcError, match="discarded"):
        served.state(chain.block_at(3).hash)


def test_metadata_is_written_once(served):
    """Each version, honest and not."""
    assert served.metadata(15) is served.metadata(15)
    honest = served.metadata(14)
    served.lie("permuted-metadata")
    assert served.metadata(14) != honest
    assert len(parse_metadata(served.metadata(14)).pallets) == len(parse_metadata(honest).pallets)
    served.be_honest()
    assert served.metadata(14) is honest


def test_a_stale_view_ends(served):
    """With its lie, whichever way that ends."""
    chain = served.service.chain
    served.lie("stale-head")
    chain.write(START_MS)
    assert (served.best.number, served.final.number) == (0, 0)
    served.be_honest("stale-head")
    assert served.best.number == 1
