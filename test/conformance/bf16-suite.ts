/**
 * Convolutions and fully connected layers with operands rounded to bfloat16 on the CPU, against the reference in float64 with
 * the same operands.
 */

import { afterAll, describe, expect, it } from 'vitest';

import { presetNames } from '../../lib/graph/presets.js';
import { toBfloat16 } from '../../lib/runtime/bfloat16.js';
import { dense, type Case } from './case.js';
import * as convolution from './cases/convolution.js';
import { randomCases, type Draw } from './cases/index.js';
import { nonFiniteSuite } from './non-finite-suite.js';
import { inBf16Products, tolerances } from './precision.js';
import { Random } from './random.js';
import { bits, randomSuite } from './random-suite.js';
import { expectAgreement, TestDevice } from './run.js';
import { threadsSuite } from './threads-suite.js';

const passes = ['convolution_forward', 'convolution_backward_data', 'convolution_backward_weights'] as const;
const cases: Record<string, Draw> = Object.fromEntries(passes.map((pass) => [pass, randomCases[pass]]));

/** What multiplies bfloat16 on the CPU. */
export const bf16Cases = { cases, prepared: inBf16Products } as const;

export function bf16Suite(kernels: string): void {
  randomSuite('cpu', `bf16 by ${kernels}`, { ...bf16Cases, casesPerOp: 300 });
  nonFiniteSuite('cpu', `bf16 by ${kernels}`, { ops: passes, prepared: inBf16Products });
  threadsSuite(`bf16 by ${kernels}`, {
    ...bf16Cases,
    // Emulated, the paper's layers would take minutes.
    presets: kernels.startsWith('emulated') ? ['mini', 'cifar'] : presetNames,
  });

  describe(`bf16 by ${kernels}`, () => {
    const reference = new TestDevice('reference');
    const device = new TestDevice('cpu');
    afterAll(() => [reference, device].forEach((each) => each[Symbol.dispose]()));

    const spacious: readonly [string, Case][] = [
      [
        'forward',
        convolution.convolutionForward(
          new Random('spacious forward', 0),
          convolution.spaciousSizes('forward'),
        ),
      ],
      [
        'the gradient of the input',
        convolution.convolutionBackwardData(
          new Random('spacious data', 0),
          convolution.spaciousSizes('backward'),
        ),
      ],
      [
        'the gradient of the weights',
        convolution.convolutionBackwardWeights(
          new Random('spacious weights', 0),
          convolution.spaciousSizes('forward'),
        ),
      ],
    ];
    it.each(spacious)('%s of more images than fit at once', async (about, drawn) => {
      const test = inBf16Products(drawn);
      const results = await device.run(test);
      const oracle = { test, results: await reference.run(test, { wide: true }) };
      expectAgreement({ test, results }, oracle, tolerances.fp32, about);
    });

    // Shapes for which nothing else is faster.
    const shapes = [
      ['of a convolution', convolution.spaciousSizes('forward')],
      ['of a fully connected layer', convolution.drawConnected(new Random('connected', 0))],
    ] as const;
    const draws = [
      ['y', convolution.convolutionForward],
      ['dx', convolution.convolutionBackwardData],
      ['dw', convolution.convolutionBackwardWeights],
    ] as const;

    it.each(shapes)('all three passes %s round what they multiply', async (about, sizes) => {
      for (const [name, draw] of draws) {
        const drawn = draw(new Random(about, 0), sizes);
        const product = async (test: Case): Promise<string> =>
          bits({ [name]: (await device.run(test))[name]! });
        const given = await product({ ...inBf16Products(drawn), operands: drawn.operands });
        expect(given).toBe(await product(inBf16Products(drawn)));
        expect(given).not.toBe(await product(drawn));
      }
    });

    it('a fully connected layer reads weights that are bfloat16 already', async () => {
      for (let i = 0; i < 20; i++) {
        const random = new Random('weights in bfloat16', i);
        const test = inBf16Products(
          dense(convolution.convolutionForward(random, convolution.drawConnected(random))),
        );
        const w = test.operands['w']!;
        const short = { ...w, dtype: 'bfloat16', data: toBfloat16(w.data as Float32Array) } as const;
        const results = await device.run({ ...test, operands: { ...test.operands, w: short } });
        expect(bits(results)).toBe(bits(await device.run(test)));
      }
    });
  });
}
