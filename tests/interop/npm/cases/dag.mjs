/** DagApi: nodes, links, tags and paths. */
import { Cid } from '@cere-ddc-sdk/ddc';
import { content, fromHex } from '../content.mjs';

const dataOf = ({ data, hex, size }) =>
  size ? content({ size }) : hex === undefined ? new TextEncoder().encode(data ?? '') : fromHex(hex);

/** Store one node; `links` are {cid, name, size}, `tags` {key, value}. */
export async function put(site, { bucket, who, links = [], tags = [], ...args }) {
  const { dag, token } = await site.caller(who);
  const node = { data: dataOf(args), links: links.map((link) => ({ ...link, cid: new Cid(link.cid).toBytes() })), tags };
  return { cid: new Cid(await dag.putNode({ bucketId: BigInt(bucket), token, node })).toString() };
}

/** Read a node, or the one that `path` leads to from it. */
export async function get(site, { bucket, who, cid, path, ...options }) {
  const { dag, token } = await site.caller(who, options);
  const node = await dag.getNode({ bucketId: BigInt(bucket), token, cid: new Cid(cid).toBytes(), path });
  if (!node) return { node: null };
  const links = node.links.map((link) => ({ ...link, cid: new Cid(link.cid).toString(), size: Number(link.size) }));
  const data = Buffer.from(node.data);
  return { node: { data: data.length > 1_000 ? data.length : data.toString('utf8'), links, tags: node.tags } };
}
