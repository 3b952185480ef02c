/**
 * Philox4x32-10 (Salmon et al., SC 2011): random numbers as a pure function of (seed, stream, step, index).
 * The same function as native/core/philox.h.
 */

/** A 64-bit seed as two 32-bit words. */
export type Seed = readonly [low: number, high: number];

/** High and low 32-bit words of the 64-bit product of two unsigned 32-bit integers. */
function multiply(a: number, b: number): [high: number, low: number] {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const carry = (middle & 0xffff) + aLow * bHigh;
  return [
    (aHigh * bHigh + Math.floor(middle / 65536) + Math.floor(carry / 65536)) >>> 0,
    Math.imul(a, b) >>> 0,
  ];
}

export type Words = [number, number, number, number];

export function philox4x32(counter: Readonly<Words>, seed: Seed): Words {
  let [c0, c1, c2, c3] = counter;
  let [k0, k1] = seed;
  for (let round = 0; round < 10; round++) {
    const [high0, low0] = multiply(0xd2511f53, c0);
    const [high1, low1] = multiply(0xcd9e8d57, c2);
    c0 = (high1 ^ c1 ^ k0) >>> 0;
    c1 = low1;
    c2 = (high0 ^ c3 ^ k1) >>> 0;
    c3 = low0;
    k0 = (k0 + 0x9e3779b9) >>> 0;
    k1 = (k1 + 0xbb67ae85) >>> 0;
  }
  return [c0, c1, c2, c3];
}

/** Four 32-bit words: block `block` of what (seed, stream, step) draws. */
export function randomBlock(seed: Seed, stream: number, step: number, block: number): Words {
  return philox4x32([block >>> 0, Math.floor(block / 4294967296), step >>> 0, stream >>> 0], seed);
}

/** A seed given as a non-negative safe integer, as two words. */
export function seedWords(seed: number): Seed {
  return [seed >>> 0, Math.floor(seed / 4294967296)];
}

/** A word as a number in (0, 1). */
export const unit = (word: number): number => (word + 0.5) / 4294967296;

/** Two independent N(0, 1) numbers from two words (Box–Muller). */
export function normals(a: number, b: number): [number, number] {
  const radius = Math.sqrt(-2 * Math.log(unit(a)));
  return [radius * Math.cos(2 * Math.PI * unit(b)), radius * Math.sin(2 * Math.PI * unit(b))];
}
