/** Key pairs by their secret URI (`//Alice`), each made once. */
import { Keyring } from '@polkadot/keyring';

const CERE = 54; // the prefix of the chain's addresses
const pairs = new Map();

export function pairOf({ uri, type = 'sr25519' }) {
  const name = `${type} ${uri}`;
  if (!pairs.has(name)) pairs.set(name, new Keyring({ type, ss58Format: CERE }).addFromUri(uri));
  return pairs.get(name);
}
