/** FileApi: raw pieces, multipart pieces, ranges. */
import { Cid, createContentStream } from '@cere-ddc-sdk/ddc';
import { chunks, content, digest, fromHex } from '../content.mjs';
import { errorOf } from '../errors.mjs';

/** What is sent: `hex`, or `size` and `seed`; with `chunk` a stream of that many bytes a piece. */
function sourceOf({ hex, chunk, exact, ...args }) {
  if (hex !== undefined) return fromHex(hex);
  if (chunk === undefined) return content(args);
  // The SDK joins what it is given to messages of 4 MB, but for streams it made itself: those go out chunk by chunk.
  return exact ? createContentStream(chunks({ ...args, chunk }), null) : chunks({ ...args, chunk });
}

/** Store one raw piece. `part` is its offset in a multipart piece, `declared` the size it is announced with. */
export async function put(site, { bucket, who, part, declared, ...args }) {
  const { files, token } = await site.caller(who);
  const size = declared ?? args.size;
  const meta = { bucketId: BigInt(bucket), token, isMultipart: part !== undefined, offset: part, size };
  return { cid: new Cid(await files.putRawPiece(meta, sourceOf(args))).toString() };
}

/** Read a file, or an inclusive `range` of it. */
export async function get(site, { cid, bucket, who, range, ...options }) {
  const { files, token } = await site.caller(who, options);
  const request = { bucketId: BigInt(bucket), token, cid: new Cid(cid).toBytes(), range };
  return digest(await files.getFile(request));
}

/** Several reads one after the other; each one's digest or error. */
export async function getAll(site, { reads }) {
  const facts = [];
  for (const read of reads) {
    let seen;
    const error = await errorOf(async () => (seen = await get(site, read)));
    facts.push(error ? { error } : seen);
  }
  return { reads: facts };
}

/** Say which stored parts make one file. */
export async function join(site, { parts, bucket, who, totalSize, partSize }) {
  const { files, token } = await site.caller(who);
  const partHashes = parts.map((cid) => new Cid(cid).contentHash);
  const request = { bucketId: BigInt(bucket), token, partHashes, totalSize, partSize };
  return { cid: new Cid(await files.putMultipartPiece(request)).toString() };
}
