/** Reads and writes that end otherwise than well-behaved ones: unacknowledged, unread, cancelled, too many at once. */
import { AuthToken, Cid, FileApi, GrpcTransport, WebsocketTransport } from '@cere-ddc-sdk/ddc';
import { content, digest, sleep } from '../content.mjs';
import { describeError, errorOf } from '../errors.mjs';
import { QUIET } from '../site.mjs';

const open = async (caller, { bucket, cid, range }) =>
  caller.files.getFile({ bucketId: BigInt(bucket), token: caller.token, cid: new Cid(cid).toBytes(), range });

/** A read without acknowledgements: that its headers came, what came after, and how it ended. */
export async function unacknowledged(site, { who, ...read }) {
  const caller = await site.caller(who, { enableAcks: false });
  const stream = await open(caller, read);
  let size = 0;
  try {
    for await (const part of stream) size += part.byteLength;
  } catch (error) {
    return { headers: true, size, error: describeError(error) };
  }
  return { headers: true, size, error: null };
}

const left = [];

/** Open `count` reads and consume none of them, or only what `parts` says; they stay open. */
export async function leave(site, { count, parts = 0, ...read }) {
  const caller = await site.caller();
  const opened = await Promise.allSettled(Array.from({ length: count }, () => open(caller, read)));
  for (const { status, value: stream } of opened) {
    if (status !== 'fulfilled') continue;
    const reader = stream.getReader();
    for (let part = 0; part < parts; part += 1) await reader.read();
    left.push(reader);
  }
  return { open: opened.filter(({ status }) => status === 'fulfilled').length };
}

/** Go on with one of the reads that were left: what it still gives. */
export async function resume() {
  const reader = left.pop();
  let size = 0;
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) size += next.value.byteLength;
  } catch (error) {
    return { size, error: describeError(error) };
  }
  return { size, error: null };
}

/** Every call of this transport can be ended through `signal`. */
function abortable(site, signal) {
  const interceptor = Object.fromEntries(
    ['interceptUnary', 'interceptDuplex', 'interceptClientStreaming'].map((name) => [
      name,
      (next, method, ...rest) => next(method, ...rest.slice(0, -1), { ...rest.at(-1), abort: signal }),
    ]),
  );
  const Transport = site.kind === 'ws' ? WebsocketTransport : GrpcTransport;
  return new Transport({ ...site.place.nodes[0], interceptors: [interceptor] });
}

/** Reads and writes that are given up halfway, `rounds` of each; then one of each on the same channel. */
export async function cancels(site, { bucket, cid, size, rounds }) {
  const signer = await site.signer('owner');
  const token = await AuthToken.fullAccess().sign(signer);
  const steady = await site.caller();
  const codes = { read: {}, write: {} };
  const count = (kind, error) => (codes[kind][error?.code ?? 'none'] = (codes[kind][error?.code ?? 'none'] ?? 0) + 1);
  for (let round = 0; round < rounds; round += 1) {
    const reading = new AbortController();
    const files = new FileApi(abortable(site, reading.signal), { signer, ...QUIET });
    count('read', await errorOf(async () => {
      const stream = await files.getFile({ bucketId: BigInt(bucket), token, cid: new Cid(cid).toBytes() });
      for await (const _ of stream) reading.abort();
    }));
    const writing = new AbortController();
    const puts = new FileApi(abortable(site, writing.signal), { signer, ...QUIET });
    count('write', await errorOf(() => {
      const given = (async function* () {
        yield content({ size: 5_000_000, seed: round });
        writing.abort();
        await sleep(10);
        yield content({ size: 1_000, seed: round });
      })();
      return puts.putRawPiece({ bucketId: BigInt(bucket), token, isMultipart: false, size: 5_001_000 }, given);
    }));
  }
  const stored = await steady.files.putRawPiece({ bucketId: BigInt(bucket), token, isMultipart: false }, content({ size }));
  return { codes, after: await digest(await open(steady, { bucket, cid: stored })) };
}

/** `count` unary calls at the same time on one channel; how many worked, and how the others ended. */
export async function parallel(site, { bucket, count, name }) {
  const { names, token } = await site.caller();
  const calls = Array.from({ length: count }, () => names.getRecord({ bucketId: BigInt(bucket), token, name }));
  const ended = await Promise.allSettled(calls);
  const errors = {};
  for (const { reason } of ended.filter(({ status }) => status === 'rejected')) {
    errors[`${reason.code}: ${reason.message}`] = (errors[`${reason.code}: ${reason.message}`] ?? 0) + 1;
  }
  return { worked: ended.filter(({ status }) => status === 'fulfilled').length, errors };
}
