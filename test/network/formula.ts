/** The numbers of test/goldens/README.md: u_i = (top 24 bits of splitmix64(seed·2⁴⁰ + id·2³² + i)) / 2²³ − 1, scaled. */

const mask = 0xffffffff;

/** High and low words of a 64-bit product. */
function multiply64(high: number, low: number, byHigh: number, byLow: number): [number, number] {
  const a = low & 0xffff;
  const b = low >>> 16;
  const c = byLow & 0xffff;
  const d = byLow >>> 16;
  const middle = b * c + ((a * c) >>> 16);
  const carry = (middle & 0xffff) + a * d;
  const upper = b * d + Math.floor(middle / 65536) + Math.floor(carry / 65536);
  return [(upper + Math.imul(high, byLow) + Math.imul(low, byHigh)) >>> 0, Math.imul(low, byLow) >>> 0];
}

/** x ^ (x >> bits) of a 64-bit number, bits below 32. */
const mix = (high: number, low: number, bits: number): [number, number] => [
  (high ^ (high >>> bits)) >>> 0,
  (low ^ ((low >>> bits) | (high << (32 - bits)))) >>> 0,
];

export function formulaNumbers(seed: number, id: number, count: number, scale: number): Float32Array {
  const numbers = new Float32Array(count);
  const base = (seed * 256 + id) & mask;
  for (let i = 0; i < count; i++) {
    let low = (i + 0x7f4a7c15) >>> 0;
    let high = (base + 0x9e3779b9 + (i + 0x7f4a7c15 > mask ? 1 : 0)) >>> 0;
    [high, low] = mix(high, low, 30);
    [high, low] = multiply64(high, low, 0xbf58476d, 0x1ce4e5b9);
    [high, low] = mix(high, low, 27);
    [high, low] = multiply64(high, low, 0x94d049bb, 0x133111eb);
    [high] = mix(high, low, 31);
    numbers[i] = Math.fround((high >>> 8) / 8388608 - 1) * scale;
  }
  return numbers;
}
