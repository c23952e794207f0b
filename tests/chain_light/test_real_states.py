"""What stands in the public states of Cere's own chains and in Polkadot's and Westend's lists, read by our layouts."""

import re

import pytest

from edge_node.base.errors import RemoteError
from edge_node.chain_light.authorities import decode_authorities, decode_versioned_authorities
from edge_node.chain_light.layouts import RUNTIME
from edge_node.chain_light.storage_key import item_prefix
from tests.chain_light.electorate import vector

CERE = vector("cere-chain-specs")["networks"]
LISTS = {name: facts["authority_list_scale"] for name, facts in vector("light-sync-states")["chains"].items()}


def stored(network: str, name: str) -> tuple[str, bytes]:
    """The key of an item in a network's first state, as hex, and its value."""
    found = next(one for one in CERE[network]["state"].items() if one[0].startswith(name))
    key = re.search(r"0x([0-9a-f]+)", found[0])
    value = re.match(r"0x([0-9a-f]+)", found[1])
    assert key, found
    assert value, found
    return key[1], bytes.fromhex(value[1])


def test_ceres_first_authorities() -> None:
    """Under the well-known key with its version, and without one in BABE's item: the file's own reading is ours."""
    wanted = CERE["devnet"]["decoded"]
    key, raw = stored("devnet", ":grandpa_authorities")
    assert bytes.fromhex(key) == b":grandpa_authorities"
    assert [[f"0x{one.key.hex()}", one.weight] for one in decode_versioned_authorities(raw)] == wanted["grandpa"]
    key, raw = stored("devnet", "babe.authorities")
    assert key == item_prefix("Babe", "Authorities").hex()
    assert [[f"0x{one.key.hex()}", one.weight] for one in decode_authorities(raw)] == wanted["babe"]


def test_ceres_runtime_version() -> None:
    """As a generated development chain has it, with its name."""
    value = re.match(r"0x([0-9a-f]+)", CERE["dev (raw.json)"]["state"]["system.lastRuntimeUpgrade"])
    assert value
    found = RUNTIME.read(bytes.fromhex(value[1]))
    assert (found.spec_version, found.spec_name) == (53_102, "node")


@pytest.mark.parametrize("chain", LISTS)
@pytest.mark.parametrize("flip", [0x01, 0x80])
def test_no_byte_of_a_real_list_is_read_over(chain: str, flip: int) -> None:
    """Count, keys and weights of the first and last voters: with one changed it is refused, or is another list."""
    raw = bytes.fromhex(LISTS[chain])
    known = decode_authorities(raw)
    for place in [*range(200), *range(len(raw) - 200, len(raw))]:
        try:
            read = decode_authorities(raw[:place] + bytes((raw[place] ^ flip,)) + raw[place + 1 :])
        except RemoteError:
            continue
        assert read != known
    for size in (0, 1, len(raw) // 2, len(raw) - 1):
        with pytest.raises(RemoteError):
            decode_authorities(raw[:size])
