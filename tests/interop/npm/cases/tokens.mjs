/** Tokens of every make, each used for one call. */
import { u8aWrapBytes } from '@polkadot/util';
import { AuthToken, Cid } from '@cere-ddc-sdk/ddc';
import { content, digest } from '../content.mjs';
import { describeError } from '../errors.mjs';
import { OPERATIONS } from '../site.mjs';

/** A browser wallet: it signs the bytes between <Bytes> and </Bytes>. */
const wallet = (signer) => ({
  isReady: () => signer.isReady(),
  type: signer.type,
  publicKey: signer.publicKey,
  sign: (message) => signer.sign(u8aWrapBytes(message)),
});

/**
 * A chain of tokens, the root first. Each link: `signer`; `wrapped`: as a wallet signs; `from: true`: what the SDK makes
 * of the link before it (a copy without its subject); otherwise `operations`, `bucket`, `subject`, `pieceCid`,
 * `canDelegate`, `expiresIn`.
 */
async function chainOf(site, links) {
  let last;
  for (const link of links) {
    const signer = await site.signer(link.signer);
    const token = link.from ? AuthToken.from(last) : await made(site, link, last);
    await token.sign(link.wrapped ? wallet(signer) : signer);
    last = token;
  }
  return last;
}

async function made(site, { operations, bucket, subject, pieceCid, canDelegate, expiresIn }, prev) {
  return new AuthToken({
    operations: operations.map((name) => OPERATIONS[name]),
    bucketId: bucket === undefined ? undefined : BigInt(bucket),
    subject: subject && (await site.signer(subject)).address,
    pieceCid,
    canDelegate,
    expiresIn,
    prev,
  });
}

/** A chain whose bytes are handed on as they are: what `change` says is wrong with them is wrong on the wire too. */
function carried(token, change) {
  const text = token.toString();
  const altered = { forged: () => flipped(text), short: () => text.slice(0, -7), none: () => undefined };
  if (change === undefined) return token;
  if (change.text !== undefined) return { toString: () => change.text };
  if (change.repeat !== undefined) return { toString: () => '2'.repeat(change.repeat) };
  const wire = altered[change.kind]();
  return wire === undefined ? undefined : { toString: () => wire };
}

const flipped = (text) => text.slice(0, 60) + (text[60] === '2' ? '3' : '2') + text.slice(61);

const ACTIONS = {
  put: async ({ files, token }, { bucket, size = 100, seed = 0 }) => {
    const meta = { bucketId: BigInt(bucket), token, isMultipart: false };
    return { cid: new Cid(await files.putRawPiece(meta, content({ size, seed }))).toString() };
  },
  get: async ({ files, token }, { bucket, cid }) =>
    digest(await files.getFile({ bucketId: BigInt(bucket), token, cid: new Cid(cid).toBytes() })),
  putNode: async ({ dag, token }, { bucket, text = 'x' }) => {
    const node = { data: new TextEncoder().encode(text), links: [], tags: [] };
    return { cid: new Cid(await dag.putNode({ bucketId: BigInt(bucket), token, node })).toString() };
  },
  getNode: async ({ dag, token }, { bucket, cid, path }) => {
    const node = await dag.getNode({ bucketId: BigInt(bucket), token, cid: new Cid(cid).toBytes(), path });
    return { data: Buffer.from(node.data).toString('utf8') };
  },
  putName: async ({ names, token }, { bucket, name, cid }) => {
    await names.putRecord({ bucketId: BigInt(bucket), token, record: { name, cid: new Cid(cid).toBytes() } });
    return {};
  },
  getName: async ({ names, token }, { bucket, name }) => {
    const record = await names.getRecord({ bucketId: BigInt(bucket), token, name });
    return { cid: record ? new Cid(record.cid).toString() : null };
  },
};

/** Do one `action` as `who` with the token that `links` make; its facts or its error. */
export async function use(site, { links, who, action, change, signer: signs = true, ...args }) {
  const chain = await chainOf(site, links);
  const caller = await site.caller(who, { token: chain });
  // Activity requests are signed with the key that the SDK finds in the token object; changed bytes are put in after.
  if (change !== undefined) caller.token = carried(chain, change);
  if (!signs) for (const api of [caller.files, caller.dag, caller.names]) api.options.signer = undefined;
  try {
    return { done: await ACTIONS[action](caller, args) };
  } catch (error) {
    return { refused: describeError(error) };
  }
}

/** The text of a chain, for clients that are not the SDK. */
export async function text(site, { links }) {
  return { token: (await chainOf(site, links)).toString() };
}
