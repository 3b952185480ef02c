/** No op writes outside its operands and its workspace, on any backend, whatever the shapes. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Device, type DeviceConfig } from '../../lib/runtime/native/device.js';
import { canaryArenaBytes, strayWrite } from './canaries.js';
import { dense } from './case.js';
import { randomCases, stridedOps, type Draw } from './cases/index.js';
import { changes, inPrecision } from './precision.js';
import { Random, testSeed } from './random.js';
import type { SuiteOptions } from './random-suite.js';

export function canarySuite(
  options: DeviceConfig,
  title: string,
  {
    precision = 'fp32',
    casesPerOp = 60,
    mostWork,
    cases = randomCases,
    prepared = inPrecision,
  }: SuiteOptions = {},
): void {
  describe(`${title} writes nothing but results and workspaces, seed ${testSeed}`, () => {
    let device: Device;
    beforeAll(() => {
      device = new Device(options);
      device.reserve(canaryArenaBytes);
    });
    afterAll(() => device.close());

    async function check(name: string, draw: Draw, i: number, packed: boolean): Promise<void> {
      const drawn = draw(new Random(`canaries ${name}`, i), mostWork);
      const test = prepared(drawn, name, precision, i % 2 === 1);
      const strided = stridedOps.has(name) || options.backend === 'reference';
      const found = await strayWrite(device, strided ? test : dense(test), { packed });
      if (found) expect.fail(`case ${i} (ALEXNET_NATIVE_TEST_SEED=${testSeed}): ${found}`);
    }

    const both = options.backend === 'cpu' ? [false, true] : [false];
    for (const [name, draw] of Object.entries(cases)) {
      if (!changes(precision, name)) continue;
      for (const packed of name === 'convolution_forward' ? both : [false]) {
        it(`${name}${packed ? ' of packed weights' : ''}: ${casesPerOp} random cases`, async ({ signal }) => {
          for (let i = 0; i < casesPerOp; i++) {
            signal.throwIfAborted();
            await check(name, draw, i, packed);
          }
        });
      }
    }
  });
}
