/**
 * polkadot-js and the DDC SDK's chain client under pytest: `node chain.mjs FD PLACE` runs cases as loop.mjs says.
 *
 * PLACE is JSON: the `url` of a chain's endpoint.
 */
import { cryptoWaitReady } from '@polkadot/util-crypto';
import { answerCases } from './loop.mjs';

await cryptoWaitReady();
const place = JSON.parse(process.argv[3]);
await answerCases(() => place);
