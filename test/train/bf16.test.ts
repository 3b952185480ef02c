/** Training in bf16 on the CPU, by the processor's own instructions or as if it had AMX: it learns as in fp32, repeatably. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { drawDemoSet } from '../../lib/data/demo/demo.js';
import { AlexNetError } from '../../lib/errors.js';
import { cpuInfo } from '../../lib/runtime/native/cpu.js';
import { train } from '../../lib/train/train.js';
import type { TrainOptions } from '../../lib/train/types.js';
import { needs } from '../needs.js';

const native = cpuInfo().bf16 !== undefined;
if (!native) process.env['ALEXNET_NATIVE_BF16'] = 'emulated-amx';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'alexnet-bf16-'));
  await drawDemoSet(join(folder, 'images'), { training: 12, validation: 3, seed: [7, 0] });
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function losses(out: string, options: TrainOptions): Promise<number[]> {
  const all: number[] = [];
  const run = train({
    data: join(folder, 'images'),
    preset: 'mini',
    recipe: { batch: 16 },
    steps: 20,
    out: join(folder, out),
    ...options,
  });
  for await (const event of run) if (event.kind === 'step') all.push(event.loss);
  return all;
}

it("the losses of 20 steps follow fp32's, on one device and two, and come out the same again", async () => {
  const full = await losses('fp32', { precision: 'fp32' });
  const one = await losses('one', { precision: 'bf16' });
  const two = await losses('two', { precision: 'bf16', devices: 'cpu:0/2,cpu:1/2' });
  expect(one).toHaveLength(20);
  expect(one).not.toEqual(full);
  full.forEach((loss, step) => {
    expect(Math.abs((one[step] ?? 0) - loss) / loss, `step ${step}`).toBeLessThan(0.02);
    expect(Math.abs((two[step] ?? 0) - loss) / loss, `step ${step} on two`).toBeLessThan(0.02);
  });
  expect(await losses('again', { precision: 'bf16' })).toEqual(one);
});

it.skipIf(native)(
  `without instructions for bfloat16 it is refused, with what they are${needs(!native, 'a processor without')}`,
  async () => {
    const emulated = process.env['ALEXNET_NATIVE_BF16'];
    process.env['ALEXNET_NATIVE_BF16'] = 'none';
    try {
      const refusal: unknown = await losses('refused', { precision: 'bf16' }).catch(
        (error: unknown) => error,
      );
      expect(refusal).toBeInstanceOf(AlexNetError);
      expect(refusal).toMatchObject({
        code: 'USAGE',
        message:
          'expected fp32 for precision on cpu, received bf16 (training in bf16 needs a processor with AMX-BF16 or AVX512_BF16; this one has neither)',
      });
    } finally {
      process.env['ALEXNET_NATIVE_BF16'] = emulated;
    }
  },
);
