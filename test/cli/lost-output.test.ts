/** Output that cannot be written: one line instead of a stack, and a run is saved. */

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { drawDemoSet } from '../../lib/data/demo/demo.js';
import { loadCheckpoint } from '../../lib/run/checkpoint.js';
import { needs } from '../needs.js';
import { program } from './program.js';

const dist = fileURLToPath(new URL('../../dist/cli/', import.meta.url));
const full = existsSync('/dev/full');

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'alexnet-output-'));
  await drawDemoSet(join(folder, 'images'), { training: 8, validation: 2, seed: [7, 0] });
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

interface Ended {
  readonly code: number | null;
  readonly stderr: string;
}

async function node(redirection: string, ...args: string[]): Promise<Ended> {
  const child = spawn('sh', ['-c', `exec "$0" "$@" ${redirection}`, process.execPath, ...args], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { code, stderr };
}

const noSpace = {
  code: 1,
  stderr: 'alexnet-native: cannot write to stdout: ENOSPC: no space left on device, write\n',
};
const train = (out: string): string[] =>
  `train images --preset mini --batch 8 --threads 1 --steps 100000 --out ${out}`.split(' ');

describe.runIf(full)(`where the disk is full${needs(full, '/dev/full')}`, () => {
  const start = join(dist, 'start.cjs');

  it.each([
    ['stdout', '>/dev/full', [], noSpace],
    ['stderr', '2>/dev/full', ['--json'], { code: 1, stderr: '' }],
  ])('%s: a run is saved and can go on', async (name, redirection, more, ended) => {
    expect(await node(redirection, start, ...train(name), ...more)).toEqual(ended);
    const saved = await loadCheckpoint(join(folder, name, 'checkpoints', 'last.safetensors'));
    const steps = saved.training?.step ?? 0;
    // The first line says that it starts, so hardly any are done.
    expect(steps).toBeLessThan(1000);
    const on = await program(['train', '--resume', name, '--steps', String(steps + 1)], { cwd: folder });
    expect(on).toMatchObject({ code: 0, stderr: '' });
  });

  it.each(['plan', 'plan --json', '--help', 'train --help'])(
    'a result that nobody gets is a failure: %s',
    async (args) => {
      expect(await node('>/dev/full', start, ...args.split(' '))).toEqual(noSpace);
    },
  );
});

it('a terminal that is gone is a failure, too', async () => {
  const script = `
    import { watchOutput } from '${new URL('../../dist/cli/ui/lost-output.js', import.meta.url).href}';
    watchOutput();
    process.stdout.emit('error', Object.assign(new Error('EIO: i/o error, write'), { code: 'EIO' }));`;
  expect(await node('', '--input-type=module', '-e', script)).toEqual({
    code: 1,
    stderr: 'alexnet-native: cannot write to stdout: EIO: i/o error, write\n',
  });
});
