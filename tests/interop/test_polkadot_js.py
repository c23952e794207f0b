"""@polkadot/api on a running development chain: what it reads is what is there, what it signs comes into blocks."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from edge_node.base.ids import Hash256
from edge_node.chain_light.header import hash_header, header_of_json
from edge_node.chain_light.trie_proof import Present, Proof
from edge_node.chain_light.values import Chosen
from edge_node.devnet.pallets import sdk_profile
from edge_node.devnet.pallets.balances import CERE
from tests.interop.chain_place import ALICE, BOB, CHARLIE, DAVE, ChainPlace
from tests.interop.driving import CaseError, Driver

pytestmark = pytest.mark.needs_node

Ask = Callable[..., dict[str, Any]]


@pytest.fixture(params=[15, 14])
def ask(request: pytest.FixtureRequest, js: Driver) -> Ask:
    """A case of polkadot-js that knows the chain by V15, and again by V14, as it meets an old endpoint."""
    return partial(_ask, js, request.param)


def _ask(js: Driver, version: int, case: str, **args: Any) -> dict[str, Any]:
    return js(f"polkadot.{case}", version=version, **args)


def transfer(to: bytes, amount: int) -> list[Any]:
    """A call as polkadot-js names it."""
    return ["balances", "transferKeepAlive", [f"0x{to.hex()}", str(amount)]]


def test_it_connects_and_knows_the_runtime(ask: Ask, chain: ChainPlace) -> None:
    """By metadata of either version: pallets in their order, constants, the chain's name, prefix and unit."""
    seen = ask("connect")
    assert seen["metadata"] == ask.args[1]  # type: ignore[attr-defined]
    assert seen["genesis"] == f"0x{chain.genesis}"
    assert seen["pallets"] == [pallet.name for pallet in sdk_profile().pallets]
    assert (seen["prefix"], seen["decimals"], seen["symbols"]) == (54, [10], ["CERE"])
    assert seen["spec"] == chain.facts.spec_version
    assert seen["deposit"] == str(CERE)
    wanted = {"author_submitAndWatchExtrinsic", "state_getReadProof", "grandpa_proveFinality", "state_subscribeStorage"}
    assert wanted <= set(seen["methods"])


def test_it_reads_values_maps_and_the_past(ask: Ask, chain: ChainPlace) -> None:
    """One value, several, all of a map at once and in pages, and a value as it was at genesis."""
    who = chain.fresh()
    sent = ask("submit", who=ALICE, call=transfer(who, 3 * CERE))
    account = {"section": "system", "item": "account"}
    held = ask("query", **account, args=[f"0x{who.hex()}"])
    assert held["value"]["data"]["free"] == chain.free(who) == 3 * CERE
    assert ask("query", **account, args=[f"0x{who.hex()}"], at=f"0x{chain.genesis}")["value"]["data"]["free"] == 0
    assert ask("query", section="system", item="number", at=sent["at"])["value"] == sent["number"]
    values = ask("multi", **account, keys=[f"0x{who.hex()}", f"0x{bytes(32).hex()}"])["values"]
    assert [value["data"]["free"] for value in values] == [3 * CERE, 0]
    seen = ask("entries", **account, pageSize=5)
    assert seen["whole"] == seen["paged"]
    assert [key for key, _ in seen["whole"]] == seen["keys"]
    assert len(seen["keys"]) == len(chain.keys_below("System", "Account")) > 5


def test_it_makes_the_same_hashes_of_blocks(ask: Ask, chain: ChainPlace) -> None:
    """A header's hash is made at the client of what the header holds; the block under it has the same extrinsics."""
    sent = ask("submit", who=ALICE, call=["system", "remark", ["0x00"]])
    seen = ask("blocks", hash=sent["at"])
    header = header_of_json(chain.ask("chain_getHeader", sent["at"]))
    assert seen["hash"] == f"0x{hash_header(header).hex()}" == sent["at"]
    assert (seen["number"], seen["stateRoot"]) == (header.number, f"0x{header.state_root.hex()}")
    assert seen["digest"][0] == "PreRuntime"
    assert seen["digest"][-1] == "Seal"
    assert seen["extrinsics"][sent["index"]] == sent["raw"]
    assert seen["health"] == {"peers": 0, "isSyncing": False, "shouldHavePeers": False}


def test_a_proof_that_it_fetches_proves_what_it_read(ask: Ask, chain: ChainPlace) -> None:
    """The nodes of a read proof lead from the block's state root to the very bytes."""
    sent = ask("submit", who=ALICE, call=["system", "remark", ["0x01"]])
    key = chain.key("System", "Number")
    proved = ask("prove", keys=[key], at=sent["at"])
    root = Hash256.parse(ask("blocks", hash=sent["at"])["stateRoot"].removeprefix("0x"))
    proof = Proof([bytes.fromhex(node.removeprefix("0x")) for node in proved["proof"]])
    number = sent["number"].to_bytes(4, "little")
    assert proof.read(root, bytes.fromhex(key.removeprefix("0x"))) == Present(number)


def test_subscriptions_tell_what_happens_and_end(ask: Ask, chain: ChainPlace) -> None:
    """Heads, final heads, storage on both sides of a transfer, justifications; after their end, nothing."""
    who = chain.fresh()
    seen = ask("subscribe", who=BOB, to=f"0x{who.hex()}", amount=str(2 * CERE))
    number = seen["number"]
    assert number in seen["heads"]
    assert number in seen["final"]
    assert seen["heads"] == sorted(set(seen["heads"]))
    assert seen["final"] == list(range(seen["final"][0], seen["final"][-1] + 1))
    assert seen["to"] == ["0", str(2 * CERE)]
    assert seen["from"] == [seen["from"][0], seen["from"][0] + 1]
    assert seen["justified"] > 0
    assert seen["quiet"]
    assert chain.free(who) == 4 * CERE


@pytest.mark.parametrize("kind", ["sr25519", "ed25519"])
@pytest.mark.parametrize("period", [0, 4, 64, 2_048])
def test_a_transfer_is_watched_to_finality(js: Driver, chain: ChainPlace, kind: str, period: int) -> None:
    """Ready, in a block, then final, whatever signs and however long it is valid; the fee is what was foretold."""
    ask: Ask = partial(_ask, js, 15)
    payer, who = {"uri": f"//{kind}//{period}", "type": kind}, chain.fresh()
    known = ask("account", who=payer)
    ask("submit", who=DAVE, call=transfer(bytes.fromhex(known["id"]), 20 * CERE))
    sent = ask("submit", who=payer, call=transfer(who, 3 * CERE), period=period, tip=9)
    assert [name for name, _ in sent["statuses"]] == ["Ready", "InBlock", "Finalized"]
    assert {at for _, at in sent["statuses"][1:]} == {sent["at"]}
    assert sent["error"] is None
    names = [name for name, _ in sent["events"]]
    assert names[0] == "balances.Withdraw"
    assert names[-1] == "system.ExtrinsicSuccess"
    assert {"system.NewAccount", "balances.Endowed", "balances.Transfer"} <= set(names)
    (paid,) = (data for name, data in sent["events"] if name == "transactionPayment.TransactionFeePaid")
    assert paid[2] == 9
    assert chain.free(bytes.fromhex(known["id"])) == 17 * CERE - paid[1]
    assert chain.free(who) == 3 * CERE
    told = ask("decode", raw=sent["raw"])
    assert (told["era"][0] if told["era"] else 0, told["tip"], told["nonce"]) == (period, "9", 0)
    fee = ask("ask", account=known["address"], raw=sent["raw"])["info"]["partialFee"]
    assert paid[1] == fee + 9


def test_payloads_around_the_length_that_is_hashed_are_taken(js: Driver) -> None:
    """Up to 256 bytes they are signed as they are, from 257 on by their hash: what the client signs is valid."""
    ask: Ask = partial(_ask, js, 15)
    for size in range(172, 181):  # beside the remark there are some 80 bytes, by the length of the nonce
        sent = ask("submit", who=BOB, call=["system", "remark", [f"0x{'00' * size}"]], period=0)
        assert sent["error"] is None


def test_an_account_of_the_third_kind_cannot_sign(js: Driver, chain: ChainPlace) -> None:
    """The development chain verifies no secp256k1, and takes nothing on trust: such a signature is a bad one."""
    ask: Ask = partial(_ask, js, 15)
    payer = {"uri": "//ecdsa", "type": "ecdsa"}
    ask("submit", who=DAVE, call=transfer(bytes.fromhex(ask("account", who=payer)["id"]), 20 * CERE))
    with pytest.raises(CaseError, match="Transaction has a bad signature"):
        ask("submit", who=payer, call=["system", "remark", ["0x00"]])


def test_a_refusal_by_a_pallet_has_its_name(ask: Ask, chain: ChainPlace) -> None:
    """The extrinsic is in a block and paid for; what refused it is found in the metadata."""
    node = {"StoragePubKey": f"0x{chain.fresh().hex()}"}
    sent = ask("submit", who=CHARLIE, call=["ddcNodes", "deleteNode", [node]])
    assert sent["error"] == "ddcNodes.NodeDoesNotExist"
    assert sent["events"][-1][0] == "system.ExtrinsicFailed"
    everything = transfer(chain.fresh(), 10_000_000 * CERE * 100)
    assert ask("submit", who=CHARLIE, call=everything)["error"] == "Token.FundsUnavailable"
    assert ask("submit", who=CHARLIE, call=["sudo", "setKey", [f"0x{bytes(32).hex()}"]])["error"] == "sudo.RequireSudo"


def test_batches_go_on_stop_or_fall_together(ask: Ask, chain: ChainPlace) -> None:
    """`batch` keeps what came before the fault, `batchAll` nothing, `forceBatch` all that works."""
    node = ["ddcNodes", "deleteNode", [{"StoragePubKey": f"0x{chain.fresh().hex()}"}]]
    whom = {how: (chain.fresh(), chain.fresh()) for how in ("batch", "batchAll", "forceBatch")}
    sent = {
        how: ask("submit", who=ALICE, how=how, batch=[transfer(one, CERE), node, transfer(two, CERE)])
        for how, (one, two) in whom.items()
    }
    assert sent["batch"]["interrupted"] == [1, "ddcNodes.NodeDoesNotExist"]
    assert sent["batch"]["error"] is None
    assert sent["batchAll"]["error"] == "ddcNodes.NodeDoesNotExist"
    assert sent["forceBatch"]["error"] is None
    assert [name for name, _ in sent["forceBatch"]["events"]].count("utility.ItemFailed") == 1
    held = {how: [chain.free(one) // CERE for one in both] for how, both in whom.items()}
    assert held == {"batch": [1, 0], "batchAll": [0, 0], "forceBatch": [1, 1]}


def test_what_can_come_into_no_block_is_refused_at_once(ask: Ask, chain: ChainPlace) -> None:
    """A nonce that was used, and an account that cannot pay: error 1010, with the reason."""
    call = ["system", "remark", ["0x02"]]
    ask("submit", who=ALICE, call=call)
    with pytest.raises(CaseError, match="Transaction is outdated") as stale:
        ask("submit", who=ALICE, call=call, nonce=0)
    assert stale.value.facts["code"] == 1010
    with pytest.raises(CaseError, match="Inability to pay some fees") as poor:
        ask("submit", who=chain.someone(), call=call)
    assert poor.value.facts["code"] == 1010


def test_nonces_are_told_with_what_waits(ask: Ask, chain: ChainPlace) -> None:
    """By the runtime's interface and by the node's pool."""
    before = ask("account", who=BOB)
    sent = ask("submit", who=BOB, call=["system", "remark", ["0x03"]])
    seen = ask("ask", account=before["address"], raw=sent["raw"])
    info: Any = chain.read("System", "Account", bytes.fromhex(before["id"]))
    assert seen["nonce"] == seen["next"] == info["nonce"]
    assert seen["info"]["class"] == "Normal"
    assert ask("decode", raw=sent["raw"])["nonce"] == info["nonce"] - 1


def test_an_extrinsic_ahead_of_its_turn_waits(js: Driver, chain: ChainPlace) -> None:
    """It is told to be a future one, and both are final once the one before it came."""
    ask: Ask = partial(_ask, js, 15)
    who = chain.someone()
    known = ask("account", who=who)
    ask("submit", who=DAVE, call=transfer(bytes.fromhex(known["id"]), 20 * CERE))
    early, late = ask("inTurn", who=who, calls=[["system", "remark", ["0x04"]], ["system", "remark", ["0x05"]]])["sent"]
    assert [name for name, _ in late["statuses"]][:2] == ["Future", "Ready"]
    assert [one["statuses"][-1][0] for one in (early, late)] == ["Finalized", "Finalized"]
    assert (late["number"], late["index"]) > (early["number"], early["index"])


def test_events_are_read_as_we_read_them(ask: Ask, chain: ChainPlace) -> None:
    """By name and number, in the block's own order."""
    sent = ask("submit", who=ALICE, call=transfer(chain.fresh(), CERE))
    records: Any = chain.read("System", "Events", at=sent["at"])
    ours = [
        f"{record['event'].name[0].lower()}{record['event'].name[1:]}.{record['event'].value.name}"
        for record in records
        if record["phase"] == Chosen("ApplyExtrinsic", sent["index"])
    ]
    assert ours == [name for name, _ in sent["events"]]


def test_it_goes_when_asked(ask: Ask) -> None:
    """And comes back."""
    ask("connect")
    assert ask("disconnect") == {"connected": False}
    assert ask("connect")["metadata"] == ask.args[1]  # type: ignore[attr-defined]
