/** The same seed gives the same run: on one device and two, with and without validations, across kills. */

import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { drawDemoSet } from '../../lib/data/demo.js';
import { train } from '../../lib/train/train.js';
import type { TrainOptions } from '../../lib/train/types.js';
import { recipes } from '../../lib/train/recipe.js';

let folder: string;
const at = (...parts: string[]): string => join(folder, ...parts);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'alexnet-train-'));
  await drawDemoSet(at('images'), { training: 12, validation: 3, seed: [7, 0] });
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function losses(out: string, options: TrainOptions): Promise<number[]> {
  const all: number[] = [];
  const run = train({ data: at('images'), preset: 'mini', recipe: { batch: 16 }, out: at(out), ...options });
  for await (const event of run) if (event.kind === 'step') all.push(event.loss);
  return all;
}

describe('the losses of 20 steps with crops, reflections, colour and dropout', () => {
  it('are those of one device on two, to 1e-5', async () => {
    // A small rate: where maxima tie but for rounding, another order of sums may choose another; what follows from it
    // grows with the rate.
    const recipe = { batch: 16, learningRate: 0.001 };
    const one = await losses('one', { steps: 20, recipe });
    const two = await losses('two', { steps: 20, recipe, devices: 'cpu:0/2,cpu:1/2' });
    expect(one).toHaveLength(20);
    one.forEach((loss, step) =>
      expect(Math.abs((two[step] ?? 0) - loss) / loss, `step ${step}`).toBeLessThan(1e-5),
    );
  });

  it('do not change when the run is validated in between', async () => {
    const rarely = await losses('rarely', { steps: 20, validateEvery: 20 });
    expect(await losses('often', { steps: 20, validateEvery: 3 })).toEqual(rarely);
  });

  it('are other ones with another seed', async () => {
    expect(await losses('seed-2', { steps: 3, seed: 2 })).not.toEqual(
      await losses('seed-1', { steps: 3, seed: 1 }),
    );
  });
});

it('a loss that runs away stops with advice, and the last good checkpoint stays', async () => {
  const wild = { ...recipes.mini, batch: 16, learningRate: 1000 };
  await expect(losses('wild', { steps: 30, recipe: wild, saveEvery: 1 })).rejects.toMatchObject({
    code: 'DIVERGED',
    message: expect.stringMatching(
      /training has diverged; start again with a smaller --learning-rate \(it was 1000\)/,
    ) as unknown,
  });
});

describe('a run killed at any moment goes on as if it had not been', () => {
  const program = fileURLToPath(new URL('../../dist/cli/start.cjs', import.meta.url));
  const steps = 40;
  const fresh = (out: string): string[] => [
    'train',
    at('images'),
    ...`--preset mini --batch 16 --steps ${steps}`.split(' '),
    // A save after every step: many of the kills fall into the writing of a checkpoint.
    ...'--save-every 1 --validate-every 7 --json --out'.split(' '),
    at(out),
  ];

  /** Runs the program, killing it outright after so many milliseconds; resolves with its exit code, null if killed. */
  async function run(args: string[], killAfter?: number): Promise<number | null> {
    const child = spawn(process.execPath, [program, ...args], { stdio: 'ignore' });
    const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
    if (killAfter !== undefined) void sleep(killAfter).then(() => child.kill('SIGKILL'));
    return await ended;
  }

  const hash = async (out: string): Promise<string> =>
    createHash('sha256')
      .update(await readFile(at(out, 'checkpoints', 'last.safetensors')))
      .digest('hex');

  const isRun = async (out: string): Promise<boolean> =>
    (await readdir(at(out)).catch((): string[] => [])).includes('config.json');

  /** Starts or resumes; a run that was killed before it had a config.json begins anew. */
  const goOn = async (out: string): Promise<string[]> => {
    if (await isRun(out)) return ['train', '--resume', at(out), '--json'];
    await rm(at(out), { recursive: true, force: true });
    return fresh(out);
  };

  it('to the last bit, weights, momentum and metrics, after ten kills in a row', async () => {
    expect(await run(fresh('whole'))).toBe(0);
    // Spread over start-up, training and saving.
    const moments = [900, 350, 1200, 700, 1500, 500, 1000, 1350, 600, 1100];
    let kills = 0;
    for (const moment of moments) if ((await run(await goOn('killed'), moment)) === null) kills++;
    expect(kills).toBeGreaterThanOrEqual(3);
    expect(await run(await goOn('killed'))).toBe(0);
    expect(await hash('killed')).toBe(await hash('whole'));
    const metrics = async (out: string) =>
      (await readFile(at(out, 'metrics.jsonl'), 'utf8'))
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { step: number; loss?: number })
        .filter(({ loss }) => loss !== undefined)
        .map(({ step, loss }) => [step, loss]);
    expect(await metrics('killed')).toEqual(await metrics('whole'));
    const left = await readdir(at('killed', 'checkpoints'));
    expect(left.filter((name) => name.endsWith('.safetensors')).toSorted()).toEqual([
      'best.safetensors',
      'last.safetensors',
    ]);
  });
});
