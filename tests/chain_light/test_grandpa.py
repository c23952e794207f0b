"""The door: from bytes to a verdict, as the rooms beside use it."""

import pytest

from edge_node.chain_light import grandpa
from tests.chain_light.electorate import vector


def test_from_real_bytes_to_a_verdict() -> None:
    """Genesis authorities as the chain's state holds them, and the justification as its nodes keep it."""
    facts = vector("polkadot-justification-302592")
    authorities = grandpa.decode_versioned_authorities(bytes.fromhex(facts["authorities_storage_value"]))
    justification = grandpa.decode_justification(bytes.fromhex(facts["justification_scale"]))
    grandpa.verify_justification(justification, grandpa.AuthoritySet(0, authorities))
    assert grandpa.find_equivocations(justification, justification, grandpa.AuthoritySet(0, authorities)) == ()
    commit = grandpa.CompactCommit.of(justification, 0)
    assert grandpa.decode_commit(grandpa.encode_commit(commit)).justification() == justification


@pytest.mark.parametrize("name", grandpa.__all__)
def test_every_name_is_there_and_described(name: str) -> None:
    """What the door names is documented."""
    assert getattr(grandpa, name).__doc__
