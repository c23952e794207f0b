/** DdcClient, FileStorage and StorageNode: what an application holds in its hands. */
import { Cid, DagNode, Link, MultipartPiece, Piece, StorageNodeMode, Tag } from '@cere-ddc-sdk/ddc';
import { DagNodeUri, DdcClient, File, FileUri } from '@cere-ddc-sdk/ddc-client';
import { FileStorage } from '@cere-ddc-sdk/file-storage';
import { content, chunks, digest } from '../content.mjs';
import { describeError, errorOf } from '../errors.mjs';
import { OPERATIONS, QUIET } from '../site.mjs';

const NOBODY = { grpcUrl: 'grpc://127.0.0.1:9', httpUrl: 'http://127.0.0.1:9' };
const clients = new Map();

/** A client that finds its nodes in a list, or through the chain's stub. */
async function clientOf(site, who = 'owner', routing = 'static') {
  const name = `${who} ${routing}`;
  if (!clients.has(name)) {
    const nodes = routing === 'static' ? { nodes: site.nodes } : {};
    clients.set(name, await DdcClient.create(await site.signer(who), { blockchain: await site.chain(), ...nodes, ...QUIET }));
  }
  return clients.get(name);
}

/** Store a file, read it back by its CID and by its name. */
export async function file(site, { bucket, size, seed, name, routing, who }) {
  const client = await clientOf(site, who, routing);
  const uri = await client.store(BigInt(bucket), new File(content({ size, seed })), { name });
  const byCid = await digest((await client.read(new FileUri(BigInt(bucket), uri.cid))).body);
  const byName = name && (await digest((await client.read(new FileUri(BigInt(bucket), name))).body));
  return { cid: uri.cid, byCid, byName, resolved: name && (await client.resolveName(BigInt(bucket), name)).toString() };
}

/** Store a node with a link and a tag, read it back. */
export async function node(site, { bucket, data, links = [], tags = [], name, routing }) {
  const client = await clientOf(site, 'owner', routing);
  const made = new DagNode(data, links.map((link) => new Link(link.cid, link.size, link.name)), tags.map(({ key, value }) => new Tag(key, value)));
  const uri = await client.store(BigInt(bucket), made, { name });
  const seen = await client.read(new DagNodeUri(BigInt(bucket), name ?? uri.cid));
  return {
    cid: uri.cid,
    data: seen.data.toString('utf8'),
    links: seen.links.map(({ cid, name: called, size }) => ({ cid, name: called, size: Number(size) })),
    tags: seen.tags.map(({ key, value }) => ({ key, value })),
  };
}

/** Read what is there, as `who`, with an access token that `granter` gives to `subject`. */
export async function granted(site, { bucket, cid, granter, subject, operations, who }) {
  const address = (await site.signer(subject)).address;
  const rights = { bucketId: BigInt(bucket), operations: operations.map((name) => OPERATIONS[name]) };
  const token = await (await clientOf(site, granter)).grantAccess(address, rights);
  const client = await clientOf(site, who);
  return digest((await client.read(new FileUri(BigInt(bucket), cid), { accessToken: token.toString() })).body);
}

/** A file larger than one piece, split and joined by FileStorage as it sees fit. */
export async function large(site, { bucket, size, seed, maxBufferSize, chunk, name }) {
  const storage = await FileStorage.create(await site.signer('owner'), { blockchain: await site.chain(), nodes: site.nodes, ...QUIET });
  const file = new File(chunks({ size, seed, chunk }), { size });
  const began = Date.now();
  const cid = await storage.store(BigInt(bucket), file, { maxBufferSize, name });
  const stored = Date.now();
  const seen = await digest((await storage.read(BigInt(bucket), cid)).body);
  return { cid, ...seen, putMs: stored - began, getMs: Date.now() - stored };
}

/** StorageNode's own verbs: a piece, its parts, a multipart piece of them, and reading with `authenticate`. */
export async function storageNode(site, { bucket, parts }) {
  const storage = await site.node('owner', { authenticate: true });
  const cids = [];
  let offset = 0;
  for (const part of parts) {
    cids.push(await storage.storePiece(BigInt(bucket), new Piece(content(part), { multipartOffset: offset })));
    offset += part.size;
  }
  const whole = new MultipartPiece(cids, { totalSize: offset, partSize: parts[0].size });
  const cid = await storage.storePiece(BigInt(bucket), whole);
  return { cids, cid, ...(await digest((await storage.readPiece(BigInt(bucket), cid)).body)) };
}

/** What an application is told when a bucket, a name, a piece or a node is not there. */
export async function absences(site, { bucket, cid }) {
  const client = await clientOf(site);
  const chained = await clientOf(site, 'owner', 'chain');
  const storage = await site.node();
  const down = await site.node('owner', { ...NOBODY, nodeId: NOBODY.grpcUrl });
  const piece = () => new Piece(content({ size: 100 }));
  return {
    noBucketStatic: await errorOf(() => client.store(99n, new File(content({ size: 100 })))),
    noBucketChain: await errorOf(() => chained.store(99n, new File(content({ size: 100 })))),
    noBucketNode: await errorOf(() => storage.storePiece(99n, piece())),
    noBucketRead: await errorOf(() => storage.readPiece(99n, cid)),
    noPiece: await errorOf(() => storage.readPiece(BigInt(bucket), cid)),
    noNode: await errorOf(() => storage.getDagNode(BigInt(bucket), cid.replace('baebb4i', 'baear4i'))),
    noName: (await storage.getCnsRecord(BigInt(bucket), 'nobody/calls/it/so')) ?? null,
    noNameResolved: await errorOf(() => storage.resolveName(BigInt(bucket), 'nobody/calls/it/so')),
    down: await errorOf(() => down.storePiece(BigInt(bucket), piece())),
  };
}

/** A client whose only node is not there: what is left of its five retries. */
export async function nodeDown(site, { bucket }) {
  const nodes = [{ ...site.nodes[0], ...NOBODY }];
  const client = await DdcClient.create(await site.signer('owner'), { blockchain: await site.chain(), nodes, ...QUIET, retries: 1 });
  const correlationId = 'a-correlation-id';
  try {
    await client.store(BigInt(bucket), new File(content({ size: 100 })), { correlationId });
  } catch (error) {
    return describeError(error);
  }
  return {};
}

/** Through which kinds of node the SDK's own routing sends stores and reads. */
export async function routing(site, { bucket, rounds }) {
  const seen = { store: {}, read: {} };
  const modes = Object.fromEntries(site.nodes.map((one) => [one.grpcUrl, StorageNodeMode[one.mode]]));
  const client = await DdcClient.create(await site.signer('owner'), { blockchain: await site.chain(), ...QUIET });
  const { router } = client.ddcNode;
  for (let round = 0; round < rounds; round += 1) {
    for (const [kind, operation] of [['store', 'store-piece'], ['read', 'read-piece']]) {
      const chosen = await router.getNode(operation, BigInt(bucket), QUIET);
      const mode = modes[chosen.config.grpcUrl];
      seen[kind][mode] = (seen[kind][mode] ?? 0) + 1;
    }
    const uri = await client.store(BigInt(bucket), new File(content({ size: 100, seed: round })));
    await digest((await client.read(uri)).body);
  }
  return seen;
}

/** The same piece through every door: stored at one, read at all. */
export async function doors(site, { bucket, size }) {
  const stored = await (await site.node('owner', { door: 0 })).storePiece(BigInt(bucket), new Piece(content({ size, seed: 3 })));
  const reads = [];
  const writes = [];
  for (let door = 0; door < site.nodes.length; door += 1) {
    const storage = await site.node('owner', { door });
    reads.push(await digest((await storage.readPiece(BigInt(bucket), stored)).body));
    writes.push((await errorOf(() => storage.storePiece(BigInt(bucket), new Piece(content({ size, seed: 4 + door })))))?.code ?? 'OK');
  }
  return { cid: new Cid(stored).toString(), reads, writes };
}

/** A file stored and read by an account that lives in a browser's wallet, which signs the bytes between <Bytes> marks. */
export async function wallet(site, { bucket, size, seed }) {
  const { Web3Signer } = await import('@cere-ddc-sdk/blockchain');
  const { u8aToHex } = await import('@polkadot/util');
  const key = await site.signer('owner');
  const account = { address: key.address, type: key.type, genesisHash: null, name: 'owner' };
  const accounts = { get: async () => [account], subscribe: () => () => {} };
  const signed = async ({ data }) => ({ id: 1, signature: u8aToHex(await key.sign(data)) });
  window.injectedWeb3 = { trial: { version: '1', enable: async () => ({ accounts, signer: { signRaw: signed } }) } };
  const signer = new Web3Signer();
  await signer.isReady();
  const client = await DdcClient.create(signer, { blockchain: await site.chain(), nodes: site.nodes, ...QUIET });
  const uri = await client.store(BigInt(bucket), new File(content({ size, seed })));
  return { cid: uri.cid, ...(await digest((await client.read(uri)).body)) };
}
