/**
 * The driver's loop: one case for each line of JSON on standard input, one line of answer on the descriptor that the
 * first argument names.
 *
 *   {"subject": "files", "case": "put", "transport": "grpc", "args": {…}}
 *   {"facts": {…}} or {"error": {…}}
 *
 * Cases say what they saw; what is right is decided in Python. Standard output and standard error belong to the
 * libraries, which talk on both.
 */
import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline';

const descriptor = Number(process.argv[2]);
const plain = (_, value) => (typeof value === 'bigint' ? value.toString() : value);
const say = (answer) => writeSync(descriptor, `${JSON.stringify(answer, plain)}\n`);

/** Run case after case; `siteOf` makes of the asked transport what a case is given before its arguments. */
export async function answerCases(siteOf) {
  const { describeError } = await import('./errors.mjs');
  say({ ready: process.version });
  for await (const line of createInterface({ input: process.stdin })) {
    try {
      say({ facts: await perform(JSON.parse(line), siteOf) });
    } catch (error) {
      say({ error: describeError(error) });
    }
  }
  process.exit(0);
}

async function perform({ subject, case: name, transport, args }, siteOf) {
  const cases = await import(`./cases/${subject}.mjs`);
  if (typeof cases[name] !== 'function') throw new Error(`there is no case ${subject}.${name}`);
  return (await cases[name](siteOf(transport), args ?? {})) ?? {};
}
