import sharp from 'sharp';
import { expect, it } from 'vitest';
import { decodeJpeg, encodeJpeg } from '../../../lib/data/jpeg.js';
import { pixelsOf } from './fixtures.js';

const side = 40;
const smooth = pixelsOf(side, side, (x, y) => [6 * x, 255 - 5 * y, 3 * (x + y)]);
const decoded = (jpeg: Uint8Array): Uint8Array => {
  const target = new Uint8Array(new SharedArrayBuffer(side * side * 3 + 2), 1, side * side * 3);
  decodeJpeg(jpeg, target);
  return target;
};
const worst = (a: Uint8Array, b: Uint8Array): number =>
  a.reduce((most, value, i) => Math.max(most, Math.abs(value - (b[i] ?? 0))), 0);

it('a picture comes back nearly as it was; the better the higher its quality', () => {
  const [good, bad] = [encodeJpeg(smooth, side, 95), encodeJpeg(smooth, side, 30)];
  expect(worst(decoded(good), smooth)).toBeLessThan(8);
  expect(worst(decoded(bad), smooth)).toBeGreaterThan(worst(decoded(good), smooth));
  expect(bad.length).toBeLessThan(good.length);
});

it('is a file of three channels at full resolution, grey ones too', async () => {
  const grey = pixelsOf(side, side, (x, y) => [x * y, x * y, x * y]);
  for (const pixels of [smooth, grey]) {
    const jpeg = encodeJpeg(pixels, side, 95);
    const { width, height, channels, chromaSubsampling } = await sharp(jpeg).metadata();
    expect({ width, height, channels, chromaSubsampling }).toEqual({
      width: side,
      height: side,
      channels: 3,
      chromaSubsampling: '4:4:4',
    });
  }
});

it('the same pixels make the same bytes, on memory of their own', () => {
  const [one, two] = [encodeJpeg(smooth, side, 95), encodeJpeg(smooth, side, 95)];
  expect(two).toEqual(one);
  expect(one.buffer.byteLength).toBe(one.length);
});
