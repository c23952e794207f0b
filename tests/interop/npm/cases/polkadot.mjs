/** What polkadot-js makes of a chain: connecting, reading, subscribing, and extrinsics watched until they are final. */
import { ApiPromise, WsProvider } from '@polkadot/api';
import { pairOf } from '../keys.mjs';

const apis = new Map();

/** An endpoint that has no runtime APIs for metadata, as old nodes: the client then takes version 14. */
class OldEndpoint extends WsProvider {
  send(method, params, ...rest) {
    const refused = method === 'state_call' && params[0].startsWith('Metadata_');
    return refused ? Promise.reject(new Error('no such runtime API')) : super.send(method, params, ...rest);
  }
}

async function apiOf({ url }, version = 15) {
  if (!apis.has(version)) {
    const provider = version === 14 ? new OldEndpoint(url, 1_000) : new WsProvider(url, 1_000);
    apis.set(version, await ApiPromise.create({ provider, noInitWarn: true, throwOnConnect: true }));
  }
  return apis.get(version);
}

export async function connect(place, { version }) {
  const api = await apiOf(place, version);
  return {
    metadata: api.runtimeMetadata.version,
    genesis: api.genesisHash.toHex(),
    chain: api.runtimeChain.toString(),
    spec: api.runtimeVersion.specVersion.toNumber(),
    prefix: api.registry.chainSS58,
    decimals: api.registry.chainDecimals,
    symbols: api.registry.chainTokens,
    pallets: api.runtimeMetadata.asLatest.pallets.map(({ name }) => name.toString()),
    deposit: api.consts.balances.existentialDeposit.toString(),
    methods: (await api.rpc.rpc.methods()).methods.map(String),
  };
}

/** Go, and say whether it went; the next case connects anew. */
export async function disconnect(place, { version }) {
  const api = await apiOf(place, version);
  apis.delete(version);
  await api.disconnect();
  await until(() => !api.isConnected);
  return { connected: api.isConnected };
}

const entryOf = (api, { section, item }) => api.query[section][item];

/** One value, at a block or at the newest one. */
export async function query(place, { version, at, args = [], ...item }) {
  const api = await apiOf(place, version);
  const value = await entryOf(at ? await api.at(at) : api, item)(...args);
  return { value: value.toJSON(), raw: value.toHex() };
}

/** Every entry below a prefix, at once and page by page; and the keys alone. */
export async function entries(place, { version, pageSize, args = [], ...item }) {
  const entry = entryOf(await apiOf(place, version), item);
  const whole = await entry.entries(...args);
  const keys = await entry.keys(...args);
  const paged = [];
  for (let startKey; ; ) {
    const page = await entry.entriesPaged({ args, pageSize, startKey });
    paged.push(...page);
    if (page.length < pageSize) break;
    startKey = page.at(-1)[0].toHex();
  }
  const told = (list) => list.map(([key, value]) => [key.args.map((one) => one.toJSON()), value.toJSON()]);
  return { whole: told(whole), paged: told(paged), keys: keys.map((key) => key.args.map((one) => one.toJSON())) };
}

/** Several values of one map with a single question. */
export async function multi(place, { version, keys, ...item }) {
  const api = await apiOf(place, version);
  return { values: (await entryOf(api, item).multi(keys)).map((value) => value.toJSON()) };
}

/** What the chain's head and one of its blocks look like. */
export async function blocks(place, { version, hash }) {
  const api = await apiOf(place, version);
  const header = await api.rpc.chain.getHeader(hash);
  const { block, justifications } = await api.rpc.chain.getBlock(hash);
  const derived = await api.derive.chain.getHeader(hash);
  return {
    number: header.number.toNumber(),
    hash: header.hash.toHex(), // made here of what the header holds
    parent: header.parentHash.toHex(),
    stateRoot: header.stateRoot.toHex(),
    digest: header.digest.logs.map((log) => log.type),
    author: derived.author?.toString() ?? null,
    extrinsics: block.extrinsics.map((one) => one.toHex()),
    justified: justifications.isSome,
    health: (await api.rpc.system.health()).toJSON(),
    name: (await api.rpc.system.chain()).toString(),
  };
}

/** A read proof as the endpoint gives it. */
export async function prove(place, { version, keys, at }) {
  const api = await apiOf(place, version);
  const { at: block, proof } = await api.rpc.state.getReadProof(keys, at);
  return { at: block.toHex(), proof: proof.map((node) => node.toHex()) };
}

/** Who a secret URI is. */
export async function account(_, { who }) {
  const { address, addressRaw } = pairOf(who);
  return { address, id: Buffer.from(addressRaw).toString('hex') };
}

/** Runtime APIs by what the metadata says of them. */
export async function ask(place, { version, account, raw }) {
  const api = await apiOf(place, version);
  const bytes = api.createType('Extrinsic', raw).toU8a(); // as hex it would be taken for a list of bytes to be framed
  const info = await api.call.transactionPaymentApi.queryInfo(bytes, bytes.length);
  return {
    nonce: (await api.call.accountNonceApi.accountNonce(account)).toNumber(),
    next: (await api.rpc.system.accountNextIndex(account)).toNumber(),
    info: info.toJSON(),
  };
}

/** What subscriptions tell while `who` sends a transfer: heads, final heads, both accounts, justifications. */
export async function subscribe(place, { version, who, to, amount }) {
  const api = await apiOf(place, version);
  const pair = pairOf(who);
  const seen = { heads: [], final: [], to: [], from: [], justified: 0 };
  const ends = [
    await api.rpc.chain.subscribeNewHeads((head) => void seen.heads.push(head.number.toNumber())),
    await api.rpc.chain.subscribeFinalizedHeads((head) => void seen.final.push(head.number.toNumber())),
    await api.query.system.account(to, ({ data }) => void seen.to.push(data.free.toString())),
    await api.query.system.account(pair.address, ({ nonce }) => void seen.from.push(nonce.toNumber())),
  ];
  // It is not ours before its first message, and that comes with the block.
  const justified = api.rpc.grandpa.subscribeJustifications(() => void (seen.justified += 1));
  const sent = await submit(place, { version, who, call: ['balances', 'transferKeepAlive', [to, amount]] });
  await until(() => seen.final.includes(sent.number) && seen.to.length > 1 && seen.justified > 0);
  [...ends, await justified].forEach((end) => end());
  const before = JSON.stringify(seen);
  await submit(place, { version, who, call: ['balances', 'transferKeepAlive', [to, amount]] });
  return { ...seen, number: sent.number, quiet: JSON.stringify(seen) === before };
}

async function until(done, withinMs = 20_000) {
  const end = Date.now() + withinMs;
  while (!done()) {
    if (Date.now() > end) throw new Error('what was waited for did not come');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const made = (api, [section, method, args]) => api.tx[section][method](...args);

function callOf(api, { call, batch, how = 'batch' }) {
  return batch ? api.tx.utility[how](batch.map((one) => made(api, one))) : made(api, call);
}

/** Sign and send a call, and watch it until it is final. `period` is the era in blocks, 0 for an immortal one. */
export async function submit(place, { version, who, nonce = -1, period, tip = 0, ...what }) {
  const api = await apiOf(place, version);
  const pair = pairOf(who);
  const transaction = callOf(api, what);
  const { partialFee } = await transaction.paymentInfo(pair);
  await transaction.signAsync(pair, { nonce, era: period, tip });
  return { fee: partialFee.toString(), ...(await follow(api, transaction)) };
}

/** Sign calls one after the other, and send the last one first. */
export async function inTurn(place, { version, who, calls }) {
  const api = await apiOf(place, version);
  const pair = pairOf(who);
  const first = (await api.rpc.system.accountNextIndex(pair.address)).toNumber();
  const transactions = calls.map((call) => callOf(api, { call }));
  for (const [place, one] of transactions.entries()) await one.signAsync(pair, { nonce: first + place });
  const followed = [];
  for (const one of transactions.toReversed()) {
    followed.unshift(follow(api, one));
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return { sent: await Promise.all(followed) };
}

/** Send an extrinsic that somebody else signed, and watch it. */
export async function send(place, { version, raw }) {
  const api = await apiOf(place, version);
  return follow(api, api.tx(raw));
}

async function follow(api, transaction) {
  const statuses = [];
  const result = await new Promise((resolve, reject) => {
    transaction
      .send((told) => {
        statuses.push([told.status.type, told.status.isBroadcast ? null : told.status.value.toJSON()]);
        if (told.status.isFinalized || told.isError) resolve(told);
      })
      .catch(reject);
  });
  if (!result.status.isFinalized) return { statuses };
  const at = result.status.asFinalized.toHex();
  const { block } = await api.rpc.chain.getBlock(at);
  const raw = transaction.toHex();
  return {
    statuses,
    at,
    number: block.header.number.toNumber(),
    index: block.extrinsics.findIndex((one) => one.toHex() === raw),
    hash: result.txHash.toHex(),
    raw,
    events: result.events.map(({ event }) => [`${event.section}.${event.method}`, event.data.toJSON()]),
    error: result.dispatchError ? nameOf(api, result.dispatchError) : null,
    interrupted: interruptionOf(api, result.events),
  };
}

/** What stopped a batch that went on as a whole. */
function interruptionOf(api, events) {
  const found = events.find(({ event }) => api.events.utility.BatchInterrupted.is(event));
  return found ? [found.event.data[0].toNumber(), nameOf(api, found.event.data[1])] : null;
}

function nameOf(api, error) {
  if (!error.isModule) return error.isToken ? `Token.${error.asToken.type}` : error.type;
  const { section, name } = api.registry.findMetaError(error.asModule);
  return `${section}.${name}`;
}

/** An extrinsic taken apart. */
export async function decode(place, { version, raw }) {
  const api = await apiOf(place, version);
  const extrinsic = api.createType('Extrinsic', raw);
  const { era, method } = extrinsic;
  return {
    signer: extrinsic.signer.toString(),
    public: Buffer.from(api.registry.createType('AccountId', extrinsic.signer.toString())).toString('hex'),
    nonce: extrinsic.nonce.toNumber(),
    tip: extrinsic.tip.toString(),
    era: era.isMortalEra ? [era.asMortalEra.period.toNumber(), era.asMortalEra.phase.toNumber()] : null,
    call: [method.section, method.method],
    args: method.args.map((one) => one.toJSON()),
    hash: extrinsic.hash.toHex(),
    again: extrinsic.toHex(),
  };
}
