import { expect, it } from 'vitest';
import { accumulate } from '../../../lib/runtime/native/images.js';

it('adds each byte to its place and all products of colours, exactly', () => {
  // More pixels than 32 bits hold the sums of, at their brightest.
  for (const pixels of [1, 1000, 65_536, 70_000, 200_000]) {
    const bytes = Uint8Array.from({ length: 3 * pixels }, (_, i) =>
      i % 7 === 0 ? 256 * Math.random() : pixels > 65_536 ? 255 : 256 * Math.random(),
    );
    const mean = Uint32Array.from({ length: 3 * pixels }, (_, i) => i);
    const colour = BigUint64Array.from({ length: 9 }, (_, i) => 2n ** 40n + BigInt(i));
    accumulate(bytes, mean, colour);
    expect(mean.every((sum, i) => sum === i + (bytes[i] as number))).toBe(true);
    const expected = Array<number>(9).fill(0);
    for (let p = 0; p < bytes.length; p += 3) {
      const [r, g, b] = bytes.subarray(p, p + 3) as unknown as [number, number, number];
      for (const [i, v] of [r, g, b, r * r, r * g, r * b, g * g, g * b, b * b].entries())
        expected[i] = (expected[i] as number) + v;
    }
    expect([...colour]).toEqual(expected.map((sum, i) => BigInt(sum) + 2n ** 40n + BigInt(i)));
  }
});

it('refuses lengths that do not go together', () => {
  const [mean, colour] = [new Uint32Array(6), new BigUint64Array(9)];
  for (const call of [
    () => accumulate(new Uint8Array(7), mean, colour),
    () => accumulate(new Uint8Array(9), mean, colour),
    () => accumulate(new Uint8Array(6), mean, new BigUint64Array(8)),
  ]) {
    expect(call).toThrow(expect.objectContaining({ code: 'USAGE' }));
  }
});
