/** Stores whose preparing was killed, or found no room, at any moment. */

import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStore } from '../../lib/data/store/reader.js';
import { needs } from '../needs.js';

const child = fileURLToPath(new URL('prepare-child.mjs', import.meta.url));
const items = 12_000;

let folder: string;
let uninterrupted: string;
let seconds: number;
const at = (name: string): string => join(folder, name);

interface Ran {
  readonly signal: NodeJS.Signals | null;
  readonly code: number | null;
  readonly said: unknown;
  readonly stderr: string;
}

/** `shell`: set before, in the child's own shell; `killAfter`: milliseconds. */
async function prepare(out: string, threads: number, options: { shell?: string; killAfter?: number } = {}) {
  const command = `${options.shell ?? ':'}; exec "$0" "$@"`;
  const args = ['-c', command, process.execPath, child, at(out), String(items), String(threads)];
  const started = spawn('bash', args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let [stdout, stderr] = ['', ''];
  started.stdout.on('data', (text: Buffer) => (stdout += text.toString()));
  started.stderr.on('data', (text: Buffer) => (stderr += text.toString()));
  const { killAfter } = options;
  if (killAfter !== undefined) void sleep(killAfter).then(() => started.kill('SIGKILL'));
  return await new Promise<Ran>((resolve, reject) => {
    started.on('error', reject);
    started.on('close', (code, signal) => {
      resolve({ code, signal, said: stdout ? (JSON.parse(stdout) as unknown) : undefined, stderr });
    });
  });
}

const hashes = async (out: string): Promise<string[]> =>
  await Promise.all(
    ['data.mdb', 'skipped.jsonl'].map(async (name) =>
      createHash('sha256')
        .update(await readFile(join(at(out), name)))
        .digest('hex'),
    ),
  );

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'store-'));
  const started = performance.now();
  expect(await prepare('whole', 2)).toMatchObject({ code: 0, said: { outcome: 'prepared', items } });
  seconds = (performance.now() - started) / 1000;
  uninterrupted = (await hashes('whole')).join();
});
afterAll(async () => await rm(folder, { recursive: true, force: true }));

describe('a store is the same to the byte', () => {
  it('after kills at random moments, with other numbers of threads', async () => {
    const kills = Number(process.env['ALEXNET_TEST_KILLS'] ?? 4);
    let killed = 0;
    for (; killed < kills; killed++) {
      // The first one early: other tests may have kept the machine busy while the time was taken, and no longer do.
      const share = killed === 0 ? 0.2 : 0.2 + 0.5 * Math.random();
      const { signal } = await prepare('killed', 1 + (killed % 3), { killAfter: 1000 * seconds * share });
      if (signal === null) break;
    }
    expect(killed).toBeGreaterThan(0);
    const last = await prepare('killed', 2);
    expect(last).toMatchObject({ code: 0, stderr: '', said: { items } });
    expect((await hashes('killed')).join()).toBe(uninterrupted);
    await using store = await openStore(at('killed'));
    expect(store).toMatchObject({ count: items - 123, skipped: 123 });
  });

  it('after the disk had no more room, which is one line', async () => {
    // Kilobytes; the first ones do not do for a beginning.
    for (const room of [5, 300, 4000, 9000]) {
      const full = await prepare('full', 2, { shell: `ulimit -f ${room}` });
      expect(full).toMatchObject({ code: 1, signal: null, stderr: '' });
      expect(full.said).toEqual({
        code: 'DATA',
        message: `${at('full')} may not grow: files are limited in size here; lift that and run the same command again to go on`,
      });
    }
    expect(await prepare('full', 1)).toMatchObject({ code: 0, said: { outcome: 'prepared', items } });
    expect((await hashes('full')).join()).toBe(uninterrupted);
  });

  const linux = process.platform === 'linux';
  it.runIf(linux)(`where address space is limited: one line${needs(linux, 'Linux')}`, async () => {
    const cramped = await prepare('cramped', 1, { shell: 'ulimit -v 9000000' });
    // Some versions of Node need more than that for themselves.
    if (cramped.said === undefined) return;
    expect(cramped.said).toMatchObject({
      code: 'DATA',
      message: 'a store needs 8 GiB of address space, more than ulimit -v leaves; raise it',
    });
  });
});
