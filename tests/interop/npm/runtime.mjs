// What polkadot-js makes of a development chain without asking it anything: one JSON object in, one out.
// Given metadata, an extrinsic, events, storage and calls to sign; answers what it reads, and extrinsics it signed.
import { readFileSync } from 'node:fs';
import { Keyring } from '@polkadot/keyring';
import { Metadata, TypeRegistry, expandMetadata } from '@polkadot/types';
import { cryptoWaitReady } from '@polkadot/util-crypto';

const asked = JSON.parse(readFileSync(0, 'utf8'));
await cryptoWaitReady();

const registry = new TypeRegistry();
const metadata = new Metadata(registry, asked.metadata);
registry.setMetadata(metadata);
const { consts, query, tx } = expandMetadata(registry, metadata);

const plain = (value) => value.toJSON();

function readStorage({ section, item, keys, value }) {
  const entry = query[section][item];
  const key = Buffer.from(entry(...keys)).toString('hex').slice(-asked.keyDigits[`${section}.${item}`]);
  const { type } = entry.meta;
  const kind = type.isPlain ? type.asPlain : type.asMap.value;
  return { key, value: plain(registry.createType(registry.createLookupType(kind), value)) };
}

function readExtrinsic(raw) {
  const extrinsic = registry.createType('Extrinsic', raw);
  return {
    section: extrinsic.method.section,
    method: extrinsic.method.method,
    args: extrinsic.method.args.map(plain),
    nonce: extrinsic.nonce.toNumber(),
    again: extrinsic.toHex(),
  };
}

function readEvents(raw) {
  return registry.createType('Vec<FrameSystemEventRecord>', raw).map(({ event, phase }) => ({
    name: `${event.section}.${event.method}`,
    fields: event.meta.fields.map(({ name }) => name.unwrapOr('').toString()), // as the DDC SDK finds them
    data: event.data.map(plain),
    extrinsic: phase.isApplyExtrinsic ? phase.asApplyExtrinsic.toNumber() : null,
    error: event.method === 'ExtrinsicFailed' ? nameOf(event.data[0]) : null,
  }));
}

function nameOf(error) {
  if (!error.isModule) return error.type;
  const { section, name } = registry.findMetaError(error.asModule);
  return `${section}.${name}`;
}

function sign({ seed, type, section, call, args, nonce, tip, terms }) {
  const pair = new Keyring({ type }).addFromSeed(Buffer.from(seed, 'hex'));
  const method = tx[section][call](...args);
  const extrinsic = registry.createType('Extrinsic', { method }, { version: 4 });
  extrinsic.sign(pair, { ...terms, nonce, tip, signedExtensions: registry.signedExtensions });
  return { raw: extrinsic.toHex(), public: Buffer.from(pair.publicKey).toString('hex') };
}

const answer = {
  pallets: metadata.asLatest.pallets.map(({ name, index }) => [name.toString(), index.toNumber()]),
  calls: Object.fromEntries(Object.entries(tx).map(([section, calls]) => [section, Object.keys(calls)])),
  version: plain(consts.system.version),
  deposit: consts.balances.existentialDeposit.toString(),
  extrinsic: readExtrinsic(asked.extrinsic),
  events: readEvents(asked.events),
  storage: asked.storage.map(readStorage),
  signed: asked.sign.map(sign),
};
// What it says besides goes to the standard error; this line is the answer.
process.stdout.write(`\n${JSON.stringify(answer)}\n`);
