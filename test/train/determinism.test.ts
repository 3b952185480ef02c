/** The same seed gives the same run: on one device and two, with and without validations. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { drawDemoSet } from '../../lib/data/demo/demo.js';
import { loadCheckpoint } from '../../lib/run/checkpoint.js';
import { train } from '../../lib/train/train.js';
import type { TrainOptions } from '../../lib/train/types.js';
import { recipes } from '../../lib/train/recipes.js';

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

describe('the weights after five steps', () => {
  const weights = async (out: string, threads: number): Promise<ReadonlyMap<string, Float32Array>> => {
    await losses(out, { steps: 5, devices: 'cpu', threads });
    return (await loadCheckpoint(at(out, 'checkpoints', 'last.safetensors'))).parameters;
  };

  it('are the same bits on one thread and on two', async () => {
    expect(await weights('one-thread', 1)).toEqual(await weights('two-threads', 2));
  });
});

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
