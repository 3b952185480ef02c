/** Every op on random shapes, each backend against the reference in float64. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { Precision } from '../../lib/plan/precision.js';
import { dense } from './case.js';
import { randomCases, stridedOps, type Draw } from './cases/index.js';
import { Random, testSeed } from './random.js';
import { changes, inPrecision, tolerances } from './precision.js';
import { expectAgreement, TestDevice, type Results, type TestedDevice } from './run.js';

export const bits = (results: Results): string =>
  Object.values(results)
    .map((data) => Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64'))
    .join();

export interface SuiteOptions {
  readonly precision?: Precision;
  readonly casesPerOp?: number;
  /** So many that a test takes some seconds at most. */
  readonly casesPerTest?: number;
  /** Millions of multiply-adds of a case; default: any. */
  readonly mostWork?: number;
  readonly cases?: Readonly<Record<string, Draw>>;
  /** What becomes of a case before it runs; default: what the precision asks for. */
  readonly prepared?: typeof inPrecision;
}

export function randomSuite(
  device: TestedDevice,
  title: string,
  {
    precision = 'fp32',
    casesPerOp = 200,
    casesPerTest = 100,
    mostWork,
    cases = randomCases,
    prepared = inPrecision,
  }: SuiteOptions = {},
): void {
  describe(`${title} agrees with the reference, seed ${testSeed}`, () => {
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

    async function check(name: string, draw: Draw, i: number): Promise<void> {
      const test = prepared(draw(new Random(name, i), mostWork), name, precision, i % 2 === 1);
      const about = `${name} case ${i} (ALEXNET_NATIVE_TEST_SEED=${testSeed})`;
      const own = stridedOps.has(name) ? test : dense(test);
      const results = await tested.run(own);
      const oracle = { test, results: await reference.run(test, { wide: true }) };
      expectAgreement({ test: own, results }, oracle, tolerances[precision], about);
      expect(bits(await tested.run(own)) === bits(results), `${about}: the same again`).toBe(true);
    }

    for (const [name, draw] of Object.entries(cases)) {
      if (!changes(precision, name)) continue;
      for (let first = 0; first < casesPerOp; first += casesPerTest) {
        const end = Math.min(casesPerOp, first + casesPerTest);
        it(`${name}: random cases ${first} to ${end - 1}, each twice to the same bits`, async ({
          signal,
        }) => {
          for (let i = first; i < end; i++) {
            // A test that is given up must not go on behind the next one.
            signal.throwIfAborted();
            await check(name, draw, i);
          }
        });
      }
    }
  });
}
