/** Suites on a real card: npm run test:gpu asks for them, and fails where there is none. */

import { describe, it } from 'vitest';
import { cudaInfo } from '../../lib/runtime/native/cuda.js';

export const asked = process.env['ALEXNET_TEST_GPU'] === '1';

/** How many cards there are; 0 where nobody asked. */
export const cards = (): number => (asked ? cudaInfo().cards.length : 0);

export function onCard(title: string, suite: () => void, count = 1): void {
  if (!asked) {
    it.skip(`${title}: needs a card, npm run test:gpu`, () => undefined);
    return;
  }
  const { emulated, problem } = cudaInfo();
  if (emulated) throw new Error('these cards are emulated; unset ALEXNET_NATIVE_BINARY');
  if (cards() === 0) throw new Error(`npm run test:gpu needs a card: ${problem}`);
  if (cards() < count)
    it.skip(`${title}: needs ${count} cards, this machine has ${cards()}`, () => undefined);
  else describe(title, suite);
}
