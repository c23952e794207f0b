/**
 * The official DDC SDK under pytest: `node drive.mjs FD PLACE` runs cases as loop.mjs says.
 *
 * PLACE is JSON: where the node's doors are and who owns what (site.mjs).
 */
// By its path: where Node.js is told to take what is meant for browsers, `ws` would be a stub that throws.
import WebSocket from './node_modules/ws/wrapper.mjs';
import { answerCases } from './loop.mjs';

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
const place = JSON.parse(process.argv[3]);

// Streams that a case has given up are broken by the node later; that is the node's right, and no end of the driver.
process.on('unhandledRejection', (error) => console.error('unhandled', error));

await answerCases((transport) => new Site(place, transport ?? (inBrowser ? 'ws' : 'grpc')));
