/** An application of the whole SDK: what it needs to know it asks the chain, what it keeps it gives to the nodes. */
import { Blockchain, UriSigner } from '@cere-ddc-sdk/blockchain';
import { DdcClient, File, FileUri } from '@cere-ddc-sdk/ddc-client';
import { content, digest } from '../content.mjs';
import { errorOf } from '../errors.mjs';

const QUIET = { logLevel: 'silent', logErrors: false };

/** A client that is given the chain by its `form`: the address of an endpoint, or one of its own chain clients. */
async function clientOf({ url }, { uri, type }, form = 'address') {
  const blockchain = form === 'address' ? url : await Blockchain.connect({ wsEndpoint: url });
  return DdcClient.create(await UriSigner.create(uri, { type }), { blockchain, ...QUIET });
}

/** A customer's first steps: a deposit, and buckets, one public and one not. */
export async function begin(place, { who, form, cluster, amount }) {
  const client = await clientOf(place, who, form);
  await client.depositBalance(cluster, BigInt(amount));
  await client.depositBalance(cluster, BigInt(amount));
  const ids = [];
  for (const isPublic of [true, false]) ids.push(await client.createBucket(cluster, { isPublic }));
  const facts = {
    ids,
    deposit: await client.getDeposit(cluster),
    balance: await client.getBalance(),
    buckets: await Promise.all(ids.map((id) => client.getBucket(id))),
    listed: (await client.getBucketList()).map(({ bucketId }) => bucketId),
  };
  await client.disconnect();
  return facts;
}

/** Files stored in a bucket and read back, at whichever of the cluster's nodes the SDK chooses. */
export async function keep(place, { who, form, bucket, sizes, name }) {
  const client = await clientOf(place, who, form);
  const files = [];
  for (const [seed, size] of sizes.entries()) {
    const uri = await client.store(BigInt(bucket), new File(content({ size, seed })), { name: `${name}-${seed}` });
    const read = await digest((await client.read(new FileUri(BigInt(bucket), `${name}-${seed}`))).body);
    files.push({ cid: uri.cid, ...read });
  }
  const absent = await errorOf(() => client.store(1_000_000n, new File(content({ size: 10 }))));
  await client.disconnect();
  return { files, absent };
}
