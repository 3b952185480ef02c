/** Several processes and one folder of runs. */

import { existsSync } from 'node:fs';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { drawDemoSet } from '../../lib/data/demo/demo.js';
import { lastJson, program, type Ran } from '../cli/program.js';

const tiny = '--preset mini --batch 8 --threads 1 --json --steps'.split(' ');

let folder: string;
const at = (...parts: string[]): string => join(folder, ...parts);
const train = async (...args: string[]): Promise<Ran> => await program(['train', ...args], { cwd: folder });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'alexnet-together-'));
  await drawDemoSet(at('images'), { training: 8, validation: 2, seed: [7, 0] });
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

const steps = async (run: string): Promise<number[]> =>
  (await readFile(at(run, 'metrics.jsonl'), 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { step: number; loss?: number })
    .filter(({ loss }) => loss !== undefined)
    .map(({ step }) => step);

const locks = async (run: string): Promise<string[]> =>
  (await readdir(at(run))).filter((name) => name.startsWith('train.lock.'));

const refused = (run: string): unknown => ({
  code: 1,
  stdout: '',
  stderr: expect.stringMatching(
    `^alexnet-native: ${run} is in use by process \\d+ on [\\w-]+; wait for it\n$`,
  ) as unknown,
});

describe('processes that start together', () => {
  it('each get a folder of their own', async () => {
    const ran = await Promise.all([1, 2, 3, 4].map(async () => await train('images', ...tiny, '3')));
    expect(ran.map(({ code }) => code)).toEqual([0, 0, 0, 0]);
    const runs = ran.map((each) => (lastJson(each) as { run: string }).run).toSorted();
    expect(runs).toEqual([1, 2, 3, 4].map((n) => join('runs', `mini-${n}`)));
    for (const run of runs) {
      expect(await steps(run)).toEqual([1, 2, 3]);
      expect(await locks(run)).toEqual([]);
    }
  });

  it('with one name for the folder: one trains, the other is refused', async () => {
    const ran = await Promise.all(
      [1, 2].map(async () => await train('images', ...tiny, '40', '--out', 'named')),
    );
    const [winner, loser] = ran.toSorted((a, b) => (a.code ?? 0) - (b.code ?? 0));
    expect(winner?.code).toBe(0);
    expect(loser).toEqual(refused('named'));
    expect(await steps('named')).toHaveLength(40);
  });

  it('to resume one run: one does, the other is refused', async () => {
    expect(await train('images', ...tiny, '2', '--out', 'resumed')).toMatchObject({ code: 0 });
    const ran = await Promise.all(
      [1, 2].map(async () => await train('--resume', 'resumed', '--json', '--steps', '42')),
    );
    const [winner, loser] = ran.toSorted((a, b) => (a.code ?? 0) - (b.code ?? 0));
    expect(winner?.code).toBe(0);
    expect(loser).toEqual(refused('resumed'));
    expect(await steps('resumed')).toEqual(Array.from({ length: 42 }, (_, i) => i + 1));
  });
});

describe('a process that is killed', () => {
  it('leaves a lock that the next one takes over', async () => {
    const killed = await program(
      ['train', 'images', ...tiny, '100000', '--save-every', '1', '--out', 'killed'],
      {
        cwd: folder,
        onStart: (child) => {
          void (async () => {
            while (!existsSync(at('killed', 'checkpoints', 'last.safetensors'))) await sleep(5);
            child.kill('SIGKILL');
          })();
        },
      },
    );
    expect(killed.code).toBe(null);
    const left = await locks('killed');
    expect(left).toHaveLength(1);
    expect(await train('images', ...tiny, '3', '--out', 'killed')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('killed holds a run already') as unknown,
    });
    const resumed = await train('--resume', 'killed', '--steps', '20', '--json');
    expect(resumed).toMatchObject({ code: 0 });
    expect(await locks('killed')).toEqual([]);
  });
});
