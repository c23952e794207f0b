/** Where the node is and who speaks to it: transports, signers, tokens and the stub that stands for the chain. */
import {
  AuthToken,
  AuthTokenOperation,
  CnsApi,
  DagApi,
  FileApi,
  GrpcTransport,
  StorageNode,
  UriSigner,
  WebsocketTransport,
} from '@cere-ddc-sdk/ddc';

const QUIET = { logLevel: 'silent', logErrors: false };
const CLUSTER = '0x0000000000000000000000000000000000000001';
const signers = new Map();

/** The key of a seed phrase or 0x seed, made once. */
export async function signerOf({ uri, type }) {
  const name = `${type} ${uri}`;
  if (!signers.has(name)) signers.set(name, UriSigner.create(uri, { type }));
  return signers.get(name);
}

export class Site {
  constructor(place, transport) {
    this.place = place;
    this.kind = transport;
  }

  /** The nodes as an application lists them. */
  get nodes() {
    return this.place.nodes.map((node) => ({ ...node, ...QUIET }));
  }

  signer(name) {
    return signerOf(this.place.people[name]);
  }

  /** A connection to the node's door number `number`. */
  transport(number = 0) {
    const options = { ...this.place.nodes[number], timeout: 30_000 };
    return this.kind === 'ws' ? new WebsocketTransport(options) : new GrpcTransport(options);
  }

  /** `who` with the SDK's ordinary token (or `token`), each API over one transport. */
  async caller(who = 'owner', { token, door = 0, ...options } = {}) {
    const signer = await this.signer(who);
    const transport = this.transport(door);
    const settings = { signer, ...QUIET, ...options };
    return {
      signer,
      transport,
      token: token ?? (await AuthToken.fullAccess().sign(signer)),
      files: new FileApi(transport, settings),
      dag: new DagApi(transport, settings),
      names: new CnsApi(transport, settings),
    };
  }

  /** One node as StorageNode sees it; always over gRPC in Node.js. */
  async node(who = 'owner', changed = {}) {
    const { door = 0, ...config } = changed;
    return new StorageNode(await this.signer(who), { ...this.nodes[door], ...config });
  }

  /** What DdcClient and FileStorage take for a chain: buckets and nodes, nothing more. */
  async chain() {
    const buckets = new Map();
    for (const { id, owner, isPublic } of this.place.buckets) {
      const ownerId = (await this.signer(owner)).address;
      buckets.set(BigInt(id), { bucketId: BigInt(id), ownerId, clusterId: CLUSTER, isPublic, isRemoved: false });
    }
    const nodes = this.place.nodes.map((node, index) => {
      const [host, grpcPort] = node.grpcUrl.replace('grpc://', '').split(':');
      const httpPort = Number(new URL(node.httpUrl).port);
      const props = { host, domain: '', ssl: false, grpcPort: Number(grpcPort), httpPort, p2pPort: 0, mode: node.mode };
      return { pubKey: `0x${String(index).padStart(64, '0')}`, clusterId: CLUSTER, props };
    });
    return {
      isReady: async () => true,
      disconnect: async () => {},
      ddcCustomers: { getBucket: async (id) => buckets.get(BigInt(id)), listBuckets: async () => [...buckets.values()] },
      ddcNodes: { listStorageNodes: async () => nodes },
    };
  }
}

export const OPERATIONS = { put: AuthTokenOperation.PUT, get: AuthTokenOperation.GET, delete: AuthTokenOperation.DELETE };
export { QUIET };
