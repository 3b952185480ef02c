/**
 * Some machines grant cards access to each other's memory and then corrupt what is copied, or never finish. Before two
 * cards work together a pattern is copied each way, in a separate process: one whose copy hangs cannot use cards any more.
 */

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { DeviceSpec } from './devices.js';
import { cudaInfo, type PeerCheck } from './native/cuda.js';

/** Starting CUDA takes a second or two; the copies a few milliseconds. */
const patienceMs = 5000;
const startMs = 25_000;

const script = fileURLToPath(new URL('./check-peers.js', import.meta.url));

/**
 * The same devices, told to copy through host memory where copying directly does not work; and then a note that says
 * so.
 */
export async function withWorkingPeers(
  specs: readonly DeviceSpec[],
): Promise<{ readonly devices: readonly DeviceSpec[]; readonly note?: string }> {
  const [one, other] = specs;
  const apart = one?.backend === 'cuda' && other?.backend === 'cuda' && one.index !== other.index;
  if (!apart || one.peerAccess === false || cudaInfo().cards.length <= Math.max(one.index, other.index)) {
    return { devices: specs };
  }
  const check = await inItsOwnProcess(one.index, other.index);
  if (!check.granted || check.works) return { devices: specs };
  return {
    devices: specs.map((spec) => ({ ...spec, peerAccess: false })),
    note: `copies between the cards go through host memory: ${check.problem}`,
  };
}

function inItsOwnProcess(one: number, other: number): Promise<PeerCheck> {
  const unknown = (problem: string): PeerCheck => ({
    granted: true,
    works: false,
    problem,
    milliseconds: startMs,
  });
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [script, String(one), String(other), String(patienceMs)],
      { timeout: patienceMs + startMs, killSignal: 'SIGKILL', encoding: 'utf8' },
      (error, stdout, stderr) => {
        if (stdout.startsWith('{')) resolve(JSON.parse(stdout) as PeerCheck);
        else if (error?.killed) resolve(unknown('the check of copies between the cards does not finish'));
        else
          resolve(
            unknown(stderr.trim().split('\n').at(-1) ?? 'the check of copies between the cards failed'),
          );
      },
    );
  });
}
