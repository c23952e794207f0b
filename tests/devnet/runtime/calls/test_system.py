"""System's calls through signed extrinsics."""

import pytest

from edge_node.base.digests import blake2b_256
from edge_node.chain_light.header import DigestKind
from edge_node.devnet.runtime.calls.system import CODE_KEY
from edge_node.devnet.runtime.dispatch import call_of
from tests.devnet.runtime.stage import ALICE, make_stage


@pytest.fixture
def stage():
    """A fresh chain."""
    return make_stage()


def test_a_remark_stands_in_the_block_and_its_hash_in_the_events(stage):
    """Only the second kind of remark tells of itself."""
    assert stage.outcome(ALICE, call_of("System", "remark", remark=b"hello")) == "Ok"
    events = dict(stage.ok(ALICE, "System", "remark_with_event", remark=b"hello"))
    assert events["System.Remarked"] == {"sender": ALICE.id, "hash": blake2b_256(b"hello")}


def test_new_code_is_marked_in_the_header(stage):
    """Clients drop what they know of the runtime when they see the mark."""
    assert stage.as_root(call_of("System", "set_code", code=b"\0asm new")) == "Ok"
    assert stage.chain.head.state.get(CODE_KEY) == b"\0asm new"
    kinds = [item.kind for item in stage.chain.head.header.digest]
    assert kinds[-2:] == [DigestKind.RUNTIME_UPDATED, DigestKind.SEAL]
    stage.write()
    assert DigestKind.RUNTIME_UPDATED not in [item.kind for item in stage.chain.head.header.digest]


def test_a_change_of_code_that_was_undone_is_no_change(stage):
    """The mark goes with the call that made it."""
    code, bad = call_of("System", "set_code", code=b"new"), call_of("Timestamp", "set", now=1)
    assert stage.as_root(call_of("Utility", "batch_all", calls=[code, bad])) == "BadOrigin"
    assert DigestKind.RUNTIME_UPDATED not in [item.kind for item in stage.chain.head.header.digest]


def test_what_no_pallet_can_read_is_told_as_corruption(stage):
    """The block is written all the same."""
    stage.set_raw("DdcCustomers", "Buckets", 1, raw=b"x")
    assert stage.outcome(ALICE, call_of("DdcCustomers", "remove_bucket", bucket_id=1)) == "Corruption"


def test_root_writes_raw_storage(stage):
    """What no call leads to can be set up for a test."""
    assert stage.as_root(call_of("System", "set_storage", items=[(b"a", b"1"), (b"b", b"2")])) == "Ok"
    assert stage.as_root(call_of("System", "kill_storage", keys=[b"a"])) == "Ok"
    assert (stage.chain.head.state.get(b"a"), stage.chain.head.state.get(b"b")) == (None, b"2")


@pytest.mark.parametrize(
    "call",
    [
        call_of("System", "set_code", code=b""),
        call_of("System", "set_storage", items=[]),
        call_of("System", "kill_storage", keys=[]),
    ],
    ids=lambda call: call.value.name,
)
def test_nobody_else_does(stage, call):
    """BadOrigin."""
    assert stage.outcome(ALICE, call) == "BadOrigin"
