/**
 * The official DDC SDK under pytest: `node drive.mjs FD PLACE` runs one case for each line of JSON on standard input and
 * answers on the descriptor FD with one line each.
 *
 *   {"subject": "files", "case": "put", "transport": "grpc", "args": {…}}
 *   {"facts": {…}} or {"error": {…}}
 *
 * PLACE is JSON too: where the node's doors are and who owns what (site.mjs). Cases say what they saw; what is right is
 * decided in Python. Standard output and standard error belong to the libraries, which talk on both.
 */
import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
// By its path: where Node.js is told to take what is meant for browsers, `ws` would be a stub that throws.
import WebSocket from './node_modules/ws/wrapper.mjs';

// The SDK's WebSocket transport looks for a browser's names. With `--conditions=browser` all of the SDK is what browsers
// get: then its wallets look for a page too.
globalThis.self ??= globalThis;
globalThis.WebSocket = WebSocket;
const inBrowser = process.execArgv.includes('--conditions=browser');
if (inBrowser) {
  globalThis.window ??= globalThis;
  globalThis.document ??= { readyState: 'complete' };
}

const { Site } = await import('./site.mjs');
const { describeError } = await import('./errors.mjs');

const descriptor = Number(process.argv[2]);
const place = JSON.parse(process.argv[3]);
const say = (answer) => writeSync(descriptor, `${JSON.stringify(answer)}\n`);

// Streams that a case has given up are broken by the node later; that is the node's right, and no end of the driver.
process.on('unhandledRejection', (error) => console.error('unhandled', error));

async function perform({ subject, case: name, transport, args }) {
  const cases = await import(`./cases/${subject}.mjs`);
  if (typeof cases[name] !== 'function') throw new Error(`there is no case ${subject}.${name}`);
  const site = new Site(place, transport ?? (inBrowser ? 'ws' : 'grpc'));
  return (await cases[name](site, args ?? {})) ?? {};
}

say({ ready: process.version });
for await (const line of createInterface({ input: process.stdin })) {
  try {
    say({ facts: await perform(JSON.parse(line)) });
  } catch (error) {
    say({ error: describeError(error) });
  }
}
process.exit(0);
