/** The public ops: what they refuse and how they say it, layouts, types, closing. */

import { afterAll, describe, expect, it } from 'vitest';

import { AlexNetError } from '../../../lib/errors.js';
import * as ops from '../../../lib/ops.js';

afterAll(ops.closeOps);

const image = { data: Float32Array.from({ length: 24 }, (_, i) => i), shape: [1, 2, 3, 4] };
const kernel = { data: Float32Array.of(1, 10), shape: [1, 2, 1, 1] };

async function refusal(call: Promise<unknown>): Promise<string> {
  const error: unknown = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(AlexNetError);
  expect((error as AlexNetError).code).toBe('USAGE');
  return (error as AlexNetError).message;
}

describe('a wrong argument is named, with what was expected and what came', () => {
  it.each([
    ['expected a positive integer for stride, received 0', { stride: 0 }],
    [
      'expected an integer from 0 or [top, left, bottom, right] for padding, received [1,2]',
      { padding: [1, 2] },
    ],
    ['expected a divisor of the input channels (2) for groups, received 3', { groups: 3 }],
    [
      "expected 'none' or 'relu' or 'tanh' for activation, received \"gelu\"",
      { activation: 'gelu' as 'relu' },
    ],
    ['expected 1 for bias.shape, received [2]', { bias: { data: new Float32Array(2), shape: [2] } }],
    [
      'expected 2 input channels in each of 1 groups for w.shape, received [1,1,1,1]',
      { w: { data: new Float32Array(1), shape: [1, 1, 1, 1] } },
    ],
    [
      'expected a kernel of at most 3×4 for w.shape, received [1,2,4,1]',
      { w: { data: new Float32Array(8), shape: [1, 2, 4, 1] } },
    ],
    [
      'expected 24 numbers (shape 1×2×3×4) for x.data, received Float32Array of 80 bytes',
      { x: { data: new Float32Array(20), shape: [1, 2, 3, 4] } },
    ],
    [
      'expected 4 positive integers for x.shape, received [24]',
      { x: { data: new Float32Array(24), shape: [24] } },
    ],
    [
      'expected a Float32Array or Float64Array for x.data, received [1]',
      { x: { data: [1] as unknown as Float32Array, shape: [1, 1, 1, 1] } },
    ],
  ])('%s', async (message, wrong) => {
    expect(await refusal(ops.convolution({ x: image, w: kernel, ...wrong }))).toBe(message);
  });

  it('devices, labels, windows and crops too', async () => {
    expect(await refusal(ops.copy({ x: image }, { device: 'gpu' as 'cpu' }))).toBe(
      "expected 'cpu' or 'reference' or 'cuda:0' for device, received \"gpu\"",
    );
    expect(await refusal(ops.copy({ x: { data: new Float64Array(1), shape: [1] } }))).toBe(
      'expected Float32Array on cpu, received Float64Array',
    );
    const logits = { data: new Float32Array(6), shape: [2, 3] };
    const labels = { data: Int32Array.of(0, 3), shape: [2] };
    expect(await refusal(ops.softmaxCrossEntropy({ logits, labels }))).toBe(
      'expected -1 to 2 for labels.data[1], received 3',
    );
    expect(await refusal(ops.maxPool({ x: image, size: 4 }))).toBe('expected at most 3 for size, received 4');
    expect(await refusal(ops.lrn({ x: image, size: 4 }))).toBe('expected an odd number for size, received 4');
    const images = { data: new Uint8Array(48), shape: [1, 4, 4, 3] };
    const mean = { data: new Float32Array(3), shape: [3] };
    const crop = { images, mean, views: [{ top: 2, left: 0 }], size: [3, 3] } as const;
    expect(await refusal(ops.preprocess(crop))).toBe('expected at most 1 for views[0].top, received 2');
  });
});

describe('layouts and types', () => {
  it('activations are N×C×H×W and weights O×I×H×W', async () => {
    const y = await ops.convolution({ x: image, w: kernel });
    expect(y.shape).toEqual([1, 1, 3, 4]);
    expect([...y.data]).toEqual(Array.from({ length: 12 }, (_, i) => i + 10 * (i + 12)));
  });

  it('arguments stay as they are and results are new', async () => {
    const w = { data: Float32Array.of(1, 2), shape: [2] };
    const v = { data: Float32Array.of(0, 0), shape: [2] };
    const g = { data: Float32Array.of(1, 1), shape: [2] };
    const stepped = await ops.sgd({ w, v, g, learningRate: 0.5, decay: 0 });
    expect([...w.data, ...v.data]).toEqual([1, 2, 0, 0]);
    expect([...stepped.w.data, ...stepped.v.data]).toEqual([0.5, 1.5, -0.5, -0.5]);
  });

  it('float64 in is float64 out on the reference', async () => {
    const x = { data: Float64Array.of(0.1), shape: [1] };
    const { data } = await ops.scale({ x, factor: 3 }, { device: 'reference' });
    expect(data).toEqual(Float64Array.of(0.1 * 3));
  });

  it('images become planes, reflected, less their mean, blue first when asked', async () => {
    const images = { data: Uint8Array.from({ length: 27 }, (_, i) => i), shape: [1, 3, 3, 3] };
    const mean = { data: Float32Array.of(1, 2, 3), shape: [3] };
    const views = [{ top: 1, left: 1, flip: true, shift: [0, 0, 100] as const }];
    const y = await ops.preprocess({ images, mean, views, size: [2, 2], order: 'bgr' });
    expect(y.shape).toEqual([1, 3, 2, 2]);
    const red = [15, 12, 24, 21];
    const colour = (offset: number) => red.map((one) => one + offset);
    expect([...y.data]).toEqual([...colour(2 - 3 + 100), ...colour(1 - 2), ...colour(-1)]);
  });
});

describe('devices', () => {
  it('calls at the same time do not meet', async () => {
    const calls = Array.from({ length: 20 }, async (_, i) => {
      const length = 1 + ((i * 37) % 500);
      const x = { data: new Float32Array(length).fill(i), shape: [length] };
      return (await ops.scale({ x, factor: 2 })).data;
    });
    const results = await Promise.all(calls);
    results.forEach((data, i) => expect(data.every((one) => one === 2 * i)).toBe(true));
  });

  it('open again after they were closed', async () => {
    {
      await using scope = ops.openOps();
      expect(scope).toBeDefined();
      await ops.copy({ x: image });
    }
    expect((await ops.copy({ x: image })).data).toEqual(image.data);
  });
});
