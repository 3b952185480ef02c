import { expect, it } from 'vitest';
import { pin, unpin } from '../../../lib/runtime/native/pinned-memory.js';
import { cudaInfo } from '../../../lib/runtime/native/cuda.js';
import { needs } from '../../needs.js';

const without = cudaInfo().cards.length === 0;
it.runIf(without)(
  `without a card nothing is pinned, and nothing is wrong${needs(without, 'a machine without cards')}`,
  () => {
    const memory = new Uint8Array(new SharedArrayBuffer(10_000));
    expect(pin(memory)).toBe(false);
    unpin(memory);
    expect(pin(new Uint8Array())).toBe(false);
    expect(() => pin(new ArrayBuffer(8) as never)).toThrow('expected a typed array');
  },
);
