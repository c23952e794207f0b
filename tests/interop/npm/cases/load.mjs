/** Load for the benchmarks: how long the SDK takes for what it sends and reads. */
import { randomBytes } from 'node:crypto';
import { Cid } from '@cere-ddc-sdk/ddc';

const now = () => performance.now() / 1_000;
let kept;
let callers;

/** Fresh content of `size` bytes: random once, then with another first 16 bytes each time. */
function fresh(size) {
  if (kept?.byteLength !== size) kept = new Uint8Array(randomBytes(size));
  kept.set(randomBytes(Math.min(size, 16)));
  return kept;
}

async function callerOf(site) {
  callers ??= new Map();
  const key = site.place.nodes[0].grpcUrl + site.kind;
  if (!callers.has(key)) callers.set(key, await site.caller());
  return callers.get(key);
}

/** One new raw piece: its CID and the seconds until the reply. */
export async function put(site, { bucket, size }) {
  const { files, token } = await callerOf(site);
  const content = fresh(size);
  const began = now();
  const cid = await files.putRawPiece({ bucketId: BigInt(bucket), token, isMultipart: false }, content);
  return { seconds: now() - began, cid: new Cid(cid).toString() };
}

/** Read it whole, looking at no byte. */
export async function get(site, { bucket, cid }) {
  const { files, token } = await callerOf(site);
  const began = now();
  let size = 0;
  for await (const part of await files.getFile({ bucketId: BigInt(bucket), token, cid: new Cid(cid).toBytes() })) {
    size += part.byteLength;
  }
  return { seconds: now() - began, size };
}

/** `writers` at a time store `count` new pieces in all, each of `size` bytes; seconds for all, and their CIDs. */
export async function puts(site, { bucket, size, count, writers }) {
  const { files, token } = await callerOf(site);
  const contents = Array.from({ length: writers }, () => new Uint8Array(randomBytes(size)));
  return each(count, writers, async (number, writer) => {
    const content = contents[writer];
    new DataView(content.buffer).setUint32(0, number);
    const cid = await files.putRawPiece({ bucketId: BigInt(bucket), token, isMultipart: false }, content);
    return new Cid(cid).toString();
  });
}

/** `readers` at a time read `cids`, one after the other; seconds for all and how many bytes came. */
export async function gets(site, { bucket, cids, readers }) {
  const { files, token } = await callerOf(site);
  return each(cids.length, readers, async (number) => {
    let size = 0;
    const stream = await files.getFile({ bucketId: BigInt(bucket), token, cid: new Cid(cids[number]).toBytes() });
    for await (const part of stream) size += part.byteLength;
    return size;
  });
}

/** For `seconds`, one small call after the other on one channel: what each took, in milliseconds. */
export async function steady(site, { bucket, name, seconds }) {
  const { names, token } = await callerOf(site);
  const took = [];
  for (const end = now() + seconds; now() < end; ) {
    const began = performance.now();
    await names.getRecord({ bucketId: BigInt(bucket), token, name });
    took.push(performance.now() - began);
  }
  return { took };
}

async function each(count, workers, act) {
  const results = new Array(count);
  const began = now();
  let next = 0;
  const work = async (worker) => {
    while (next < count) {
      const number = next++;
      results[number] = await act(number, worker);
    }
  };
  await Promise.all(Array.from({ length: workers }, (_, worker) => work(worker)));
  return { seconds: now() - began, results };
}
