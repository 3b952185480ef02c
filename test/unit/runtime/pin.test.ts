import { expect, it } from 'vitest';
import { pin, unpin } from '../../../lib/runtime/native/pinned-memory.js';
import { cudaInfo } from '../../../lib/runtime/native/cuda.js';

it.skipIf(cudaInfo().cards.length > 0)('without a card nothing is pinned, and nothing is wrong', () => {
  const memory = new Uint8Array(new SharedArrayBuffer(10_000));
  expect(pin(memory)).toBe(false);
  unpin(memory);
  expect(pin(new Uint8Array())).toBe(false);
  expect(() => pin(new ArrayBuffer(8) as never)).toThrow('expected a typed array');
});
