"""What async-substrate-interface makes of a chain; each case connects anew."""

import asyncio  # noqa: TID251 - the judge runs on nothing else
from dataclasses import dataclass

import sr25519
from async_substrate_interface import AsyncSubstrateInterface
from async_substrate_interface.errors import SubstrateRequestException
from nacl.signing import SigningKey
from scalecodec.utils.ss58 import ss58_encode

PREFIX = 54


@dataclass
class Pair:
    """A signer as this client wants one: it brings none along."""

    crypto_type: int
    public_key: bytes
    sign: object
    ss58_format: int = PREFIX

    @property
    def ss58_address(self):
        """The account as text."""
        return ss58_encode(self.public_key, PREFIX)


def pair_of(who):
    """The key pair of a seed."""
    seed = bytes.fromhex(who["seed"])
    if who["type"] == "ed25519":
        key = SigningKey(seed)
        return Pair(0, bytes(key.verify_key), lambda data: key.sign(bytes(data)).signature)
    pair = sr25519.pair_from_seed(seed)
    return Pair(1, pair[0], lambda data: sr25519.sign(pair, bytes(data)))


def on_chain(case):
    """A case with a connection of its own."""

    def run(url, **args):
        async def connected():
            async with AsyncSubstrateInterface(url, ss58_format=PREFIX) as chain:
                return await case(chain, **args)

        return asyncio.run(connected())

    return run


@on_chain
async def connect(chain):
    """What the chain says of itself."""
    runtime = await chain.init_runtime()
    deposit = await chain.get_constant("Balances", "ExistentialDeposit")
    return {
        "chain": chain.chain,
        "genesis": await chain.get_block_hash(0),
        "spec": runtime.runtime_version,
        "transactions": runtime.transaction_version,
        "metadata": [*runtime.metadata.value[1]],
        "pallets": [pallet.name for pallet in runtime.metadata.pallets],
        "deposit": deposit.value,
        "properties": await chain.properties,
    }


@on_chain
async def query(chain, pallet, item, args=(), at=None):
    """One value, at a block or at the newest one."""
    found = await chain.query(pallet, item, [*args], block_hash=at)
    return {"value": getattr(found, "value", found)}


@on_chain
async def query_map(chain, pallet, item, page, args=()):
    """Every entry below a prefix, page by page."""
    found = await chain.query_map(pallet, item, [*args], page_size=page)
    return {"entries": [[getattr(part, "value", part) for part in entry] async for entry in found]}


@on_chain
async def account(chain, who):
    """What may be said of who signs."""
    pair = pair_of(who)
    return {
        "address": pair.ss58_address,
        "public": pair.public_key.hex(),
        "nonce": await chain.get_account_nonce(pair.ss58_address),
        "next": await chain.get_account_next_index(pair.ss58_address),
    }


@on_chain
async def submit(chain, who, call, period=None, tip=0, nonce=None, final=True):
    """Sign a call, send it and wait for a block, or for the block to be final; what became of it."""
    pair = pair_of(who)
    pallet, name, args = call
    made = await chain.compose_call(pallet, name, args)
    fee = (await chain.get_payment_info(made, pair))["partial_fee"]
    era = None if period is None else {"period": period}
    signed = await chain.create_signed_extrinsic(made, pair, era=era, tip=tip, nonce=nonce)
    try:
        receipt = await chain.submit_extrinsic(signed, wait_for_inclusion=True, wait_for_finalization=final)
    except SubstrateRequestException as refused:
        return {"refused": str(refused)}
    return {
        "hash": receipt.extrinsic_hash,
        "raw": str(signed.data),
        "at": receipt.block_hash,
        "index": await receipt.extrinsic_idx,
        "success": await receipt.is_success,
        "error": await receipt.error_message,
        "events": [f"{one['module_id']}.{one['event_id']}" for one in await receipt.triggered_events],
        "estimate": fee,
        "fee": await receipt.total_fee_amount,
    }


@on_chain
async def block(chain, at):
    """A block with its extrinsics taken apart."""
    found = await chain.get_block(block_hash=at)
    return {
        "number": found["header"]["number"],
        "hash": found["header"]["hash"],
        "extrinsics": [getattr(one, "value", one) for one in found["extrinsics"]],
    }
