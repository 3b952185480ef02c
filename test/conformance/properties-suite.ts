/** What must hold between ops, on every backend. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import * as ops from '../../lib/ops.js';
import type { Tensor } from '../../lib/ops.js';
import type { Shape } from '../../lib/plan/commands.js';
import { changed, count, defineCase, denseStrides, exactly, input, output, type Case } from './case.js';
import { convolutionUpdate, drawSizes } from './cases/convolution.js';
import { inPrecision } from './precision.js';
import { Random } from './random.js';
import { relativeError, TestDevice, type TestedDevice } from './run.js';

const drawn = (random: Random, shape: readonly number[], deviation = 1): Tensor => ({
  data: random.normal(count(shape), deviation),
  shape,
});

/** Channels from `first` on of an N×C×H×W tensor, or output channels of O×I×R×S weights. */
function part({ data, shape }: Tensor, axis: 0 | 1, first: number, length: number): Tensor {
  const inner = count(shape.slice(axis + 1));
  const outer = count(shape.slice(0, axis));
  const partShape = shape.map((extent, i) => (i === axis ? length : extent));
  const numbers = new Float32Array(count(partShape));
  for (let o = 0; o < outer; o++) {
    const start = (o * shape[axis]! + first) * inner;
    numbers.set(data.subarray(start, start + length * inner), o * length * inner);
  }
  return { data: numbers, shape: partShape };
}

export function propertiesSuite(name: 'reference' | TestedDevice): void {
  describe(`on ${name}`, () => properties(name));
}

function properties(device: 'reference' | TestedDevice): void {
  const options = { device: device === 'cuda' ? ('cuda:0' as const) : device };
  let tested: TestDevice;
  beforeAll(() => {
    tested = new TestDevice(device);
  });
  afterAll(async () => {
    tested[Symbol.dispose]();
    await ops.closeOps();
  });

  it('LRN and max-pool in one equal the two one after the other', async () => {
    const random = new Random('fused', 0);
    const x = drawn(random, [2, 96, 13, 11], 20);
    const parameters = { x, size: 5, k: 2, alpha: 1e-4, beta: 0.75, groups: 2 };
    const normalised = await ops.lrn(parameters, options);
    const apart = await ops.maxPool({ x: normalised }, options);
    const fused = await ops.lrnPool(parameters, options);
    expect(fused.shape).toEqual(apart.shape);
    expect(relativeError(fused.data, apart.data)).toBeLessThan(1e-6);
    const dy = drawn(random, apart.shape);
    const dz = await ops.maxPoolBackward({ x: normalised, dy }, options);
    const dxApart = await ops.lrnBackward({ ...parameters, dy: dz }, options);
    const dxFused = await ops.lrnPoolBackward({ ...parameters, dy }, options);
    expect(relativeError(dxFused.data, dxApart.data)).toBeLessThan(1e-6);
  });

  it('a convolution in two groups equals two convolutions of half the channels', async () => {
    const random = new Random('grouped', 0);
    const [x, w, bias] = [drawn(random, [2, 12, 9, 9]), drawn(random, [10, 6, 5, 5]), drawn(random, [10])];
    const geometry = { padding: 2, stride: 1 };
    const dy = drawn(random, [2, 10, 9, 9]);
    const whole = await ops.convolution({ x, w, bias, ...geometry, groups: 2 }, options);
    const gradients = await ops.convolutionBackward({ x, w, dy, ...geometry, groups: 2 }, options);
    for (const half of [0, 1]) {
      const xHalf = part(x, 1, half * 6, 6);
      const wHalf = part(w, 0, half * 5, 5);
      const layer = { x: xHalf, w: wHalf, ...geometry };
      const y = await ops.convolution({ ...layer, bias: part(bias, 0, half * 5, 5) }, options);
      expect(relativeError(part(whole, 1, half * 5, 5).data, y.data)).toBeLessThan(1e-6);
      const { dx, dw, db } = await ops.convolutionBackward(
        { ...layer, dy: part(dy, 1, half * 5, 5) },
        options,
      );
      expect(relativeError(part(gradients.dx, 1, half * 6, 6).data, dx.data)).toBeLessThan(1e-6);
      expect(relativeError(part(gradients.dw, 0, half * 5, 5).data, dw.data)).toBeLessThan(1e-6);
      expect(relativeError(part(gradients.db, 0, half * 5, 5).data, db.data)).toBeLessThan(1e-6);
    }
  });

  it('convolutions of half the channels each, the second added to the first, equal one of all', async () => {
    const random = new Random('accumulated', 0);
    const [x, w, bias] = [drawn(random, [2, 16, 7, 7]), drawn(random, [9, 16, 3, 3]), drawn(random, [9])];
    const whole = await ops.convolution({ x, w, bias, padding: 1, activation: 'relu' }, options);
    const local = await ops.convolution({ x: part(x, 1, 0, 8), w: part(w, 1, 0, 8), padding: 1 }, options);
    const remote = { x: part(x, 1, 8, 8), w: part(w, 1, 8, 8), add: local, bias, padding: 1 };
    const y = await ops.convolution({ ...remote, activation: 'relu' }, options);
    expect(relativeError(y.data, whole.data)).toBeLessThan(1e-6);
  });

  it('halves of the channels read and written in place equal a convolution of copies', async () => {
    const random = new Random('halves', 0);
    const whole: Shape = [2, 6, 6, 32];
    const half: Shape = [2, 6, 6, 16];
    const w: Shape = [16, 3, 3, 16];
    const numbers = random.normal(count(whole));
    const weights = random.normal(count(w));
    const geometry = { stride: 1, padding: [1, 1, 1, 1], groups: 1, products: 'float32' } as const;
    const plain = { ...geometry, accumulate: false, activation: 'none', scale: 1 } as const;
    const inside = defineCase(
      { x: input(numbers, whole), w: input(weights, w), y: exactly(output(12, whole)) },
      (at) => {
        const second = { shape: half, strides: denseStrides(whole), offset: at.x.offset + 64 };
        const target = { shape: half, strides: denseStrides(whole), offset: at.y.offset + 64 };
        return [
          { op: 'fill', y: at.y, value: 0 },
          { op: 'convolution_forward', x: second, w: at.w, y: target, ...plain },
        ];
      },
    );
    const secondHalf = Float32Array.from({ length: count(half) }, (_, i) => {
      return numbers[Math.floor(i / 16) * 32 + 16 + (i % 16)]!;
    });
    const copies = defineCase(
      { x: input(secondHalf, half), w: input(weights, w), y: exactly(output(12, half)) },
      (at) => [{ op: 'convolution_forward', ...at, ...plain }],
    );
    const [{ y: all }, { y: alone }] = [await tested.run(inside), await tested.run(copies)];
    const [left, right]: number[][] = [[], []];
    all!.forEach((number, i) => (i % 32 < 16 ? left! : right!).push(number));
    expect(
      left!.every((number) => number === 0),
      'the other half stays',
    ).toBe(true);
    expect(relativeError(right!, alone!)).toBeLessThan(1e-6);
  });

  it('the same call twice gives the same bits', async () => {
    const random = new Random('again', 0);
    const [x, w] = [drawn(random, [3, 24, 13, 13]), drawn(random, [40, 24, 3, 3])];
    const dy = drawn(random, [3, 40, 13, 13]);
    const first = await ops.convolutionBackward({ x, w, dy, padding: 1 }, options);
    const second = await ops.convolutionBackward({ x, w, dy, padding: 1 }, options);
    expect(second).toEqual(first);
  });

  const precisions = device === 'cuda' ? (['fp32', 'tf32', 'bf16'] as const) : (['fp32'] as const);
  it.each(precisions)(
    'an update gives the bits of the gradient and the update behind it, %s',
    async (precision) => {
      for (let i = 0; i < 12; i++) {
        const many = device === 'cuda' && i % 3 === 0 ? { wide: 1 } : {};
        const drawn = (inTwo: boolean): Case => {
          const random = new Random('update', i);
          const test = convolutionUpdate(random, drawSizes(random, many), inTwo);
          return inPrecision(test, 'convolution_update', precision, false);
        };
        const { dw: _, ...apart } = await tested.run(drawn(true));
        expect(await tested.run(drawn(false))).toEqual(apart);
      }
    },
  );

  it('ten updates follow the formula with momentum, decay and a falling rate', async () => {
    const random = new Random('sgd', 0);
    const shape: Shape = [1, 1, 1, 50];
    const start = random.normal(50);
    const expectedW = Float64Array.from(start);
    const expectedV = new Float64Array(50);
    let [w, v]: Float32Array[] = [start, new Float32Array(50)];
    for (let i = 0; i < 10; i++) {
      const rate = i < 5 ? 0.01 : 0.001;
      const g = random.normal(50);
      const e = Math.fround(rate);
      expectedW.forEach((weight, j) => {
        expectedV[j] = 0.9 * expectedV[j]! - 0.0005 * e * weight - e * g[j]!;
        expectedW[j] = weight + expectedV[j]!;
      });
      const test = defineCase(
        { w: changed(input(w!, shape), 0), v: changed(input(v!, shape), 0), g: input(g, shape) },
        (at) => [{ op: 'sgd', segments: [{ ...at, rate: 0, decay: 0.0005 }], momentum: 0.9 }],
        { rates: [rate] },
      );
      const results = await tested.run(test);
      [w, v] = [results['w'] as Float32Array, results['v'] as Float32Array];
    }
    expect(relativeError(w!, expectedW)).toBeLessThan(1e-6);
    expect(relativeError(v!, expectedV)).toBeLessThan(1e-6);
  });

  it('NaN and ties in the logits are ranked as documented', async () => {
    const logits = {
      data: Float32Array.of(1, 3, 3, 2, 1, NaN, 3, 2, NaN, 3, 3, 2, 5, 5, 5, 5, 0, 1, 2, 3),
      shape: [5, 4],
    };
    const labels = { data: Int32Array.of(2, 3, 0, 0, -1), shape: [5] };
    const { ranks } = await ops.softmaxCrossEntropy({ logits, labels }, options);
    expect([...ranks.data]).toEqual([1, 2, 4, 0, 0]);
  });
}
