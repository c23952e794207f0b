/** CnsApi: names of content, signed by whoever set them. */
import { Cid } from '@cere-ddc-sdk/ddc';

const plain = (record) =>
  record && {
    name: record.name,
    cid: new Cid(record.cid).toString(),
    signer: record.signature.signer,
    algorithm: record.signature.algorithm,
    value: Buffer.from(record.signature.value).toString('hex'),
  };

/** Set a name; what the SDK signed. */
export async function put(site, { bucket, who, name, cid }) {
  const { names, token } = await site.caller(who);
  const record = { name, cid: new Cid(cid).toBytes() };
  return { record: plain(await names.putRecord({ bucketId: BigInt(bucket), token, record })) };
}

/** The record of a name; null where the SDK says undefined. */
export async function get(site, { bucket, who, name, cacheControl }) {
  const { names, token } = await site.caller(who);
  return { record: plain(await names.getRecord({ bucketId: BigInt(bucket), token, name, cacheControl })) ?? null };
}
