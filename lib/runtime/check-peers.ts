/** What lib/runtime/peers.ts runs: prints the check of the cards given as JSON, and ends at once. */

import { writeSync } from 'node:fs';
import { checkPeers } from './native/cuda.js';

const [one = 0, other = 1, patienceMs = 5000] = process.argv.slice(2).map(Number);
try {
  writeSync(1, JSON.stringify(checkPeers(one, other, patienceMs)));
} catch (error) {
  writeSync(2, `${(error as Error).message}\n`);
}
// A hanging copy would keep an orderly end waiting.
process.kill(process.pid, 'SIGKILL');
