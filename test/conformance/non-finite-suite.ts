/**
 * NaN and infinities pass through every op as through the reference, which test/goldens/non_finite.py holds against PyTorch. A
 * number that is not finite stands in one input of a case at a time.
 */

import { afterAll, beforeAll, describe, it } from 'vitest';

import type { Precision } from '../../lib/plan/precision.js';
import { count, dense, eachElement, type Case, type Operand } from './case.js';
import * as convolution from './cases/convolution.js';
import { randomCases, stridedOps, type Draw } from './cases/index.js';
import { changes, inPrecision, tolerances } from './precision.js';
import { Random } from './random.js';
import { expectAgreement, TestDevice, type TestedDevice } from './run.js';

/** NaN alone, and what becomes NaN only where it meets another or zero. */
const spoilings: readonly (readonly number[])[] = [[NaN], [Infinity], [NaN, Infinity, -Infinity]];
/** An infinity makes NaN of a batch's results; whether of its mean too depends on how many parts its sum has. */
const spoilingsOf = (op: string): typeof spoilings =>
  op === 'batch_norm_forward' ? spoilings.slice(0, 1) : spoilings;

/**
 * Convolutions read zeros around an image where the reference reads nothing, and Winograd's scheme sums over whole tiles
 * (docs/kernels.md): so without padding, of too few tiles for that scheme, and with finite kernels where the image is enlarged.
 */
const sizes: readonly convolution.Sizes[] = [
  convolution.drawConnected(new Random('a fully connected layer that is not finite', 0)),
  ...[3, 16, 17].map((channels): convolution.Sizes => {
    return {
      x: [2, 7, 6, channels],
      w: [24, 3, 2, channels],
      y: [2, 5, 5, 24],
      geometry: { stride: 1, padding: [0, 0, 0, 0], groups: 1, products: 'float32' },
    };
  }),
];
const sized =
  (draw: (random: Random, drawn: convolution.Sizes) => Case): Draw =>
  (random) =>
    draw(random, random.pick(sizes));

const cases: Readonly<Record<string, Draw>> = {
  ...randomCases,
  convolution_forward: sized(convolution.convolutionForward),
  convolution_backward_data: sized(convolution.convolutionBackwardData),
  convolution_backward_weights: sized(convolution.convolutionBackwardWeights),
  convolution_update: sized(convolution.convolutionUpdate),
};

/**
 * Where no such number comes: views are checked, and a forward pass never leaves an infinite `inverse`. Kernels, where the image
 * is enlarged.
 */
const finite = (op: string, operand: string): boolean =>
  operand === 'views' || operand === 'inverse' || (op === 'convolution_backward_data' && operand === 'w');

export interface NonFiniteSuiteOptions {
  readonly precision?: Precision;
  /** Default: every op that the precision changes anything for. */
  readonly ops?: readonly string[];
  /** What becomes of a case before it runs; default: what the precision asks for. */
  readonly prepared?: typeof inPrecision;
}

export function nonFiniteSuite(
  device: TestedDevice,
  title: string,
  { precision = 'fp32', ops = Object.keys(cases), prepared = inPrecision }: NonFiniteSuiteOptions = {},
): void {
  describe(`${title}: NaN and infinities pass through as in the reference`, () => {
    let reference: TestDevice;
    let tested: TestDevice;
    beforeAll(() => {
      reference = new TestDevice('reference');
      tested = new TestDevice(device);
    });
    afterAll(() => {
      reference[Symbol.dispose]();
      tested[Symbol.dispose]();
    });

    it.each(ops.filter((name) => changes(precision, name)))('%s', async (name) => {
      for (let i = 0; i < 12; i++) {
        const drawn = cases[name]!(new Random(`${name} of what is not finite`, i));
        for (const operand of spoilable(name, drawn)) {
          const random = new Random(`${name} spoiled in ${operand}`, i);
          const spoiled = spoil(drawn, operand, random.pick(spoilingsOf(name)), random);
          const test = prepared(spoiled, name, precision, i % 2 === 1);
          const own = stridedOps.has(name) ? test : dense(test);
          const results = await tested.run(own);
          const oracle = { test, results: await reference.run(test, { wide: true }) };
          expectAgreement({ test: own, results }, oracle, tolerances[precision], `${name} ${i}, ${operand}`);
        }
      }
    });
  });
}

/** What an op reads: inputs, and results that hold numbers before. */
const spoilable = (name: string, { operands }: Case): string[] =>
  Object.entries(operands)
    .filter(([operand, { dtype, data }]) => dtype === 'float32' && !finite(name, operand) && !isNaN(data[0]!))
    .map(([operand]) => operand);

function spoil(test: Case, name: string, values: readonly number[], random: Random): Case {
  const operand = test.operands[name]!;
  const data = Float32Array.from(operand.data);
  const places: number[] = [];
  eachElement(operand, (index) => places.push(index));
  const many = random.pick([values.length, Math.ceil(count(operand.shape) / 5)]);
  for (let i = 0; i < many; i++) data[random.pick(places)] = values[i % values.length]!;
  return { ...test, operands: { ...test.operands, [name]: { ...operand, data } satisfies Operand } };
}
