"""What substrate-interface makes of a chain; each case may be asked of the same connection."""

from functools import cache

from substrateinterface import Keypair, KeypairType, SubstrateInterface
from substrateinterface.exceptions import SubstrateRequestException

KINDS = {"ed25519": KeypairType.ED25519, "sr25519": KeypairType.SR25519}


@cache
def chain_at(url):
    """A connection for all cases."""
    return SubstrateInterface(url=url)


def pair_of(who):
    """The key pair of a seed, or of a secret URI."""
    if "seed" in who:
        return Keypair.create_from_seed(who["seed"], ss58_format=54, crypto_type=KINDS[who["type"]])
    return Keypair.create_from_uri(who["uri"], ss58_format=54, crypto_type=KINDS[who["type"]])


def connect(url):
    """What the chain says of itself, asked for anew."""
    with SubstrateInterface(url=url) as chain:
        chain.init_runtime()
        return {
            "chain": chain.chain,
            "name": chain.name,
            "genesis": chain.get_block_hash(0),
            "spec": chain.runtime_version,
            "prefix": chain.ss58_format,
            "decimals": chain.token_decimals,
            "symbol": chain.token_symbol,
            "metadata": [*chain.metadata.value[1]],
            "pallets": [pallet.name for pallet in chain.metadata.pallets],
            "deposit": chain.get_constant("Balances", "ExistentialDeposit").value,
            "health": chain.rpc_request("system_health", [])["result"],
        }


def query(url, pallet, item, args=(), at=None):
    """One value, at a block or at the newest one."""
    return {"value": chain_at(url).query(pallet, item, [*args], block_hash=at).value}


def query_map(url, pallet, item, page, args=()):
    """Every entry below a prefix, page by page, and those of the first page alone."""
    found = chain_at(url).query_map(pallet, item, [*args], page_size=page)
    first = len(found.records)
    return {"first": first, "entries": [[key.value, value.value] for key, value in found]}


def query_multi(url, keys):
    """Several values with a single question."""
    chain = chain_at(url)
    made = [chain.create_storage_key(pallet, item, [*args]) for pallet, item, args in keys]
    return {"values": [found.value for _, found in chain.query_multi(made)]}


def account(url, who):
    """What may be said of who signs."""
    pair = pair_of(who)
    return {
        "address": pair.ss58_address,
        "public": pair.public_key.hex(),
        "nonce": chain_at(url).get_account_nonce(pair.ss58_address),
    }


def submit(url, who, call, period=None, tip=0, nonce=None, final=True):
    """Sign a call, send it and wait for a block, or for the block to be final; what became of it."""
    chain, pair = chain_at(url), pair_of(who)
    pallet, name, args = call
    made = chain.compose_call(pallet, name, args)
    fee = chain.get_payment_info(made, pair)["partialFee"]
    era = None if period is None else {"period": period}
    signed = chain.create_signed_extrinsic(made, pair, era=era, tip=tip, nonce=nonce)
    try:
        receipt = chain.submit_extrinsic(signed, wait_for_inclusion=True, wait_for_finalization=final)
    except SubstrateRequestException as refused:
        return {"refused": refused.args[0]}
    return {
        "hash": receipt.extrinsic_hash,
        "raw": signed.data.to_hex(),
        "at": receipt.block_hash,
        "index": receipt.extrinsic_idx,
        "success": receipt.is_success,
        "error": receipt.error_message,
        "events": [f"{one.value['module_id']}.{one.value['event_id']}" for one in receipt.triggered_events],
        "estimate": fee,
        "fee": receipt.total_fee_amount,
    }


def block(url, at):
    """A block with its extrinsics taken apart."""
    found = chain_at(url).get_block(block_hash=at)
    return {
        "number": found["header"]["number"],
        "hash": found["header"]["hash"],
        "digest": [log.value for log in found["header"]["digest"]["logs"]],
        "extrinsics": [one.value for one in found["extrinsics"]],
    }


def heads(url, count):
    """The heights that a subscription tells, while a block comes for each."""
    seen = []

    def told(found, _update, _subscription):
        seen.append(found["header"]["number"])
        return seen if len(seen) == count else None

    return {"heads": chain_at(url).subscribe_block_headers(told)}


def ask(url, api, method, args):
    """A runtime API."""
    return {"value": chain_at(url).runtime_call(api, method, args).value}
