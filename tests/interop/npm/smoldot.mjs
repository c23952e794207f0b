// A light client that is not ours: JSON-RPC lines in, JSON-RPC lines out; what it logs stands between, as {"log": ...}.
// The first line is {"chainSpec", "maxLogLevel", "databaseContent"?}. Usage: node smoldot.mjs
import { createInterface } from "node:readline";
import { start } from "smoldot";

const tell = (value) => process.stdout.write(JSON.stringify(value) + "\n");
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const { maxLogLevel, ...options } = JSON.parse((await lines.next()).value);
const client = start({
  maxLogLevel,
  logCallback: (level, target, message) => tell({ log: [level, target, message] }),
});
const chain = await client.addChain(options);
tell({ added: Math.round(process.uptime() * 1000) });

(async () => {
  for await (const response of chain.jsonRpcResponses) process.stdout.write(response + "\n");
})();
for await (const line of lines) {
  const asked = JSON.parse(line);
  if (asked.resident) tell({ resident: process.memoryUsage().rss });
  else chain.sendJsonRpc(line);
}
process.exit(0);
