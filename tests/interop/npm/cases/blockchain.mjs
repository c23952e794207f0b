/** The DDC SDK's chain client as an application uses it. */
import { ApiPromise, WsProvider } from '@polkadot/api';
import { Blockchain, UriSigner } from '@cere-ddc-sdk/blockchain';
import { pairOf } from '../keys.mjs';

let connected;

async function chainOf({ url }) {
  connected ??= await Blockchain.connect({ wsEndpoint: url });
  return connected;
}

const apiOptions = { noInitWarn: true };

/** The forms of connecting: by an address, by an address with options, and by a client that is connected already. */
export async function connect({ url }, { form }) {
  const options = {
    address: () => ({ wsEndpoint: url }),
    options: () => ({ wsEndpoint: url, apiOptions }),
    client: () => ({ apiPromise: new ApiPromise({ provider: new WsProvider(url), ...apiOptions }) }),
  }[form]();
  const chain = await Blockchain.connect(options);
  const facts = {
    ready: await chain.isReady(),
    decimals: chain.chainDecimals,
    shown: chain.formatBalance(12_345_000_000n),
    height: await chain.getCurrentBlockNumber(),
    genesis: chain.api.genesisHash.toHex(),
  };
  await chain.disconnect();
  return { ...facts, connected: await staysConnected(chain.api) };
}

/** Whether it is still connected a while after it was asked to go. */
async function staysConnected(api) {
  for (let turn = 0; api.isConnected && turn < 100; turn += 1) await new Promise((resolve) => setTimeout(resolve, 20));
  return api.isConnected;
}

/** A question of one of its pallets. */
export async function ask(place, { pallet, method, args = [] }) {
  const chain = await chainOf(place);
  const value = await chain[pallet][method](...args);
  return { value: value ?? null };
}

/** What it says of an account. */
export async function account(place, { who }) {
  const chain = await chainOf(place);
  const { address } = pairOf(who);
  return { address, free: await chain.getAccountFreeBalance(address), nonce: await chain.getNextNonce(address) };
}

const sendable = (chain, [pallet, method, ...args]) =>
  pallet === 'tx' ? chain.api.tx[method[0]][method[1]](...args) : chain[pallet][method](...args);

/** Send calls of its pallets, one alone or several `how` it sends batches; with a plain pair or a signer of its own. */
export async function send(place, { who, calls, how, signer = 'pair', nonce }) {
  const chain = await chainOf(place);
  const options = { account: signer === 'pair' ? pairOf(who) : await UriSigner.create(who.uri, { type: who.type }), nonce };
  const made = calls.map((call) => sendable(chain, call));
  const { events, txHash } = await (how ? chain[how](made, options) : chain.send(made[0], options));
  return {
    at: txHash,
    events: events.map(({ section, method, payload }) => [`${section}.${method}`, payload]),
    created: chain.ddcCustomers.extractCreatedBucketIds(events),
    removed: chain.ddcCustomers.extractRemovedBucketIds(events),
  };
}

/** Go for good; what is asked next connects anew. */
export async function disconnect(place) {
  const chain = await chainOf(place);
  connected = undefined;
  await chain.disconnect();
  return { connected: await staysConnected(chain.api) };
}
