"""substrate-interface and async-substrate-interface on a running development chain."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from edge_node.devnet.pallets import sdk_profile
from edge_node.devnet.pallets.balances import CERE
from tests.interop.chain_place import ALICE, Account, ChainPlace
from tests.interop.driving import Driver

pytestmark = pytest.mark.needs_judges

Ask = Callable[..., dict[str, Any]]
JUDGES = {"blocking_chain": "substrate_judge", "async_chain": "async_judge"}


@pytest.fixture(params=JUDGES)
def ask(request: pytest.FixtureRequest, chain: ChainPlace) -> Ask:
    """A case of each client, on the chain that tests share."""
    judge: Driver = request.getfixturevalue(JUDGES[request.param])
    return partial(_ask, judge, request.param, chain.url)


def _ask(judge: Driver, subject: str, url: str, case: str, **args: Any) -> dict[str, Any]:
    return judge(f"{subject}.{case}", url=url, **args)


@pytest.fixture(params=["ed25519", "sr25519"])
def payer(request: pytest.FixtureRequest, ask: Ask, chain: ChainPlace, substrate_judge: Driver) -> Account:
    """A new account of each kind, with 1,000 CERE."""
    who = chain.someone(request.param)
    to = ask("account", who=who)["address"]
    call = ["Balances", "transfer_keep_alive", {"dest": to, "value": 1_000 * CERE}]
    assert _ask(substrate_judge, "blocking_chain", chain.url, "submit", who=ALICE, call=call)["success"]
    return who


def test_it_connects_and_knows_the_runtime(ask: Ask, chain: ChainPlace) -> None:
    """By V14 the one, by V15 the other: pallets in their order, constants, the genesis hash."""
    seen = ask("connect")
    assert seen["metadata"] in (["V14"], ["V15"])
    assert seen["genesis"] == f"0x{chain.genesis}"
    assert seen["pallets"] == [pallet.name for pallet in sdk_profile().pallets]
    assert (seen["spec"], seen["deposit"]) == (chain.facts.spec_version, CERE)


def test_it_reads_values_and_maps(ask: Ask, payer: Account, chain: ChainPlace) -> None:
    """One value now and at genesis, and every account in pages of five."""
    known = ask("account", who=payer)
    held = ask("query", pallet="System", item="Account", args=[known["address"]])["value"]
    assert held["data"]["free"] == chain.free(bytes.fromhex(known["public"])) == 1_000 * CERE
    old = ask("query", pallet="System", item="Account", args=[known["address"]], at=f"0x{chain.genesis}")["value"]
    assert old["data"]["free"] == 0
    entries = ask("query_map", pallet="System", item="Account", page=5)["entries"]
    assert len(entries) == len(chain.keys_below("System", "Account")) > 10
    assert [known["address"], held] in entries


def test_what_it_signs_is_in_a_block_and_final(ask: Ask, payer: Account, chain: ChainPlace) -> None:
    """Mortal with a tip, and a payload long enough to be signed by its hash; it reads its own extrinsic again."""
    call = ["System", "remark_with_event", {"remark": f"0x{'ab' * 300}"}]
    sent = ask("submit", who=payer, call=call, period=64, tip=5)
    assert sent["success"]
    assert sent["events"][-1] == "System.ExtrinsicSuccess"
    assert "System.Remarked" in sent["events"]
    final = chain.ask("chain_getHeader", chain.ask("chain_getFinalizedHead"))
    block = ask("block", at=sent["at"])
    assert block["number"] <= int(final["number"], 16)
    read = block["extrinsics"][sent["index"]]
    assert (read["nonce"], read["tip"], read["era"][0]) == (0, 5, 64)
    assert read["call"]["call_args"][0]["value"] == f"0x{'ab' * 300}"
    assert chain.ask("chain_getBlock", sent["at"])["block"]["extrinsics"][sent["index"]] == sent["raw"]
    assert ask("account", who=payer)["nonce"] == 1


def test_an_immortal_one_costs_what_was_foretold(ask: Ask, payer: Account, chain: ChainPlace) -> None:
    """Asked of the runtime before it was sent."""
    to = chain.fresh()
    call = ["Balances", "transfer_keep_alive", {"dest": f"0x{to.hex()}", "value": 2 * CERE}]
    sent = ask("submit", who=payer, call=call, final=False)
    assert sent["success"]
    assert sent["fee"] == sent["estimate"]
    assert chain.free(to) == 2 * CERE


def test_a_node_is_made_and_read(ask: Ask, payer: Account, chain: ChainPlace) -> None:
    """An enum whose indexes begin at 1, bytes as text, and a key that is an enum itself."""
    key = f"0x{chain.fresh().hex()}"
    params = {
        "mode": "Full", "host": "h.example.com", "domain": "", "ssl": True,
        "http_port": 1, "grpc_port": 2, "p2p_port": 3,
    }  # fmt: skip
    node = {"node_pub_key": {"StoragePubKey": key}, "node_params": {"StorageParams": params}}
    assert ask("submit", who=payer, call=["DdcNodes", "create_node", node], final=False)["success"]
    held = ask("query", pallet="DdcNodes", item="StorageNodes", args=[key])["value"]
    assert held["props"] == params
    assert held["provider_id"] == ask("account", who=payer)["address"]


def test_a_refusal_by_a_pallet_has_its_name(ask: Ask, payer: Account, chain: ChainPlace) -> None:
    """The extrinsic is in a block, and failed."""
    node = {"node_pub_key": {"StoragePubKey": f"0x{chain.fresh().hex()}"}}
    sent = ask("submit", who=payer, call=["DdcNodes", "delete_node", node], final=False)
    assert sent["success"] is False
    assert (sent["error"]["type"], sent["error"]["name"]) == ("Module", "NodeDoesNotExist")
    assert sent["events"][-1] == "System.ExtrinsicFailed"


def test_what_can_come_into_no_block_is_refused_at_once(ask: Ask, payer: Account) -> None:
    """A nonce that was used: error 1010."""
    call = ["System", "remark", {"remark": "0x00"}]
    assert ask("submit", who=payer, call=call, final=False)["success"]
    refused = str(ask("submit", who=payer, call=call, nonce=0)["refused"])
    assert "1010" in refused
    assert "Transaction is outdated" in refused


def test_many_values_heads_and_runtime_calls(substrate_judge: Driver, chain: ChainPlace) -> None:
    """What the blocking client has beside: one question for several values, a subscription, a runtime interface."""
    ask = partial(_ask, substrate_judge, "blocking_chain", chain.url)
    known = ask("account", who=ALICE)
    keys = [["System", "Account", [known["address"]]], ["System", "Number", []]]
    account, number = ask("query_multi", keys=keys)["values"]
    assert account["data"]["free"] == chain.free(bytes.fromhex(known["public"]))
    assert number <= ask("heads", count=1)["heads"][0]
    nonce = ask("ask", api="AccountNonceApi", method="account_nonce", args=[known["address"]])["value"]
    assert nonce == account["nonce"] == known["nonce"]
