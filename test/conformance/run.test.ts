/** The device that tests share: what one test leaves behind does not reach the next. */

import { expect, it } from 'vitest';
import { convolutionForward, type Sizes } from './cases/convolution.js';
import { scale } from './cases/elementwise.js';
import { Random } from './random.js';
import { bits } from './random-suite.js';
import { TestDevice } from './run.js';

/** Tenths of a second on the reference. */
const long: Sizes = {
  x: [4, 32, 32, 32],
  w: [32, 3, 3, 32],
  y: [4, 30, 30, 32],
  geometry: { stride: 1, padding: [0, 0, 0, 0], groups: 1, products: 'float32' },
};

it('a run that a test did not wait for disturbs no other, nor the other it', async () => {
  using device = new TestDevice('reference');
  const slow = convolutionForward(new Random('left behind', 0), long);
  const quick = scale(new Random('next', 0));
  const expected = { slow: bits(await device.run(slow)), quick: bits(await device.run(quick)) };

  let ended = false;
  const leftBehind = device.run(slow).finally(() => (ended = true));
  expect(bits(await device.run(quick))).toBe(expected.quick);
  expect(ended).toBe(false);
  expect(bits(await device.run(quick))).toBe(expected.quick);
  expect(bits(await leftBehind)).toBe(expected.slow);
  expect(bits(await device.run(quick))).toBe(expected.quick);
});
