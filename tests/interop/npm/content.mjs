/** Contents that Python makes the same way: byte i is (i + seed) mod 251. */
import { createHash } from 'node:crypto';

const PERIOD = 251;

export function content({ size, seed = 0 }) {
  const turn = Buffer.from(Array.from({ length: PERIOD }, (_, index) => (index + seed) % PERIOD));
  const bytes = Buffer.alloc(size, turn);
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The same content as a stream of chunks of `chunk` bytes. */
export function* chunks({ size, seed = 0, chunk }) {
  const whole = content({ size: chunk + PERIOD, seed });
  for (let at = 0; at < size; at += chunk) {
    const from = at % PERIOD;
    yield whole.slice(from, from + Math.min(chunk, size - at));
  }
}

/** Length and SHA-256 of what a stream gives. */
export async function digest(stream) {
  const hash = createHash('sha256');
  let size = 0;
  let messages = 0;
  for await (const part of stream) {
    hash.update(part);
    size += part.byteLength;
    messages += 1;
  }
  return { size, messages, sha256: hash.digest('hex') };
}

export const fromHex = (text) => new Uint8Array(Buffer.from(text, 'hex'));
export const toHex = (bytes) => Buffer.from(bytes).toString('hex');
export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
